"""Files made to do harm end in an error that says what is wrong, soon, and without taking the machine's memory.

They are read in a process apart, which may take one gigabyte of address space, and is stopped when one file takes TIME_S.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sysdesign_cli.scenario.nodes import SourceFile, Unreadable, parse, read_text
from sysdesign_cli.scenario.problems import MAX_PROBLEMS, ScenarioError, nearest
from sysdesign_cli.scenario.read import MAX_FILES, Document, Vocabulary

TIME_S = 20.0
MEMORY_BYTES = 1_000_000_000
HEAD = "sysdesign: 1\nname: x\n"
ROOT = Path(__file__).resolve().parents[2]

#: Reads the file and the variant that each line of its input names, and answers each with a line of problems.
READER = """
import json, resource, sys
from pathlib import Path
limit = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
from sysdesign_cli.scenario.problems import ScenarioError
from sysdesign_cli.scenario.read import Document, Vocabulary
for line in sys.stdin:
    path, variant = json.loads(line)
    problems = []
    try:
        Document(Path(path), "x.yaml").scenario(variant, "x", Vocabulary())
    except ScenarioError as error:
        problems = error.problems
        assert len(str(error)) < 20_000
    answer = []
    for p in problems:
        assert len(str(p.params)) < 5_000 and len(p.source_line) <= 20_000 and len(p.near) <= 5
        answer.append(f"{p.slug} {p.place} {p.params.get('what', p.params.get('reason', ''))}".rstrip())
    print(json.dumps(answer), flush=True)
"""


class Apart:
    """A process with bounded memory that reads files; one that takes too long or dies is replaced."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None or self._process.poll() is not None:
            command = [sys.executable, "-X", "utf8", "-c", READER, str(MEMORY_BYTES)]
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        return self._process

    def read(self, path: Path, variant: str = "") -> list[str]:
        process = self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        watchdog = threading.Timer(TIME_S, process.kill)
        watchdog.start()
        print(json.dumps([str(path), variant]), file=process.stdin, flush=True)
        answer = process.stdout.readline()
        watchdog.cancel()
        if not answer:
            self.stop()
            pytest.fail(f"the reader stopped without an answer (a traceback, more than {TIME_S} s, or too much memory)")
        problems: list[str] = json.loads(answer)
        return problems

    def stop(self) -> None:
        if self._process is not None:
            with self._process as process:
                process.kill()
            self._process = None


APART = Apart()
read_apart = APART.read


@pytest.fixture(scope="module", autouse=True)
def _stop_the_reader() -> Iterator[None]:
    yield
    APART.stop()


