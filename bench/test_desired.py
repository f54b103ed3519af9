"""What a daemon's decisions cost: addresses, plans, starts and connects, and the store, at 1,000 containers on 10 networks."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from ipaddress import IPv4Network
from itertools import count
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture as Benchmark

from dataplane.desired import connecting, containers, fates, networks, pools
from dataplane.desired.planning import plan_of
from dataplane.desired.records import ContainerRecord, State
from dataplane.desired.surroundings import Surroundings
from dataplane.desired.ways import with_way_out
from dataplane.desired.wishes import ContainerWish, EndpointWish, NetworkWish
from dataplane.model import Pool
from dataplane.store.sqlite import SqliteStore

AROUND = Surroundings()
CONTAINERS, NETWORKS = 1000, 10


def key(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def made(state: State, name: str, network: str) -> State:
    wish = ContainerWish(record=ContainerRecord(id="", name="", created=0), name=name, network_mode=network)
    return containers.create(state, wish, id=key(name), now=1)[0]


@pytest.fixture(scope="module")
def full() -> State:
    """1,000 containers that run, 100 on each of 10 networks."""
    state = with_way_out(networks.fresh(AROUND, ids=[key(name) for name in ("bridge", "host", "none")], now=0), AROUND)
    for number in range(NETWORKS):
        state = networks.create(state, NetworkWish(name=f"net{number}"), AROUND, id=key(f"net{number}"), now=1)[0]
    for number in range(CONTAINERS):
        state = fates.started(made(state, f"c{number}", f"net{number % NETWORKS}"), key(f"c{number}"), now=number)
    return state


def test_address_in_a_slash_16(benchmark: Benchmark) -> None:
    """Aim: a median of 10 us. The book of a network, filled by one address after the other."""
    book = pools.leases([pools.with_gateway(Pool(subnet=IPv4Network("172.18.0.0/16")), wanted=True)], ())
    benchmark.pedantic(pools.take, (book, 4), rounds=65_000)


def test_plan_after_a_change(benchmark: Benchmark, full: State) -> None:
    """Aim: 5 ms. One container's fate is another than last time, as after every start and end."""
    one, turns = full.containers[key("c500")], count()

    def changed() -> tuple[tuple[State], dict[str, object]]:
        return (fates.with_fate(full, one.id, replace(one.fate, restarts=next(turns))),), {}

    plan_of(full)
    benchmark.pedantic(plan_of, setup=changed, rounds=50)


def test_plan_of_a_daemon_that_begins(benchmark: Benchmark, full: State) -> None:
    """Nothing is remembered: once in a daemon's life."""
    numbers = count()
    benchmark.pedantic(lambda: plan_of(full, f"daemon{next(numbers)}"), rounds=10)


def test_start(benchmark: Benchmark, full: State) -> None:
    state = made(full, "one", "net3")
    benchmark(lambda: fates.started(state, key("one"), now=1))


def test_connect(benchmark: Benchmark, full: State) -> None:
    benchmark(lambda: connecting.connect(full, key("net4"), key("c3"), EndpointWish(), now=1))


def test_network_create(benchmark: Benchmark, full: State) -> None:
    benchmark(lambda: networks.create(full, NetworkWish(name="more"), AROUND, id=key("more"), now=1))


def test_save_a_start(benchmark: Benchmark, full: State, tmp_path: Path) -> None:
    """One transaction: a container and an endpoint."""
    store = SqliteStore(tmp_path / "state.db")
    before = made(full, "one", "net3")
    after = fates.started(before, key("one"), now=1)
    store.save(State(), before)
    turn = iter([(before, after), (after, before)] * 10_000)
    benchmark.pedantic(lambda pair: store.save(*pair), setup=lambda: ((next(turn),), {}), rounds=200)
    store.close()


def test_load(benchmark: Benchmark, full: State, tmp_path: Path) -> None:
    """Once in a daemon's life."""
    store = SqliteStore(tmp_path / "state.db")
    store.save(State(), full)
    benchmark.pedantic(store.load, rounds=5)
    assert store.load() == full
    store.close()
