"""The same paths for pytest-benchmark: ``pytest bench --benchmark-compare`` shows what a change did to each.

No comparison of one path with another is made here: those need interleaving, which `bench.measure` does.
"""

import pytest
from pytest_benchmark.fixture import BenchmarkFixture as Benchmark

from bench.paths import Bridged, Path
from bench.traffic import IMIX, frames
from bench.verify import verify

FRAMES = 1 << 16


def spun(benchmark: Benchmark, path: Path) -> None:
    path.start()
    path.spin(len(path.frames))
    benchmark.extra_info["frames"] = FRAMES
    benchmark.pedantic(path.spin, args=(FRAMES,), rounds=10, warmup_rounds=1)
    assert path.problems() == []


@pytest.mark.parametrize("sizes", [(64,), IMIX, (1500,)], ids=["64", "imix", "1500"])
def test_wire(benchmark: Benchmark, sizes: tuple[int, ...]) -> None:
    spun(benchmark, Path(frames(1000, sizes)))


@pytest.mark.parametrize("pairs", [1, 1000, 100_000])
def test_bridge_by_stations(benchmark: Benchmark, pairs: int) -> None:
    spun(benchmark, Bridged(frames(pairs, (64,)), pairs=pairs))


@pytest.mark.parametrize("burst", [1, 8, 256])
def test_bridge_by_burst(benchmark: Benchmark, burst: int) -> None:
    spun(benchmark, Bridged(frames(1000, (64,)), pairs=1000, burst=burst))


def test_what_is_measured_is_right() -> None:
    path = Bridged(frames(1000, IMIX), pairs=1000, outbox=True)
    path.start()
    path.sender.cycle([])
    assert verify(path) == len(path.frames)