#: Name -> (the bytes of the file, the problems).
BYTES: dict[str, tuple[Callable[[], bytes], list[str]]] = {
    "binary": (lambda: bytes(range(256)) * 1000, ["not-text x.yaml:2:118"]),
    "an image": (lambda: b"\x89PNG\r\n\x1a\n" + bytes(1000), ["not-text x.yaml:1:1"]),
    "zeros": (lambda: bytes(1_000_000), ["control-character x.yaml:1:1"]),
    "Latin-1": (lambda: HEAD.encode() + b"title: caf\xe9\n", ["not-text x.yaml:3:11"]),
    "Latin-1 after Thai and a mark": (lambda: b"\xef\xbb\xbf# " + "ไทย".encode() + b"\n\xe9\n", ["not-text x.yaml:2:1"]),
    "Thai in TIS-620": (lambda: HEAD.encode() + "title: ไทย\n".encode("tis-620"), ["not-text x.yaml:3:8"]),
    "UTF-16 with mark": (lambda: HEAD.encode("utf-16"), ["not-text x.yaml:1:1"]),
    "UTF-16 LE": (lambda: HEAD.encode("utf-16-le"), ["control-character x.yaml:1:2"]),
    "UTF-16 BE": (lambda: HEAD.encode("utf-16-be"), ["control-character x.yaml:1:1"]),
    "UTF-32": (lambda: HEAD.encode("utf-32"), ["not-text x.yaml:1:1"]),
    "surrogate": (lambda: HEAD.encode() + b"title: \xed\xa0\x80\n", ["not-text x.yaml:3:8"]),
    "overlong": (lambda: HEAD.encode() + b"title: \xc0\xaf\n", ["not-text x.yaml:3:8"]),
    "cut off": (lambda: HEAD.encode() + "title: ไ".encode()[:-1], ["not-text x.yaml:3:8"]),
    "escape in a comment": (lambda: HEAD.encode() + "# ไทย \x1b[2J\n".encode(), ["control-character x.yaml:3:7"]),
    "bidi override in a comment": (lambda: HEAD.encode() + "# ไทย \u202e\n".encode(), ["control-character x.yaml:3:7"]),
    "bidi override in a name": (lambda: HEAD.encode() + "services: {a\u2067b: {}}\n".encode(), ["control-character x.yaml:3:13"]),
    "line ends that no editor shows": (lambda: (HEAD + "# a\x85services: 1\n").encode(), ["control-character x.yaml:3:4"]),
    "line separator": (lambda: (HEAD + "# a\u2028services: 1\n").encode(), ["control-character x.yaml:3:4"]),
    "a mark in the middle": (lambda: (HEAD + "title: \ufeffa\n").encode(), ["control-character x.yaml:3:8"]),
    "no character": (lambda: (HEAD + "title: \uffff\n").encode(), ["control-character x.yaml:3:8"]),
    "bell": (lambda: (HEAD + "title: a\x07\n").encode(), ["control-character x.yaml:3:9"]),
    "billion laughs": (
        lambda: (HEAD + "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 30))).encode(),
        ["alias x.yaml:4:10"],
    ),
    "an alias to itself": (lambda: (HEAD + "services: &a [*a]\n").encode(), ["alias x.yaml:3:15"]),
    "long alias": (lambda: (HEAD + "a: *" + "x" * 1_000_000).encode(), ["alias x.yaml:3:4"]),
    "many anchors": (lambda: (HEAD + "title: {" + "".join(f"? &a{i} k{i} : v,\n" for i in range(20_000)) + "}").encode(), []),
    "many tags": (lambda: ("".join(f"%TAG !a{i}! x\n" for i in range(100_000)) + "---\n" + HEAD).encode(), ["not-yaml x.yaml:1:1"]),
    "10,000 deep, lists": (lambda: b"[" * 10_000, ["too-deep x.yaml:1:42"]),
    "10,000 deep, maps": (lambda: b"{a: " * 10_000, ["too-deep x.yaml:1:165"]),
    "10,000 deep, closed": (lambda: b"[" * 10_000 + b"]" * 10_000, ["too-deep x.yaml:1:42"]),
    "10,000 deep, dashes": (lambda: b"- " * 10_000, ["too-deep x.yaml:1:83"]),
    "5,000 deep, lines": (lambda: "".join(" " * i + "a:\n" for i in range(5_000)).encode(), ["too-deep x.yaml:42:42"]),
    "10,000 deep, keys": (lambda: b"? " * 10_000, ["not-yaml x.yaml:1:3"]),
    "5 MB of blanks": (lambda: b" " * 5_000_000, ["not-yaml x.yaml:1:1"]),
    "5 MB of line ends": (lambda: b"\n" * 5_000_000, ["not-yaml x.yaml:1:1"]),
    "5 MB of comments": (lambda: HEAD.encode() + b"# comment\n" * 500_000, []),
    "5 MB of colons": (lambda: b":" * 5_000_000, ["not-yaml x.yaml:1:5000000"]),
    "5 MB of one text": (lambda: (HEAD + "prices: " + "x" * 5_000_000).encode(), ["wrong-kind x.yaml:3:9"]),
    "5 MB of one key": (lambda: (HEAD + "? " + "x" * 5_000_000 + "\n: 1\n").encode(), ["unknown-key x.yaml:3:3"]),
    "5 MB of lines of one text": (lambda: (HEAD + "prices: |\n" + "  xxxxxxxxxxxxxxxxx\n" * 250_000).encode(), ["wrong-kind x.yaml:3:9"]),
    "a number of 1 MB": (lambda: (HEAD + "services: {a: {replicas: " + "9" * 1_000_000 + "}}").encode(), ["out-of-range x.yaml:3:26"]),
    "a number of 1 MB that is none": (
        lambda: (HEAD + "services: {a: {replicas: " + "9" * 1_000_000 + "(}}").encode(),
        ["bad-number x.yaml:3:26"],
    ),
    "a range of 1 MB that is none": (
        lambda: (HEAD + "services: {a: {replicas: " + "9" * 300_000 + "x±" + "1" * 300_000 + " " * 300_000 + "((}}").encode(),
        ["bad-number x.yaml:3:26"],
    ),
    "a time of day of 1 MB": (lambda: (HEAD + "shapes: {s: {? " + "1" * 1_000_000 + ":00 : 5%}}").encode(), ["bad-name x.yaml:3:16"]),
    "a comparison of blanks": (
        lambda: (HEAD + "claims: {c: {says: s, expect: {metric: m, is: '=" + " " * 3_000 + "'}}}").encode(),
        ["wrong-kind x.yaml:3:47"],
    ),
}

SERVICES = "services:\n" + "".join(f"  service-{i}: {{handles: {{Work: {{}}}}}}\n" for i in range(10_000))

#: More errors than anybody reads: name -> (text, variant, problem, how many).
FLOODS: dict[str, tuple[Callable[[], str], str, str]] = {
    "unknown keys": (lambda: "".join(f"servcie{i}: 1\n" for i in range(50_000)), "", "unknown-key"),
    "duplicate keys": (lambda: "title: x\n" * 50_000, "", "duplicate-key"),
    "wrong values": (lambda: "services:\n" + "".join(f"  s{i}: {{takes: 5KB}}\n" for i in range(20_000)), "", "wrong-unit"),
    "unknown names": (
        lambda: SERVICES + "flows:\n" + "".join(f"  f{i}: servise-{i}.Wrok\n" for i in range(10_000)),
        "",
        "unknown-name",
    ),
    "unknown zones": (
        lambda: SERVICES + "zones: [a]\n" + "claims: {c: {says: s, expect: [], given: {zone: [" + "service-1z, " * 20_000 + "]}}}",
        "",
        "unknown-name",
    ),
    "unknown sources": (
        lambda: "source: x1\nservices:\n" + "".join(f"  s{i}: {{source: x{i}}}\n" for i in range(20_000)),
        "",
        "unknown-name",
    ),
    "unknown paths": (
        lambda: SERVICES + "variants: {v: {remove: [" + "".join(f"services.servise-{i}, " for i in range(5_000)) + "]}}\n",
        "v",
        "unknown-name",
    ),
    "contradictions": (lambda: "services:\n" + "".join(f"  s{i}: {{needs: 2}}\n" for i in range(20_000)), "", "contradiction"),
    "missing includes": (lambda: "include: [" + "".join(f"f{i}.yaml, " for i in range(2_000)) + "]\n", "", "unreadable"),
}


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    """A file that is taken away at once: some are large."""
    path = tmp_path / "x.yaml"
    yield path
    path.unlink(missing_ok=True)


@pytest.mark.parametrize(("content", "expected"), BYTES.values(), ids=BYTES)
def test_bytes(content: Callable[[], bytes], expected: list[str], file: Path) -> None:
    file.write_bytes(content())
    found = read_apart(file)
    if found == ["too-deep x.yaml:1:1001"]:  # a libyaml that reads ahead, and has a limit of its own
        found = ["too-deep x.yaml:1:42"]
    if expected:
        assert found == expected
    else:  # only strange: what stands in it may be wrong, but all of it was read
        assert not {"not-yaml", "too-many"} & {line.split()[0] for line in found[:-1]}


@pytest.mark.parametrize(("text", "variant", "slug"), FLOODS.values(), ids=FLOODS)
def test_flood(text: Callable[[], str], variant: str, slug: str, file: Path) -> None:
    file.write_text(HEAD + text())
    found = [line.split()[0] for line in read_apart(file, variant)]
    assert MAX_PROBLEMS <= found.count(slug) <= MAX_PROBLEMS + 1
    assert found.count("too-many") == 1


def test_10_000_services_that_are_right(file: Path) -> None:
    file.write_text(HEAD + SERVICES.replace("Work: {}", "Work: {takes: 5ms, calls: service-7.Rest}, Rest: {}"))
    assert read_apart(file) == []


# ---- what is no file


def test_a_folder(tmp_path: Path) -> None:
    assert read_apart(tmp_path) == ["unreadable x.yaml not-a-file"]


def test_a_pipe_that_nobody_writes_to(file: Path) -> None:
    os.mkfifo(file)
    assert read_apart(file) == ["unreadable x.yaml not-a-file"]


def test_a_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the name of a socket may have about 100 characters
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("x.yaml")
        assert read_apart(tmp_path / "x.yaml") == ["unreadable x.yaml not-a-file"]


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null", "/dev/urandom", "/dev/stdin", "/dev/tty"])
def test_devices(device: str, file: Path) -> None:
    found = read_apart(Path(device))
    assert len(found) == 1
    assert found[0].startswith("unreadable x.yaml ")
    file.symlink_to(device)
    assert read_apart(file) == found


@pytest.mark.skipif(not Path("/proc/self/pagemap").exists(), reason="no /proc")
def test_files_that_say_they_are_empty_and_are_not() -> None:
    found = read_apart(Path("/proc/self/pagemap"))
    assert len(found) == 1
    assert found[0].split()[0] in ("too-large", "unreadable", "control-character", "not-text")


def test_200_megabytes(file: Path) -> None:
    with file.open("wb") as handle:
        handle.truncate(200_000_000)
    assert read_apart(file) == ["too-large x.yaml"]


def test_a_file_that_grows_after_it_was_measured(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_bytes(b"x" * 2_000)
    real = os.stat

    def small(path: object, **kinds: bool) -> os.stat_result:
        status = list(real(path, **kinds))  # type: ignore[arg-type]
        status[6] = 10
        return os.stat_result(status)

    monkeypatch.setattr("sysdesign_cli.scenario.nodes.os.stat", small)
    with pytest.raises(Unreadable) as stop:
        read_text(file, "x.yaml", 1_000)
    assert stop.value.problem.slug == "too-large"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nothing.yaml", "not-found"),
        ("x" * 5_000, "cannot-open"),
        ("a\0b", "cannot-open"),
        ("", "not-a-file"),
        ("file.yaml/below", "cannot-open"),
    ],
)
def test_names_of_no_file(name: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file.yaml").touch()
    with pytest.raises(ScenarioError) as error:
        Document(Path(name), "x.yaml")
    assert [(p.slug, p.params["reason"]) for p in error.value.problems] == [("unreadable", reason)]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_permission(file: Path) -> None:
    file.touch(mode=0)
    assert read_apart(file) == ["unreadable x.yaml no-permission"]


def test_a_link_to_itself(file: Path) -> None:
    file.symlink_to(file)
    assert read_apart(file) == ["unreadable x.yaml cannot-open"]


# ---- includes


def test_includes_may_not_lead_out_by_a_link(file: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret.yaml").write_text("secret: 1\n")
    (file.parent / "link.yaml").symlink_to(outside / "secret.yaml")
    (file.parent / "folder").symlink_to(outside)
    (file.parent / "loop.yaml").symlink_to("loop.yaml")
    file.write_text(HEAD + "include: [link.yaml, folder/secret.yaml, folder/../x.yaml, folder/nothing.yaml]\n")
    assert read_apart(file) == [f"include-outside x.yaml:3:{column}" for column in (11, 22, 42, 60)]
    file.write_text(HEAD + "include: loop.yaml\n")
    found = read_apart(file)
    assert len(found) == 1
    assert found[0].split()[0] in ("include-outside", "unreadable")


def test_links_that_stay_inside_are_followed(file: Path) -> None:
    (file.parent / "sub").mkdir()
    (file.parent / "sub" / "a.yaml").write_text("services: {a: {takes: 5KB}}\n")
    (file.parent / "link.yaml").symlink_to("sub/a.yaml")
    file.write_text(HEAD + "include: [link.yaml, sub/a.yaml]\n")
    assert read_apart(file) == ["wrong-unit sub/a.yaml:1:23", "defined-twice x.yaml:3:22"]


def test_a_scenario_may_itself_be_a_link(file: Path) -> None:
    (file.parent / "sub").mkdir()
    (file.parent / "sub" / "y.yaml").write_text(HEAD + "include: a.yaml\n")
    (file.parent / "sub" / "a.yaml").write_text("services: {a: {}}\n")
    file.symlink_to("sub/y.yaml")
    assert read_apart(file) == []


def test_included_pipes_folders_and_large_files(file: Path) -> None:
    os.mkfifo(file.parent / "pipe.yaml")
    with (file.parent / "large.yaml").open("wb") as handle:
        handle.truncate(200_000_000)
    (file.parent / "binary.yaml").write_bytes(b"\xff\xfe")
    file.write_text(HEAD + "include: [pipe.yaml, large.yaml, binary.yaml]\n")
    assert read_apart(file) == ["not-text binary.yaml:1:1", "unreadable x.yaml:3:11 not-a-file", "too-large x.yaml:3:22"]


def test_included_files_are_together_no_larger_than_one_may_be(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sysdesign_cli.scenario.read.MAX_BYTES", 3_000)
    monkeypatch.setattr("sysdesign_cli.scenario.read.MAX_EVENTS", 100)
    for name in "abc":
        (file.parent / f"{name}.yaml").write_text("# " + "x" * 1_200 + "\nsources: {}\n")
    (file.parent / "d.yaml").write_text("zones: [" + "a, " * 100 + "]\n")
    file.write_text(HEAD + "include: [a.yaml, d.yaml, b.yaml, c.yaml]\n")
    with pytest.raises(ScenarioError) as error:
        Document(file, "x.yaml").scenario("", "x", Vocabulary())
    assert [f"{p.slug} {p.place}" for p in error.value.problems] == ["too-many d.yaml:1:219", "too-large x.yaml:3:35"]


def test_includes_that_double_with_each_step(file: Path) -> None:
    for i in range(60):
        (file.parent / f"f{i}.yaml").write_text(f"include: [f{i + 1}.yaml, f{i + 1}.yaml]\n")
    (file.parent / "f60.yaml").write_text("services: {a: {}}\n")
    file.write_text(HEAD + "include: f0.yaml\n")
    found = read_apart(file)
    assert len(found) == 60
    assert {line.split()[0] for line in found} == {"defined-twice"}


def test_too_many_files(file: Path) -> None:
    for i in range(MAX_FILES + 5):
        (file.parent / f"f{i}.yaml").write_text(f"services: {{s{i}: {{}}}}\ninclude: f{i + 1}.yaml\n")
    file.write_text(HEAD + "include: f0.yaml\n")
    assert read_apart(file) == [f"too-many f{MAX_FILES - 2}.yaml:2:10 files"]


def test_names_of_includes_that_take_long_to_follow(file: Path) -> None:
    file.write_text(HEAD + "include: [" + "a/" * 2_000_000 + ", " + "../" * 100_000 + ", '" + "\\0" * 10 + "']\n")
    assert [line.split()[0] for line in read_apart(file)] == ["unreadable", "wrong-kind", "unreadable", "wrong-kind", "unreadable"]


# ---- limits that a small file cannot reach


def test_too_many_values() -> None:
    with pytest.raises(Unreadable) as stop:
        parse(SourceFile("x", "- \n" * 2_000), 1_000)
    assert (stop.value.problem.slug, stop.value.problem.params["what"]) == ("too-many", "values")
    parse(SourceFile("x", "- \n" * 2_000), 3_000)


def test_the_collector_runs_again_after_an_error() -> None:
    for text in ("a: *b", "a: [", "a: b"):
        with contextlib.suppress(Unreadable):
            parse(SourceFile("x", text))
        assert gc.isenabled()


# ---- workloads and names


@pytest.mark.parametrize("last", ["{}", "{based_on: w0}"])
def test_a_long_chain_of_workloads(last: str, file: Path) -> None:
    chain = "".join(f"  w{i}: {{based_on: w{i + 1}}}\n" for i in range(5_000))
    file.write_text(f"{HEAD}workloads:\n{chain}  w5000: {last}\n")
    assert read_apart(file) == ([] if last == "{}" else ["contradiction x.yaml:4:18 based-on-itself"])


@pytest.mark.parametrize("count", [10, 1_000, 30_000])
def test_the_nearest_of_many_names(count: int) -> None:
    names = [f"service-{i}" for i in range(count)]
    assert nearest("service_7", names)[0] == "service-7"
    assert "service-5" in nearest("servise-5", names)
    assert nearest("SERVICE-5", names)[0] == "service-5"
    assert nearest("entirely different", names) == ()
    assert nearest("", names) == ()


def test_the_nearest_of_no_names() -> None:
    assert nearest("a", []) == ()
    assert nearest("x" * 1_000_000, ["x" * 80]) == ("x" * 80,)
