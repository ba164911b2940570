"""What the site shows of the program: pictures, a report and notebooks, made when the site is built."""

from __future__ import annotations

import html
import json
import os
import re
import shlex
from functools import cache
from pathlib import Path
from typing import Any, Final

from docs import examples

GALLERY: Final = "gallery.md"
REPORT: Final = "sample-report.html"
#: Scenario -> what is killed in its picture of a failure, and what the page says of it.
FAILURES: Final = {
    "ecommerce": ("payment", "Payment is dead: orders are still taken, and done later"),
    "netflix": ("metadata", "The catalogue of titles is dead: nobody can browse, but whoever watches goes on"),
    "grab": ("location", "Locations are dead: no car is seen on the map, and rides wait"),
    "morprom": ("broker", "The broker is dead: appointments are still taken, and vaccinations cannot be recorded"),
}
#: Stands at the top of the first page.
WELCOME: Final = """\
[![The services and events of an online shop, and which of them a dead payment service stops](pictures/ecommerce-payment.svg)](gallery.md)

*What happens in an online shop while its payment service is dead? Orders are taken, and done later.
The [gallery](gallery.md) has more pictures.*"""
_DRAWN: Final = re.compile(r"^\$ (sysdesign diagram .*-o (\S+\.svg).*)$", re.MULTILINE)
_CONSOLE: Final = re.compile(r"^```console\n.*?^```$", re.MULTILINE | re.DOTALL)


def anchor(heading: str, separator: str) -> str:
    """The anchor of a heading as code hosts make it, Thai vowels and tone marks included."""
    kept = (c for c in heading.strip().lower() if c.isalnum() or c in " -_" or "\u0e31" <= c <= "\u0e4e")
    return "".join(kept).replace(" ", separator)


@cache
def everything() -> dict[str, str]:
    """Path within the site -> content of every file that is made."""
    made: dict[str, str] = {}
    for path in examples.pages():
        if "docs" in path.relative_to(examples.ROOT).parts:
            page = path.relative_to(examples.ROOT / "docs").as_posix()
            made |= _drawn(page, [command for command, _ in _DRAWN.findall(path.read_text(encoding="utf-8"))])
    made |= _gallery()
    for path in sorted((examples.ROOT / "docs" / "notebooks").glob("*.ipynb")):
        made |= notebook(path)
    return made


def _drawn(page: str, commands: list[str]) -> dict[str, str]:
    """The pictures that commands of a page draw."""
    made = {}
    if commands:
        with examples.Folder():
            for command in commands:
                name = _run(command)
                made[_picture(page, name)] = Path(name).read_text(encoding="utf-8")
    return made


def _run(command: str) -> str:
    """Run a command that writes a file; the file's name. Raises ValueError when it does not."""
    outcome = examples.run(command)
    words = shlex.split(command)
    name = words[words.index("-o") + 1]
    if not Path(name).is_file():
        raise ValueError(f"{command}: " + "\n".join(outcome.printed))
    return name


def _picture(page: str, name: str) -> str:
    return f"pictures/{page.removesuffix('.md').replace('/', '-')}-{name}"


def _shown(picture: str, path: str) -> str:
    """A picture in a page, which leads to itself alone; in words it is what its own title says."""
    title = re.search(r"<title[^>]*>(.*?)</title>", picture)
    words = re.sub(r"[][\\*_<>`]", " ", html.unescape(title[1])) if title is not None else ""
    return f"[![{words}]({path})]({path})"


def with_pictures(markdown: str, page: str) -> str:
    """A page with the pictures that its commands draw below them."""
    up = "../" * page.count("/")

    def add(block: re.Match[str]) -> str:
        paths = [_picture(page, name) for _, name in _DRAWN.findall(block[0])]
        return "\n\n".join([block[0], *(_shown(everything()[path], up + path) for path in paths)])

    return _CONSOLE.sub(add, markdown)


def _gallery() -> dict[str, str]:
    """A page with every scenario, whole and with a part of it dead, and a sample report."""
    text = [
        "# Gallery",
        "Drawn by the program when this site was built. Select a picture to see it whole, and point at its arrows.",
        f"A sample of [the report](guides/report.md): [the online shop, everything in one file]({REPORT}).",
    ]
    made: dict[str, str] = {}
    with examples.Folder():
        for scenario, (dead, says) in FAILURES.items():
            text.append(f"## {scenario}")
            for name, options, about in ((scenario, "", f"The services of {scenario}"), (f"{scenario}-{dead}", f"--kill {dead}", says)):
                path = f"pictures/{_run(f'sysdesign diagram {scenario} {options} -o {name}.svg')}"
                made[path] = Path(f"{name}.svg").read_text(encoding="utf-8")
                text += [f"{about} (`sysdesign diagram {scenario}{' ' * bool(options)}{options}`):", _shown(made[path], path)]
        made[REPORT] = Path(_run(f"sysdesign report ecommerce -o {REPORT}")).read_text(encoding="utf-8")
    return {GALLERY: "\n\n".join(text) + "\n", **made}


def notebook(path: Path) -> dict[str, str]:
    """A notebook as a page, with what its cells show, and the pictures among that."""
    import nbclient
    import nbformat
    from traitlets.config import Config

    with examples.Folder():
        content = nbformat.read(path, as_version=4)
        # between processes of one machine, where it can be: nobody else listens
        config = Config({"KernelManager": {"transport": "tcp" if os.name == "nt" else "ipc"}})
        nbclient.NotebookClient(content, config=config, timeout=120, kernel_name="python3").execute()
    page, made = f"notebooks/{path.stem}.md", {}
    parts = []
    for number, cell in enumerate(content.cells):
        if cell.cell_type == "markdown":
            parts.append(cell.source)
            continue
        parts.append(f"```python\n{cell.source}\n```")
        for output in cell.outputs:
            data: dict[str, Any] = output.get("data", {})
            if "image/svg+xml" in data:
                picture = _picture(page, f"{number}.svg")
                made[picture] = data["image/svg+xml"]
                parts.append(_shown(made[picture], f"../{picture}"))
            elif "text/html" in data:
                parts.append(f'<div class="output" data-md-color-scheme="default">{data["text/html"]}</div>')
            else:
                parts.append(f"```text\n{data.get('text/plain', json.dumps(output))}\n```")
    parts.append(f"[This page as a notebook]({path.name}){{download={path.name}}}")
    return {page: "\n\n".join(parts) + "\n", **made}
