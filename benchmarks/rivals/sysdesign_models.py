"""The models of ``models.py`` in this program: ``python sysdesign_models.py MODEL SECONDS SEED plain|fast``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from models import LEAVES, SERVICES, Flow, Found, Model, Stations, arguments, clock, tell

from sysdesign_cli import api
from sysdesign_cli.engine.simulation import layout as at
from sysdesign_cli.engine.simulation.modes import Fast, Plain
from sysdesign_cli.engine.simulation.run import FLOW_FIELDS, FLOW_REALS, SERVICE_FIELDS, SERVICE_REALS, Plan, Run
from sysdesign_cli.engine.system import System

_ROW_OF_STATIONS = """\
sysdesign: 1
name: row
services:
  front: {{round_trip: 0ms, handles: {{Home: {{takes: 0ms, calls: [{calls}]}}}}}}
{stations}
flows: {{home: {{starts: front.Home}}}}
workloads: {{w: {{starts: {{home: 1/s}}}}}}
"""
_STATION = """\
  s{number}:
    {{concurrency: {servers}, round_trip: 0ms, queue: shared, replicas: 1, handles: {{x: {{takes: {{mean: {ms}ms, cv: {cv}}}}}}}}}"""
_ALONE = """\
sysdesign: 1
name: alone
services:
{stations}
flows: {{home: {{starts: s0.x}}}}
workloads: {{w: {{starts: {{home: 1/s}}}}}}
"""
_SERVICE = "  {name}: {{concurrency: {workers}, round_trip: 0ms, queue: shared, replicas: 1, handles: {{x: {{takes: {ms}ms{calls}}}}}}}"
_FLOW = """\
sysdesign: 1
name: flow
{defaults}services:
{services}
flows: {{home: {{starts: front.x}}}}
workloads: {{w: {{starts: {{home: 1/s}}}}}}
"""
_CALLS = {"front": ", calls: [auth.x, [a.x, b.x, c.x], d.x]", "b": ", calls: [e.x]", "d": ", calls: [f.x]"}


def scenario(model: Model) -> str:
    """The scenario file of a model. Where a request passes several stations, somebody with any number of workers leads it."""
    if isinstance(model, Flow):
        services = "\n".join(
            _SERVICE.format(name=name, workers=workers, ms=work_s * 1000, calls=_CALLS.get(name, ""))
            for name, (workers, work_s) in SERVICES.items()
        )
        defaults = f"defaults: {{calls: {{timeout: {model.timeout_s * 1000:g}ms}}}}\n" if model.timeout_s else ""
        return _FLOW.format(services=services, defaults=defaults)
    stations = "\n".join(
        _STATION.format(number=number, servers=model.servers, ms=model.service_s * 1000, cv=int(model.law == "exponential"))
        for number in range(model.stations)
    )
    calls = ", ".join(f"s{number}.x" for number in range(model.stations))
    return (_ALONE if model.stations == 1 else _ROW_OF_STATIONS).format(stations=stations, calls=calls)


def run(model: Model, system: System, length_s: float, seed: int, mode: Plain | Fast) -> Found:
    flow = system.scenario.flows["home"]
    pieces = ((0.0, model.rate_per_s, length_s, model.rate_per_s),)
    replicas = dict.fromkeys(range(len(system.services)), 1)
    one = Run(system, Plan((flow,), {"home": pieces}, {}, length_s, 0.0, replicas, bins=10), mode, seed)
    start = clock()
    outcome = one()
    took = clock() - start
    last = outcome.samples[-1]
    counted = dict(zip((*FLOW_FIELDS, *FLOW_REALS), last.flows[0].tolist(), strict=True))
    area = 0.0
    for number, service in enumerate(system.services):
        if service.name in LEAVES or (isinstance(model, Stations) and service.name != "front"):
            figures = last.services[number].tolist()
            # those at work now have been counted from the start of time
            area += figures[len(SERVICE_FIELDS) + SERVICE_REALS.index("BUSY_AREA")] + figures[-3] * length_s
    return Found(int(counted["ANSWERED"]), int(counted["FAILED"]), counted["ANSWER_SUM"], area, took, int(one.machine.n[at.G_EVENTS]))


def main() -> None:
    model, length_s, seed = arguments()
    mode = Fast() if sys.argv[4] == "fast" else Plain()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.yaml"
        file.write_text(scenario(model), encoding="utf-8")
        system = System(api.Design.load(str(file)).scenario)
    run(model, system, 100 / model.rate_per_s, seed, mode)  # compiled code is loaded here
    tell(run(model, system, length_s, seed, mode), length_s)


if __name__ == "__main__":
    main()
