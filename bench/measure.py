"""Interleaved repetitions: every path once in a round, in an order that changes from round to round; medians and quartiles.

A sample during which the kernel gave the processor to somebody else measures somebody else: it is taken again, and how many were
is part of the report.
"""

from __future__ import annotations

import random
import resource
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from bench.paths import Path

ROUNDS = 21
FRAMES = 1 << 16
RETRIES = 20


@dataclass
class Samples:
    """Ticks per frame, one number a round."""

    ticks: list[float] = field(default_factory=list)

    def spread(self) -> tuple[float, float, float]:
        """Lower quartile, median, upper quartile."""
        low, middle, high = np.percentile(self.ticks, (25, 50, 75))
        return float(low), float(middle), float(high)

    def minus(self, other: Samples) -> Samples:
        """Round by round, so that what disturbed both cancels."""
        return Samples([ours - theirs for ours, theirs in zip(self.ticks, other.ticks, strict=True)])


class Clock:
    """Nanoseconds per processor tick, from all that was measured."""

    def __init__(self) -> None:
        self.ratios: list[float] = []
        self.samples = 0
        self.disturbed = 0

    def note(self, nanoseconds: int, ticks: int) -> None:
        self.ratios.append(nanoseconds / ticks)

    @property
    def ns_per_tick(self) -> float:
        if not self.ratios:
            path = Path([bytes(64)])
            path.start()
            sample(path, 1 << 20)
        # What interrupts us between the two clocks makes a ratio too large, never too small.
        return float(np.percentile(self.ratios, 10))


clock = Clock()


STEP = 4096


def sample(path: Path, frames: int) -> float:
    """Ticks per frame, undisturbed if the machine lets us: in steps, since on a busy one a long sample is never left alone."""
    total = counted = 0
    for start in range(0, frames, STEP):
        for _ in range(RETRIES):
            switches = resource.getrusage(resource.RUSAGE_THREAD).ru_nivcsw
            before = time.perf_counter_ns()
            polled, ticks = path.spin(min(STEP, frames - start))
            clock.note(time.perf_counter_ns() - before, ticks)
            clock.samples += 1
            if resource.getrusage(resource.RUSAGE_THREAD).ru_nivcsw == switches:
                break
            clock.disturbed += 1
        total, counted = total + ticks, counted + polled
    return total / counted


def once(path: Path, frames: int) -> tuple[int, float]:
    """So many frames, none a second time: how many, and ticks per frame in those steps of them that nobody disturbed."""
    done = counted = total = everything = 0
    while done < frames:
        switches = resource.getrusage(resource.RUSAGE_THREAD).ru_nivcsw
        polled, ticks = path.spin(min(STEP, frames - done))
        clock.samples += 1
        done, everything = done + polled, everything + ticks
        if resource.getrusage(resource.RUSAGE_THREAD).ru_nivcsw == switches:
            counted, total = counted + polled, total + ticks
        else:
            clock.disturbed += 1
    return done, total / counted if counted else everything / done


def measure(paths: Mapping[str, Path], *, rounds: int = ROUNDS, frames: int = FRAMES) -> dict[str, Samples]:
    """Ticks per frame of each path. Each is warmed before each of its turns: others have used the caches since.

    Errors: RuntimeError if frames were lost, or went another way than was to be measured.
    """
    samples = {name: Samples() for name in paths}
    names = list(paths)
    shuffle = random.Random(1)
    for path in paths.values():
        path.start()
        path.spin(len(path.frames))
    for _ in range(rounds):
        shuffle.shuffle(names)
        for name in names:
            path = paths[name]
            path.spin(frames // 4)
            samples[name].ticks.append(sample(path, frames))
    for name, path in paths.items():
        if problems := path.problems():
            raise RuntimeError(f"{name}: {'; '.join(problems)}")
    return samples
