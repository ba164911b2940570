"""Makes the reference from the program, and writes anew what the pages show as output: ``python3 dev.py docs``.

python3 dev.py docs             write
python3 dev.py docs --check     only say which files would change; ends with 1 when there are any
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from pathlib import Path
from typing import Any, Final

from docs import examples, language_page
from sysdesign_cli.analyses import character
from sysdesign_cli.analyses.metrics import METRICS, Metric
from sysdesign_cli.analyses.rules import all_rules
from sysdesign_cli.analyses.rules import page as rule_page
from sysdesign_cli.cli.app import COMMANDS, build
from sysdesign_cli.messages import Say, problems_en, terms_en, terms_th
from sysdesign_cli.scenario.problems import CODES
from sysdesign_cli.scenario.schema import json_schema

FOLDER: Final = examples.ROOT / "docs" / "reference"
MADE: Final = "<!-- Made by docs/generate.py from the program. Change the program, then run: python3 dev.py docs -->\n\n"
SAY: Final = Say("en")
THAI: Final = Say("th")
#: Units of metrics, where the program's own word says too little.
UNITS: Final = {"size": "bytes", "bandwidth": "bytes/s", "rate": "per s", "time": "s", "money": "$"}


def reference() -> dict[str, str]:
    """File name -> text of every page below docs/reference."""
    pages = {
        "language.md": language_page.page(),
        "rules.md": rules_page(),
        "metrics.md": metrics_page(),
        "problems.md": problems_page(),
        "commands.md": commands_page(),
        "terms.md": terms_page(),
        "terms.th.md": thai_terms_page(),
    }
    return {name: MADE + text for name, text in pages.items()} | {"scenario.schema.json": schema_text()}


def schema_text() -> str:
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def rules_page() -> str:
    """Every rule of ``check``: an overview, then the docstring of each rule's module."""
    head = """\
# The rules of check

`sysdesign check` reviews a scenario by these rules. A *finding* is one thing that a rule found. An **error** is very likely
wrong, a **warning** probably, and a **note** is worth knowing. How to read, select and accept findings is told in
[the guide](../guides/review.md); `sysdesign explain RULE` shows a page of this list in the terminal, in Thai with `--lang th`.

"""
    rows = ["| code | rule | severity | what it finds |", "| --- | --- | --- | --- |"]
    parts = []
    for rule in all_rules().values():
        title, severity = SAY(f"rule.{rule.slug}"), SAY(f"severity.{rule.severity}")
        rows.append(f"| {rule.code} | [{rule.slug}](#{rule.code.lower()}-{rule.slug}) | {severity} | {title} |")
        parts.append(f"## {rule.code} {rule.slug}\n\n*{title} ({severity}).* {_marked_up(rule_page(rule.slug))}\n")
    stale = f"## R501 stale-waiver\n\n*{SAY('rule.stale-waiver')} (warning).* {SAY('fix.stale-waiver')}\n"
    rows.append(f"| R501 | [stale-waiver](#r501-stale-waiver) | warning | {SAY('rule.stale-waiver')} |")
    return head + "\n".join(rows) + "\n\n" + "\n".join([*parts, stale])


_LABEL: Final = re.compile(r"^(What it does|Why is this bad|Example|Use instead|False positives|References|Wrong|Right):", re.MULTILINE)


def _marked_up(text: str) -> str:
    """A page for the terminal as Markdown: labels in bold, indented blocks as YAML."""
    blocks: list[str] = []
    for block in text.strip().split("\n\n"):
        if all(line.startswith("    ") or not line for line in block.split("\n")):
            inner = "\n".join(line[4:] for line in block.split("\n"))
            if blocks and blocks[-1].endswith("\n```") and blocks[-1].startswith("```yaml"):
                blocks[-1] = blocks[-1][: -len("\n```")] + f"\n\n{inner}\n```"
            else:
                blocks.append(f"```yaml\n{inner}\n```")
        else:
            blocks.append(_LABEL.sub(r"**\1:**", block))
    return "\n\n".join(blocks)


