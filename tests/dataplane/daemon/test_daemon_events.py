"""Events: Docker's names and attributes, in an order that makes sense, and never more than is remembered."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from dataplane.daemon.events import BEHIND, KEPT, Events, changes
from dataplane.daemon.face import Event
from dataplane.desired import connecting, containers, fates, networks
from dataplane.desired.records import EXITED, ContainerRecord, Fate, State
from dataplane.desired.surroundings import Surroundings
from dataplane.desired.wishes import ContainerWish, EndpointWish, NetworkWish

AROUND = Surroundings()
BRIDGE, WEB, NET = "b" * 64, "c" * 64, "d" * 64


def two_states() -> tuple[State, State]:
    """A container that was made, and that runs on two networks."""
    state = networks.fresh(AROUND, ids=[BRIDGE, "e" * 64, "f" * 64], now=1)
    state, _ = networks.create(state, NetworkWish(name="my_network"), AROUND, id=NET, now=2)
    record = ContainerRecord(id="", name="", created=0, labels={"team": "red"})
    state, _, _ = containers.create(state, ContainerWish(record=record, name="web"), id=WEB, now=3)
    running = fates.started(state, WEB, now=4)
    return state, connecting.connect(running, NET, WEB, EndpointWish(), now=5)


def told(old: State, new: State) -> list[tuple[str, str, str, dict[str, str]]]:
    return [(one.type, one.action, one.id, dict(one.attributes)) for one in changes(old, new, 9)]


def test_networks_and_their_members_are_told_from_the_states_alone() -> None:
    """network create, connect, disconnect, destroy with container, name and type, whoever made the change."""
    made, running = two_states()
    bridge = ("network", "connect", BRIDGE, {"container": WEB, "name": "bridge", "type": "bridge"})
    mine = ("network", "connect", NET, {"container": WEB, "name": "my_network", "type": "bridge"})
    assert sorted(told(made, running), key=str) == sorted([bridge, mine], key=str)
    ended = fates.ended(running, WEB, Fate(state=EXITED))
    assert {(one[1], one[2]) for one in told(running, ended)} == {("disconnect", BRIDGE), ("disconnect", NET)}
    removed = networks.remove(ended, NET)
    assert told(ended, removed) == [("network", "destroy", NET, {"name": "my_network", "type": "bridge"})]
    assert told(removed, ended) == [("network", "create", NET, {"name": "my_network", "type": "bridge"})]
    assert told(running, running) == []


def test_an_end_is_told_before_what_it_does_to_networks() -> None:
    async def work() -> None:
        made, running = two_states()
        events = Events()
        queue = events.follow()
        events.next(running.containers[WEB], "die", exitCode="3")
        assert queue.empty()
        await events.follow_state(running, fates.ended(running, WEB, Fate(state=EXITED)))
        found = [queue.get_nowait() for _ in range(queue.qsize())]
        assert [one.action for one in found] == ["die", "disconnect", "disconnect"]
        assert found[0].attributes == {"team": "red", "exitCode": "3", "image": "host", "name": "web"}
        await events.follow_state(running, replace(running))
        assert queue.empty(), "once"
        del made

    asyncio.run(work())


def test_the_last_are_remembered_and_a_slow_listener_costs_a_bounded_amount() -> None:
    async def work() -> None:
        events = Events()
        queue = events.follow()
        for n in range(BEHIND + 10):
            events.take(Event("container", "create", "x", {}, n))
        assert queue.qsize() == BEHIND
        past = events.past(0, 0)
        assert len(past) == KEPT
        assert events.past(BEHIND, 0) == past[-10:]
        assert events.past(BEHIND, BEHIND + 1) == past[-10:-8]
        events.leave(queue)
        events.leave(queue)
        events.take(Event("container", "create", "x", {}, 0))
        assert queue.qsize() == BEHIND

    asyncio.run(work())
