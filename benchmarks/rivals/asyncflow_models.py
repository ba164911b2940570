"""The models of ``models.py`` in AsyncFlow, as far as they go: ``python asyncflow_models.py MODEL SECONDS SEED``. Needs Python 3.12.

A server of AsyncFlow has cores, and its steps take fixed times; a request goes from server to server and never comes back to a caller.
So the rows of stations with fixed work are what can be said in it. Its arrivals are Poisson for a number of users that is itself drawn
every two minutes: with a million users their rate varies by a tenth of a percent. A way of no length cannot be said: here each takes a
nanosecond on average.
"""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy
import simpy
from asyncflow.runtime.simulation_runner import SimulationRunner
from asyncflow.schemas.payload import SimulationPayload
from models import Found, Stations, arguments, clock, tell

USERS = 1_000_000


def payload(model: Stations, length_s: int) -> dict[str, Any]:
    names = [f"server-{number}" for number in range(model.stations)]
    steps = [{"kind": "cpu_bound_operation", "step_operation": {"cpu_time": model.service_s}}]
    servers = [
        {
            "id": name,
            "server_resources": {"cpu_cores": model.servers, "ram_mb": 1024},
            "endpoints": [{"endpoint_name": "/x", "steps": steps}],
        }
        for name in names
    ]
    ways = zip(["generator", "client", *names], ["client", *names, "client"], strict=True)
    latency = {"mean": 1e-9, "distribution": "exponential"}
    return {
        "rqs_input": {
            "id": "generator",
            "avg_active_users": {"mean": USERS, "distribution": "poisson"},
            "avg_request_per_minute_per_user": {"mean": model.rate_per_s * 60 / USERS, "distribution": "poisson"},
            "user_sampling_window": 120,
        },
        "topology_graph": {
            "nodes": {"client": {"id": "client"}, "servers": servers},
            "edges": [{"id": f"{a}-{b}", "source": a, "target": b, "latency": latency, "dropout_rate": 0.0} for a, b in ways],
        },
        "sim_settings": {"total_simulation_time": length_s, "sample_period_s": 0.1},
    }


def row(model: Stations, length_s: int, seed: int) -> Found:
    made = SimulationPayload.model_validate(payload(model, length_s))
    runner = SimulationRunner(env=simpy.Environment(), simulation_input=made)
    runner.rng = numpy.random.default_rng(seed)
    start = clock()
    results = runner.run()
    figures = {str(key): value for key, value in results.get_latency_stats().items()}
    took = clock() - start
    answered = int(figures["total_requests"])
    return Found(answered, 0, figures["mean"] * answered, math.nan, took)


def main() -> None:
    model, length_s, seed = arguments()
    if not isinstance(model, Stations) or model.law != "fixed":
        sys.exit("AsyncFlow's servers take fixed times and do not call one another")
    whole = max(5, round(length_s))
    tell(row(model, whole, seed), whole)


if __name__ == "__main__":
    main()