def metrics_page() -> str:
    """Every metric: those worked out today, and those that claims may name already."""
    head = """\
# Metrics

A metric is a figure about a system, declared once and used everywhere: in `compare`, in claims and in JSON. *Better* says
whether less or more of it is better. *Narrowed to* says what it may be asked about, besides the whole system: in a claim
`{metric: answer_waits_for, flow: place-order, …}`, in Python `metric("answer_waits_for", flow="place-order")`. Metrics with ✓ stand in
the table of `compare`. Which figures follow from which formulas is told in [the background](../background/comparison.md).

"""
    today = [metric for metric in METRICS.values() if metric.compute is not None]
    later = [metric for metric in METRICS.values() if metric.compute is None]
    words = """\

## The words of compare

Words such as *read-heavy* are derived from metrics by these thresholds, and never typed into a scenario.

| word | said when |
| --- | --- |
"""
    rest = """\

## Not worked out yet

A claim may name these metrics already. `verify` then says that it is undecided, and which analysis is missing.

"""
    return head + _metric_table(today) + words + _words() + rest + _metric_table(later, needs=True)


def _metric_table(metrics: list[Metric], needs: bool = False) -> str:
    last = "needs the analysis" if needs else "compare"
    rows = [f"| metric | title | what it is | unit | better | narrowed to | {last} |", "| --- | --- | --- | --- | --- | --- | --- |"]
    for metric in metrics:
        title = f"{SAY(f'metric.{metric.id}')}<br>{THAI(f'metric.{metric.id}')}"
        end = SAY(f"analysis.{metric.needs}") if needs else "✓" if metric.shown else "–"
        better = {"neither": "–"}.get(metric.better, metric.better)
        scopes, unit = ", ".join(metric.scopes) or "–", UNITS.get(metric.unit, metric.unit)
        rows.append(f"| `{metric.id}` | {title} | {SAY(f'metric.{metric.id}.definition')} | {unit} | {better} | {scopes} | {end} |")
    return "\n".join(rows) + "\n"


def _words() -> str:
    c = character
    percent = "{:.0%}".format
    large = f"{c.LARGE_BYTES / 1000:g} KB"
    rows = {
        "read-heavy": f"`read_share` ≥ {percent(c.READ_HEAVY)}",
        "write-heavy": f"not read-heavy, and `store_write_share` ≥ {percent(c.WRITE_HEAVY)}",
        "mixed": "neither of these, nor real-time",
        "real-time; very-low": f"`freshness_objective` ≤ {c.REAL_TIME_S:g} s",
        "large": f"`content_byte_share` of one content ≥ {percent(c.MAIN_BYTES)}, and `bytes_per_request` ≥ {large}",
        "content": f"no content is large, and its `content_message_share` ≥ {percent(c.MAIN_MESSAGES)}",
        "events": f"no content is large, and `event_share` ≥ {percent(c.EVENT_DRIVEN)}",
        "cdn": f"`cdn_byte_share` ≥ {percent(c.CDN_SERVED)}",
        "cache": f"`cache_hit_share` ≥ {percent(c.CACHE_ANSWERED)}",
        "event-driven": f"`event_share` ≥ {percent(c.EVENT_DRIVEN)}",
        "serverless": f"functions among services, functions and gateways ≥ {percent(c.SERVERLESS)}",
        "monolith": "`domains_redeployed_per_change` ≥ 3",
        "low": f"not real-time, and `answer_objective` ≤ {c.LOW_LATENCY_S:g} s",
        "relaxed": f"not real-time, and `answer_objective` > {c.LOW_LATENCY_S:g} s",
    }
    said = {
        key: "; ".join(SAY(f"word.{one}", content="…") if one in ("large", "content") else SAY(f"word.{one}") for one in key.split("; "))
        for key in rows
    }
    said["content"] = "the name of a content"
    return "\n".join(f"| {said[key]} | {when} |" for key, when in rows.items()) + "\n"


def problems_page() -> str:
    """Every problem a file may have."""
    head = """\
# Problems of a file

A file that cannot be understood is refused with exit code 3. Every problem has a code, a place (file, line, column), and says
what was expected. All problems of a file are told at once. `sysdesign explain E207` shows a page of this list in the terminal,
in Thai with `--lang th`.

"""
    rows = ["| code | problem |", "| --- | --- |"]
    parts = []
    for code, slug in CODES.items():
        rows.append(f"| [{code}](#{code.lower()}-{slug}) | {slug} |")
        parts.append(f"## {code} {slug}\n\n{_marked_up(problems_en.PAGES[slug])}\n")
    return head + "\n".join(rows) + "\n\n" + "\n".join(parts)


def terms_page() -> str:
    head = "# Terms\n\nWhat the words mean, and what is often misunderstood. `sysdesign explain TERM` shows one in the terminal.\n\n"
    return head + _terms(terms_en.TERMS, "Often misunderstood:")


def thai_terms_page() -> str:
    head = "# คำศัพท์\n\nคำแต่ละคำหมายถึงอะไร และมักเข้าใจผิดตรงไหน ดูทีละคำใน terminal ได้ด้วย `sysdesign explain คำ --lang th`\n\n"
    return head + _terms(terms_th.TERMS, "มักเข้าใจผิด:")


