"""Set-up and tasks for a checkout, with nothing but Python: a virtual environment is made and filled on first use.

python3 dev.py run compare netflix grab     the program
python3 dev.py test                         every check: style, types, floors, tests
python3 dev.py test --oldest                tests of whatever uses a package, on the oldest allowed packages
python3 dev.py test --reference             availability against RePyability, which is large and so has an environment of its own
python3 dev.py docs                         the reference and all shown outputs anew
python3 dev.py site                         the documentation as a site, below site/
python3 dev.py lock                         make the requirements files anew
python3 dev.py bench                        how fast it is: the promises, measured
python3 dev.py accuracy                     how right it is: the promises, measured
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
#: Tests of whatever uses a package: what only reckons is the same on any version.
OLDEST = [
    *("tests/cli/test_cli.py", "tests/cli/test_diagram_cli.py", "tests/explorer/test_screens.py", "tests/views/test_plot.py"),
    *("tests/views/diagrams/test_svg.py", "tests/views/report/test_report.py", "tests/messages", "tests/scenario/test_reading_errors.py"),
    *("tests/scenario/test_variants.py", "tests/analyses/test_sweep.py", "tests/engine/simulation/test_parts.py"),
    "tests/engine/test_distributions.py",
]


def environment(name: str, lock: str) -> Path:
    """The Python of a virtual environment that holds what the lock file lists; made or renewed when it does not."""
    folder = ROOT / name
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    wanted = hashlib.sha256((ROOT / "requirements" / lock).read_bytes()).hexdigest()
    stamp = folder / f"{lock}.installed"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted and python.exists():
        return python
    print(f"Setting up {name} (once; needs the package index) …", file=sys.stderr, flush=True)
    if not python.exists():
        try:
            venv.EnvBuilder(with_pip=True, clear=True, symlinks=os.name != "nt").create(folder)
        except subprocess.CalledProcessError:
            sys.exit("Python's venv is incomplete here. On Debian and Ubuntu: sudo apt-get install python3-venv")
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r"]
    subprocess.run([*pip, str(ROOT / "requirements" / lock)], check=True)
    # whoever keeps Python from writing compiled files would wait for the compiler at every run
    subprocess.run([str(python), "-m", "compileall", "-q", str(ROOT / "sysdesign_cli")], check=False)
    stamp.write_text(wanted, encoding="utf-8")
    return python


def call(python: Path, *words: str, from_here: bool = False) -> int:
    """Run Python with the checkout on its path."""
    paths = [str(ROOT), *([os.environ["PYTHONPATH"]] if os.environ.get("PYTHONPATH") else [])]
    variables = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    return subprocess.run([str(python), *words], cwd=None if from_here else ROOT, env=variables, check=False).returncode


def test(words: list[str]) -> int:
    """All checks; the test runner last, so that its summary ends the output."""
    if "--oldest" in words:
        python = environment(".venv-oldest", "oldest.txt")
        chosen = [word for word in words if word != "--oldest"] or OLDEST
        return call(python, "-m", "pytest", "-n", "auto", "-m", "not slow", *chosen)
    if "--reference" in words:
        python = environment(".venv-reference", "reference.txt")
        return call(python, "-m", "pytest", *(word for word in words if word != "--reference"), "tests/engine/test_scram.py")
    python = environment(".venv", "dev.txt")
    if not words:
        for name, tool in (
            ("ruff", ("-m", "ruff", "check", ".")),
            ("format", ("-m", "ruff", "format", "--check", "--quiet", ".")),
            ("mypy", ("-m", "mypy")),
            ("floors", ("-c", "import sys; from importlinter.cli import lint_imports_command as c; sys.exit(c())")),
        ):
            print(f"== {name}", flush=True)
            if code := call(python, *tool):
                return code
        print("== tests", flush=True)
    return call(python, "-m", "pytest", "-n", "auto", *words)


def site(words: list[str]) -> int:
    """Build the documentation into site/, with pictures drawn by the program as it is; every warning is an error."""
    python = environment(".venv", "dev.txt")
    os.environ["NO_MKDOCS_2_WARNING"] = "1"  # an advertisement of its theme, not of this site
    return call(python, "-m", "mkdocs", "build", "--strict", "--quiet", "--clean", *words)


def lock() -> int:
    """Write requirements/*.txt from pyproject.toml, with hashes and without addresses."""
    python = environment(".venv", "dev.txt")
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", "uv"], check=True)
    common = (
        "-m",
        "uv",
        "pip",
        "compile",
        "pyproject.toml",
        "--quiet",
        "--universal",
        "--python-version",
        "3.11",
        "--generate-hashes",
        "--no-emit-index-url",
        "--no-emit-find-links",
        "--no-header",
        "--no-annotate",
        "--no-emit-package",
        "sysdesign",
    )
    for name, options in (
        ("run", [word for extra in ("explore", "pictures", "report", "watch") for word in ("--extra", extra)]),
        ("dev", ("--extra", "dev")),
        ("oldest", ("--extra", "test", "--resolution", "lowest-direct")),
        ("reference", ("--extra", "reference")),
    ):
        if code := call(python, *common, "--upgrade", *options, "-o", f"requirements/{name}.txt"):
            return code
    return 0


def main(words: list[str]) -> int:
    if sys.version_info < (3, 11):
        sys.exit(f"sysdesign needs Python 3.11 or newer; this is {sys.version.split()[0]}")
    task, rest = (words[0], words[1:]) if words else ("", [])
    if task == "run":
        ready = (ROOT / ".venv" / "dev.txt.installed").is_file()
        python = environment(".venv", "dev.txt" if ready else "run.txt")
        return call(python, "-m", "sysdesign_cli", *rest, from_here=True)
    if task == "test":
        return test(rest)
    if task == "docs":
        return call(environment(".venv", "dev.txt"), "docs/generate.py", *rest)
    if task == "site":
        return site(rest)
    if task == "lock":
        return lock()
    if task == "bench":
        return call(environment(".venv", "dev.txt"), "benchmarks/run.py", *rest)
    if task == "accuracy":
        return call(environment(".venv", "dev.txt"), "benchmarks/accuracy.py", *rest)
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
    except subprocess.CalledProcessError as error:
        sys.exit(f"Setting up failed: {' '.join(map(str, error.cmd[:6]))} … ended with {error.returncode}")
