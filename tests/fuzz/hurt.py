"""Honest frames of a world, damaged, in bursts, while time goes on."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TypeVar

from tests.fastpath.outside import Outside

World = TypeVar("World", bound=Outside)
KINDS = 3000
"""So many different frames are honest, and then damaged."""


def damaged(frame: bytes, chance: random.Random) -> bytes:
    """Often as it was; else octets changed, cut or longer."""
    octets = bytearray(frame)
    for _ in range(chance.choice([0, 0, 0, 1, 2, 8])):
        octets[chance.randrange(len(octets))] = chance.randrange(256)
    if chance.random() < 0.1:
        return bytes(octets[: chance.randrange(len(octets))])
    return bytes(octets + bytes(chance.choice([0, 0, 1, 46])))


def pool_of(world: World, honest: Callable[[World, random.Random], tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """For all worlds of that family, whose addresses are the same: Scapy takes longer over them than the worlds do.

    ``honest``: a port, and a frame such as comes in there.
    """
    chance = random.Random(5)
    return [honest(world, chance) for _ in range(KINDS)]


def hurt(
    world: World,
    chance: random.Random,
    frames: int,
    pool: list[tuple[str, bytes]],
    rewire: Callable[[World, random.Random], None] | None = None,
) -> None:
    """So many frames, in bursts of all sizes, while time goes on and, with ``rewire``, settings change; balanced after each."""
    while frames > 0:
        burst = chance.choice([1, 4, 40, 400])
        frames -= burst
        for port, frame in chance.choices(pool, k=burst):
            world.ports[port].push(damaged(frame, chance))
        world.engine.run_until_idle(world.now)
        world.emitted()
        if chance.random() < 0.05:
            world.advance(chance.choice([0.01, 0.5, 3, 40, 400]))
        if rewire is not None and chance.random() < 0.05:
            rewire(world, chance)
            world.assert_balanced()