def _terms(terms: dict[str, str], label: str) -> str:
    return "\n".join(f"## {term}\n\n{text.strip().replace(label, f'**{label}**')}\n" for term, text in terms.items())


EXIT_CODES: Final = """\
## Exit codes

| code | meaning |
| --- | --- |
| 0 | All is well. |
| 1 | Something was found. `check`: a finding at least as grave as `--fail-on` says. `failover`: users get errors, something is lost, or a promise is broken. `verify`: a claim does not hold. `simulate`: what is inside grows without end. |
| 2 | The command was wrong: an unknown option, or a name that is not there. |
| 3 | The scenario file is wrong. |
| 70 | A fault of the program itself. |
| 130 | Interrupted with Ctrl-C. `simulate` shows what there is so far. |

## Environment variables

| variable | effect |
| --- | --- |
| `SYSDESIGN_LANG` | `en` or `th`: the language, when `--lang` does not say. Without both, the locale decides (`LC_ALL`, `LC_MESSAGES`, `LANG`). |
| `NO_COLOR` | When set, no colours. |
| `COLUMNS` | Width of a table. |
| `SYSDESIGN_DEBUG` | When set, a fault of the program shows where in the program it happened. |

## Formats

| format | for |
| --- | --- |
| `table` | people at a terminal; long texts wrap to its width. What you get there when you ask for nothing else. |
| `plain` | pipes and files: the same without colours, each row on one line. What you get there when you ask for nothing else. |
| `json` | programs: every field of the result, numbers in SI units (seconds, bytes, per second, shares from 0 to 1), the unit beside each. |
| `csv` | spreadsheets: the tables one after the other, numbers in SI units. |
| `markdown` | pages and pull requests. |
| `sarif` | `check` only: code scanners. |
| `github` | `check` only: annotations of GitHub Actions. |
"""  # noqa: E501


def commands_page() -> str:
    """Every command with its arguments and options, from what makes its --help."""
    app = build([], SAY)
    head = f"# Commands\n\n{SAY('cli.about')}\n\nFrom a checkout write `python3 dev.py run` for `sysdesign`.\n\n"
    rows = ["| command | what it does |", "| --- | --- |"]
    rows += [f"| [`{name}`](#{name}) | {SAY(f'cli.{name}')} |" for name in COMMANDS]
    rows.append(f"| `--version` | {SAY('cli.opt-version')} |")
    rows.append("| `--install-completion` | Make the shell complete commands, scenarios and names. |")
    parts = [_command(str(one.name), one.callback) for one in app.registered_commands]
    return head + "\n".join(rows) + "\n\n" + "\n".join(parts) + "\n" + EXIT_CODES


def _command(name: str, function: Any) -> str:
    arguments, rows = [], []
    for parameter in inspect.signature(function).parameters.values():
        info: Any = parameter.default
        if getattr(info, "hidden", False):
            continue
        flags = ", ".join(f"`{flag}`" for flag in info.param_decls or ())
        default = "" if info.show_default is False or info.default is False else f" Default: `{info.default}`."
        if flags:
            shown = flags + ("" if info.default is False else f" `{info.metavar or 'NUMBER'}`")
        else:
            shown = str(info.metavar)
            arguments.append(shown if info.default is ... or shown.startswith("[") else f"[{shown}]")
            shown = f"`{shown.strip('[]')}`"
        rows.append(f"| {language_page.cell(shown)} | {language_page.cell(info.help + default)} |")
    usage = " ".join(["sysdesign", name, *arguments, "[OPTIONS]"])
    table = "\n".join(["| argument or option | meaning |", "| --- | --- |", *rows])
    return f"## {name}\n\n{SAY(f'cli.{name}')}\n\n```sh\n{usage}\n```\n\n{table}\n"


def main(words: list[str]) -> int:
    """Write what is stale, or only name it. 1 when --check finds something."""
    only_check = "--check" in words
    made = {FOLDER / name: text for name, text in reference().items()}
    told: list[str] = []
    stale: list[Path] = []
    for path in [*made, *examples.pages()]:
        text = made.get(path)
        if text is None:
            text, more = examples.renew(path)
            told += more
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            stale.append(path)
            if not only_check:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8", newline="\n")
    for path in stale:
        print(f"{path.relative_to(examples.ROOT)} {'is stale' if only_check else 'is written'}")
    for line in told:
        print(line)
    return 1 if only_check and stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
