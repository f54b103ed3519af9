"""What a daemon can have of what it remembers, on a host that may have changed: as much as there is; what not is said."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import TypeVar

from dataplane.daemon.hostside import PortTakenError
from dataplane.desired.changing import without
from dataplane.desired.ports import unpublished
from dataplane.desired.records import State
from dataplane.desired.refused import Refused

_T = TypeVar("_T")


async def possible(
    state: State, plan: Callable[[State], Awaitable[_T]], claim: Callable[[_T, State], None], say: Callable[[str], None]
) -> tuple[State, _T]:
    """The state less what cannot be, and what ``plan`` makes of it, with the host's ports claimed. What is left out and said: ports
    that others have now; who is on networks whose parent or underlay is gone, until it is started again. Refused: anything else."""
    while True:
        try:
            planned = await plan(state)
            claim(planned, state)
        except PortTakenError as refused:
            name = state.containers[refused.container].name
            say(f"container {name} is not published: {refused.what}; mend: start it again once the port is free")
            state = unpublished(state, refused.container)
        except Refused as refused:
            name, state = await _less(state, plan, refused)
            say(f"nobody is on {name} now: {refused.what}; mend: {refused.mend or 'bring it back'}, then restart who was")
        else:
            return state, planned


async def _less(state: State, plan: Callable[[State], Awaitable[object]], refused: Refused) -> tuple[str, State]:
    for name, less in _without_one(state):
        try:
            await plan(less)
        except Refused:
            continue
        return name, less
    raise refused


def _without_one(state: State) -> Iterator[tuple[str, State]]:
    """Networks that need something of the host, each without who is on it; in the end all of them."""
    needy = [one for one in state.networks.values() if one.driver not in {"bridge", "host", "null"}]
    for network in needy:
        yield network.name, replace(state, endpoints=without(state.endpoints, *_on(state, {network.id})))
    ids = {network.id for network in needy}
    yield ", ".join(one.name for one in needy), replace(state, endpoints=without(state.endpoints, *_on(state, ids)))


def _on(state: State, networks: set[str]) -> list[tuple[str, str]]:
    return [key for key in state.endpoints if key[1] in networks]
