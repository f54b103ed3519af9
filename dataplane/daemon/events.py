"""What happened, for `docker events`: the last 256, and a queue for each who listens. Changes of networks speak for themselves."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterator, Mapping

from dataplane.daemon.face import Event
from dataplane.desired.records import ContainerRecord, NetworkRecord, State
from dataplane.model import EMPTY

KEPT = 256
BEHIND = 16_384
"""Events that wait for one listener; who is further behind loses the rest."""


class Events:
    """face.Events. ``take`` is for whoever has something to tell."""

    def __init__(self) -> None:
        self._past: deque[Event] = deque(maxlen=KEPT)
        self._queues: set[asyncio.Queue[Event]] = set()
        self._first: list[Event] = []

    def take(self, event: Event) -> None:
        """It has happened."""
        self._past.append(event)
        for queue in self._queues:
            if queue.qsize() < BEHIND:
                queue.put_nowait(event)

    def tell(self, record: ContainerRecord, action: str, **more: str) -> None:
        """Something happened to a container: Docker tells its labels, image and name with it."""
        self.take(_of_container(record, action, more))

    def next(self, record: ContainerRecord, action: str, **more: str) -> None:
        """To be told with the next change of the state, before what that does to networks."""
        self._first.append(_of_container(record, action, more))

    async def follow_state(self, old: State, new: State) -> None:
        """Tell what a change did to networks and to who is on them (a follower of Core)."""
        first, self._first = self._first, []
        for event in first:
            self.take(event)
        for event in changes(old, new, time.time_ns()):
            self.take(event)

    def past(self, since: int, until: int) -> list[Event]:
        """Those still remembered of that time (ns, 0: no bound)."""
        return [event for event in self._past if since <= event.time and (not until or event.time <= until)]

    def follow(self) -> asyncio.Queue[Event]:
        """Those to come, until ``leave``."""
        queue: asyncio.Queue[Event] = asyncio.Queue()
        self._queues.add(queue)
        return queue

    def leave(self, queue: asyncio.Queue[Event]) -> None:
        """No more for this one."""
        self._queues.discard(queue)


def changes(old: State, new: State, now: int) -> Iterator[Event]:
    """What happened to networks between two states, in an order that makes sense."""
    if old.endpoints is not new.endpoints:
        for key in old.endpoints.keys() - new.endpoints.keys():
            yield _of_network(old.networks[key[1]], "disconnect", now, {"container": key[0]})
    if old.networks is not new.networks:
        for gone in old.networks.keys() - new.networks.keys():
            yield _of_network(old.networks[gone], "destroy", now)
        for made in new.networks.keys() - old.networks.keys():
            yield _of_network(new.networks[made], "create", now)
    if old.endpoints is not new.endpoints:
        for key in new.endpoints.keys() - old.endpoints.keys():
            yield _of_network(new.networks[key[1]], "connect", now, {"container": key[0]})


def _of_container(record: ContainerRecord, action: str, more: Mapping[str, str]) -> Event:
    attributes = {**record.labels, **more, "image": record.image, "name": record.name}
    return Event("container", action, record.id, attributes, time.time_ns())


def _of_network(network: NetworkRecord, action: str, now: int, more: Mapping[str, str] = EMPTY) -> Event:
    return Event("network", action, network.id, {**more, "name": network.name, "type": network.driver}, now)
