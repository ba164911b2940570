"""Finding a scenario by what the user typed: a bundled name, a path, ``name@variant`` or ``path@variant``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sysdesign_cli.scenario.model import Scenario
from sysdesign_cli.scenario.prices import price_book_path
from sysdesign_cli.scenario.problems import Place, Problem, ScenarioError, nearest
from sysdesign_cli.scenario.read import Document, Vocabulary


def bundled_folder() -> Path:
    """The folder of the scenarios that come with the program: the checkout's own, or the copy inside the package."""
    package = Path(__file__).resolve().parent.parent
    checkout = package.parent / "scenarios"
    # an editable install leaves a stale copy in the package, so the checkout comes first
    return checkout if (package.parent / "pyproject.toml").is_file() and checkout.is_dir() else package / "bundled"


def bundled_names() -> list[str]:
    """The four of the lecture in its order, then whatever else lies there."""
    found = {path.stem for path in bundled_folder().glob("*.yaml")}
    lecture = [name for name in ("ecommerce", "netflix", "grab", "morprom") if name in found]
    return lecture + sorted(found - set(lecture))


def split_address(address: str) -> tuple[str, str]:
    """``name@variant`` as (name, variant); an ``@`` inside a path that exists belongs to the path."""
    if "@" in address and not Path(address).exists():
        name, _, variant = address.rpartition("@")
        return name, variant
    return address, ""


def looks_like_path(name: str) -> bool:
    if name.endswith((".yaml", ".yml")) or "/" in name or "\\" in name or name in (".", ".."):
        return True
    return name not in bundled_names() and Path(name).is_dir()


def open_document(name: str) -> Document:
    """The document of a bundled name or a path. Raises ScenarioError."""
    if looks_like_path(name):
        return Document(Path(name), name)
    known = bundled_names()
    if name in known:
        path = bundled_folder() / f"{name}.yaml"
        return Document(path, _shown(path))
    params = {"name": name[:60], "known": ", ".join(known)}
    if any(Path(f"{name}{ending}").is_file() for ending in (".yaml", ".yml")):
        near: tuple[str, ...] = tuple(f"{name}{ending}" for ending in (".yaml", ".yml") if Path(f"{name}{ending}").is_file())
    else:
        near = nearest(name, known)
    raise ScenarioError([Problem("no-such-scenario", Place(name[:60]), params, near)])


def _shown(path: Path) -> str:
    """A path as short as it can be said from here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)


def files_of(address: str) -> tuple[Path, ...]:
    """The files that what is said of a scenario comes from: its own, those it includes, its price book and those of its variants.

    Files that are named and are not there belong to them. Raises ScenarioError when the scenario's own file cannot be read.
    """
    document = open_document(split_address(address)[0])
    return tuple(dict.fromkeys((*document.paths, *(price_book_path(name, folder) for name, folder in document.price_books()))))


def load_scenario(
    address: str, vocabulary: Vocabulary = Vocabulary(), changes: Sequence[str] = (), *, where_they_fit: bool = False
) -> Scenario:
    """The scenario that ``address`` names. Raises ScenarioError with every problem of the file.

    changes: ``path=value`` each, laid over it. where_they_fit: those whose path it does not have are left out.
    """
    name, variant = split_address(address)
    document = open_document(name)
    try:
        return document.scenario(variant, address, vocabulary, changes, where_they_fit=where_they_fit)
    except ScenarioError as error:
        raise _with_variants(document, error, vocabulary, address) from None


def load_all(
    address: str, vocabulary: Vocabulary = Vocabulary(), changes: Sequence[str] = (), *, where_they_fit: bool = False
) -> tuple[Scenario, list[Scenario]]:
    """A scenario and its variants, every one of them read. Raises ScenarioError with the problems of all.

    changes: as for ``load_scenario``; in the variants they are made where they fit.
    """
    name, variant = split_address(address)
    document = open_document(name)
    try:
        scenario = document.scenario(variant, address, vocabulary, changes, where_they_fit=where_they_fit)
    except ScenarioError as error:
        raise _with_variants(document, error, vocabulary, address) from None
    variants, problems = [], []
    for other in document.variant_names():
        try:
            variants.append(document.scenario(other, f"{name}@{other}", vocabulary, changes, where_they_fit=True))
        except ScenarioError as error:
            problems += error.problems
    if problems:
        raise ScenarioError(_distinct(problems))
    return scenario, variants


def _with_variants(document: Document, error: ScenarioError, vocabulary: Vocabulary, address: str) -> ScenarioError:
    """Add what is wrong in the variants, so that one reading shows everything."""
    problems = list(error.problems)
    for variant in document.variant_names() if problems[0].slug != "no-such-variant" else []:
        try:
            document.scenario(variant, address, vocabulary)
        except ScenarioError as more:
            problems += more.problems
    return ScenarioError(_distinct(problems))


def _distinct(problems: list[Problem]) -> list[Problem]:
    seen: dict[tuple[object, ...], Problem] = {}
    for problem in problems:
        seen.setdefault((problem.slug, problem.place, tuple(problem.params.items())), problem)
    return list(seen.values())
