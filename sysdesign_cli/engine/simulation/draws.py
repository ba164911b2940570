"""Drawn numbers in blocks: each stream has its own generator, seeded by its name, so a part draws the same whatever is around it."""

from __future__ import annotations

import hashlib
import math

import numpy
from numpy.typing import NDArray

from sysdesign_cli.engine.simulation.program import Stream


def generator(seed: int, replication: int, name: str) -> numpy.random.Generator:
    """The generator of one stream: the same for the same seed, replication and name."""
    key = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")
    return numpy.random.Generator(numpy.random.SFC64([seed, replication, key & 0xFFFFFFFF, key >> 32]))


def block(stream: Stream, random: numpy.random.Generator, count: int) -> NDArray[numpy.float64]:
    """The next ``count`` numbers of a stream."""
    if stream.law == "uniform":
        return random.random(count)
    if stream.law == "fixed" or stream.cv == 0 or stream.mean == 0:
        return numpy.full(count, stream.mean)
    if stream.law == "exponential":
        return random.standard_exponential(count) * stream.mean
    if stream.law == "gamma":
        shape = 1 / stream.cv**2
        return random.standard_gamma(shape, count) * (stream.mean / shape)
    variance = math.log1p(stream.cv**2)
    return numpy.exp(math.log(stream.mean) - variance / 2 + math.sqrt(variance) * random.standard_normal(count))
