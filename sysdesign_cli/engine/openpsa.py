"""A fault tree in the Open-PSA Model Exchange Format, for programs such as SCRAM, OpenFTA or XFTA.

Every top is a fault tree of its own that needs no other; the basic events are shared. Names become identifiers of the format (ASCII
letters, digits and underscores), and the name as it was stands in the label.

Reference: Epstein and Rauzy, Open-PSA Model Exchange Format, version 2.0d (2008).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from xml.sax.saxutils import escape, quoteattr

from sysdesign_cli.engine.faulttree import ALL, ANY, CONSTANT, EVENT, Tree

#: What XML 1.0 cannot hold at all.
_FORBIDDEN = re.compile("[^\\t\\n\\r\\u0020-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")


def open_psa(tree: Tree, tops: Mapping[str, int], title: str) -> str:
    """The tree below the given tops (by name) as the text of an XML file.

    Chance events are basic events with an attribute `kind` of value `chance`. A node that an at-least gate names more than once is
    written out with "and" and "or", for the format knows no repetition.
    """
    nodes = tree.below(tops.values())
    events = [node for node in nodes if tree.kinds[node] == EVENT]
    ids = identifiers([*tops, *(tree.names[node] for node in events)])
    event_ids = dict(zip(events, ids[len(tops) :], strict=True))
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<opsa-mef>", f"  <label>{_text(title)}</label>"]
    for (name, top), identifier in zip(tops.items(), ids, strict=False):
        lines += _fault_tree(tree, name, top, identifier, event_ids)
    lines.append("  <model-data>")
    for node in events:
        lines += _basic_event(tree, node, event_ids[node])
    return "\n".join([*lines, "  </model-data>", "</opsa-mef>", ""])


def identifiers(names: Iterable[str]) -> list[str]:
    """For each name an identifier of the format, as like it as can be; no two are the same, even if case does not count."""
    used: set[str] = set()
    result = []
    for number, name in enumerate(names, start=1):
        plain = re.sub("[^A-Za-z0-9]+", "_", name).strip("_") or f"part_{number}"
        if not plain[0].isalpha():
            plain = f"part_{plain}"
        candidate, again = plain, 1
        while candidate.lower() in used:
            again += 1
            candidate = f"{plain}_{again}"
        used.add(candidate.lower())
        result.append(candidate)
    return result


def _fault_tree(tree: Tree, name: str, top: int, identifier: str, event_ids: Mapping[int, str]) -> list[str]:
    gates = [node for node in reversed(tree.below([top])) if tree.children[node]] or [top]
    # Two underscores in a row never come out of a name, so these can meet neither an event nor the gate of another top.
    gate_ids = {node: identifier if node == top else f"{identifier}__{node}" for node in gates}
    lines = [f'  <define-fault-tree name="{identifier}__tree">', f"    <label>{_text(name)}</label>"]
    for node in gates:
        lines.append(f'    <define-gate name="{gate_ids[node]}">')
        lines.append(f"      {_formula(tree, node, gate_ids, event_ids)}")
        lines.append("    </define-gate>")
    return [*lines, "  </define-fault-tree>"]


def _formula(tree: Tree, node: int, gate_ids: Mapping[int, str], event_ids: Mapping[int, str]) -> str:
    def reference(child: int) -> str:
        if child in event_ids:
            return f'<basic-event name="{event_ids[child]}"/>'
        return f'<gate name="{gate_ids[child]}"/>'

    kind, children = tree.kinds[node], tree.children[node]
    if kind == CONSTANT:
        return f'<constant value="{"true" if node == Tree.TRUE else "false"}"/>'
    if kind == EVENT:
        return reference(node)
    inner = [reference(child) for child in children]
    if kind in (ANY, ALL):
        return _gate("or" if kind == ANY else "and", inner)
    if len(set(children)) == len(children):
        return f'<atleast min="{tree.least[node]}">{"".join(inner)}</atleast>'
    distinct = sorted(set(children))
    return _written_out([(reference(child), children.count(child)) for child in distinct], tree.least[node])


def _written_out(votes: list[tuple[str, int]], least: int) -> str:
    """At least so many votes, where one part may have several."""
    (part, number), rest = votes[0], votes[1:]
    left = sum(count for _, count in rest)
    with_it = "" if number >= least else _written_out(rest, least - number) if left >= least - number else None
    without = _written_out(rest, least) if left >= least else None
    ways = [] if with_it is None else [_gate("and", [part, with_it]) if with_it else part]
    return _gate("or", ways if without is None else [*ways, without])


def _gate(word: str, inner: list[str]) -> str:
    return inner[0] if len(inner) == 1 else f"<{word}>{''.join(inner)}</{word}>"


def _basic_event(tree: Tree, node: int, identifier: str) -> list[str]:
    lines = [f"    <define-basic-event name={quoteattr(identifier)}>", f"      <label>{_text(tree.names[node])}</label>"]
    if tree.chance[node]:
        lines.append('      <attributes><attribute name="kind" value="chance"/></attributes>')
    return [*lines, f'      <float value="{tree.q[node]!r}"/>', "    </define-basic-event>"]


def _text(text: str) -> str:
    return escape(_FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text))
