"""The picture of zones: where the replicas of each service stand, and what a loss leaves of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from sysdesign_cli.analyses.failover import failover
from sysdesign_cli.analyses.picture import Box, Group, Picture, service_box, service_id
from sysdesign_cli.analyses.picture_failure import service_states
from sysdesign_cli.analyses.situations import Kill
from sysdesign_cli.engine.stations import replica_zones
from sysdesign_cli.engine.system import System


def deployment(system: System, kill: Kill, workload: str = "") -> Picture:
    """Zones with what runs in them; the replicas that always run. Raises ScenarioError for unknown names."""
    scenario = system.scenario
    result = failover(system, kill, workload) if kill.services or kill.zones else None
    states = service_states(result) if result is not None else {}
    singly = {name.partition("/")[0] for name in kill.services}
    boxes: list[Box] = []
    used: dict[str, None] = {}
    for service in system.services:
        for zone, count in Counter(replica_zones(system, service)).items():
            group = f"zone:{zone}" if zone else ""
            used |= {zone: None} if zone else {}
            there = f"@{zone}" if zone else ""
            box = service_box(service, service_id(service.name) + there, group)
            state = "down" if zone in kill.zones else states.get(service.name, "")
            if state == "short" and service.name not in singly:
                state = "ok"  # what it lost stood in another zone
            boxes.append(replace(box, replicas=count if zone or not scenario.zones else 0, state=state))
    zones = [str(zone) for zone in scenario.zones if str(zone) in used] + [zone for zone in used if zone not in scenario.zones]
    groups = tuple(Group(f"zone:{zone}", "zone", zone) for zone in zones)
    if groups:
        boxes = [box if box.group else replace(box, group="outside") for box in boxes]
        groups += (Group("outside", "outside", ""),)
    return Picture(scenario.address, scenario.title, "deployment", tuple(boxes), (), groups, failure=result)
