"""A discrete-event simulation of a system: the same scenario, in time."""
