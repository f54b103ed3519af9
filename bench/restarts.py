"""How long a daemon that was killed is missed: from the start of the next until packets pass again, and until its API answers."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench.daemons import Api

PORT = 4711
PATIENCE = 60.0
EACH = 0.005
"""Seconds between two datagrams, and between two questions."""


def missed(api: Api, sender: str, receiver: str) -> tuple[float, float]:
    """Seconds until a datagram goes from one container to another of its network, and until the API answers."""
    with _inside(api, sender) as out, _inside(api, receiver) as into:
        into.bind(("", PORT))
        (network,) = api.ask("GET", f"/containers/{receiver}/json")["NetworkSettings"]["Networks"].values()
        to = (network["IPAddress"], PORT)
        out.sendto(b"before", to)
        into.settimeout(PATIENCE)
        into.recv(64)
        into.setblocking(False)
        api.process.replace()
        begun = time.perf_counter()
        traffic = answers = 0.0
        while not (traffic and answers):
            after = time.perf_counter() - begun
            if after > PATIENCE:
                raise RuntimeError(f"the next daemon is not there after {PATIENCE:.0f} s")
            if not traffic and _passes(out, into, to):
                traffic = after
            if not answers and _answers(api):
                answers = after
            time.sleep(EACH)
        return traffic, answers


@contextmanager
def _inside(api: Api, container: str) -> Iterator[socket.socket]:
    """A datagram socket in a container's namespace."""
    from dataplane.hostnet import place

    pid = api.ask("GET", f"/containers/{container}/json")["State"]["Pid"]
    with place.inside(f"/proc/{pid}/ns/net", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as made:
        yield made


def _passes(out: socket.socket, into: socket.socket, to: tuple[str, int]) -> bool:
    """One of those that were sent up to now has come; another goes."""
    try:
        out.sendto(b"after", to)
        into.recv(64)
    except OSError:  # nothing there; or no carrier, no neighbor
        return False
    return True


def _answers(api: Api) -> bool:
    try:
        Api(api.path, api.process).ask("GET", "/_ping")
    except (OSError, RuntimeError):
        return False
    return True
