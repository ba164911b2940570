"""The models of ``models.py`` in Ciw: ``python ciw_models.py MODEL SECONDS SEED``.

Ciw has networks of queues. A worker that is held while its calls are out, a request that is at several services at once, and a
timeout of a call are not among its mechanisms, so it takes no part in the eight services.
"""

from __future__ import annotations

import sys

import ciw
from models import Found, Stations, arguments, bucket, clock, tell


def row(model: Stations, length_s: float, seed: int) -> Found:
    service = (
        ciw.dists.Exponential(rate=1 / model.service_s) if model.law == "exponential" else ciw.dists.Deterministic(value=model.service_s)
    )
    count = model.stations
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(rate=model.rate_per_s), *[None] * (count - 1)],
        service_distributions=[service] * count,
        number_of_servers=[model.servers] * count,
        routing=[[1.0 if column == line + 1 else 0.0 for column in range(count)] for line in range(count)],
    )
    ciw.seed(seed)
    simulation = ciw.Simulation(network)
    start = clock()
    simulation.simulate_until_max_time(length_s)
    answered, total, busy_s = 0, 0.0, 0.0
    histogram: dict[int, int] = {}
    for person in simulation.nodes[-1].all_individuals:
        records = person.data_records
        seconds = records[-1].exit_date - records[0].arrival_date
        answered += 1
        total += seconds
        place = bucket(seconds)
        histogram[place] = histogram.get(place, 0) + 1
    for node in simulation.transitive_nodes:
        busy_s += node.server_utilisation * model.servers * length_s
    return Found(answered, 0, total, busy_s, clock() - start)


def main() -> None:
    model, length_s, seed = arguments()
    if not isinstance(model, Stations):
        sys.exit("Ciw has no calls that hold a worker, no fan-out and no timeouts of calls")
    tell(row(model, length_s, seed), length_s)


if __name__ == "__main__":
    main()
