"""``python -m bench.forwarder bare|bridge FD FD``: what stands between two TAPs in a live benchmark, in a process of its own."""

from __future__ import annotations

import os
import signal
import sys

from fastpath import Bridge, Engine, Loop, TapPort
from fastpath.bareloop import forward


def bare(first: int, second: int) -> None:
    """The bare loop, until SIGTERM."""
    stop, stopping = os.pipe2(os.O_NONBLOCK)
    signal.signal(signal.SIGTERM, lambda *_: None)
    signal.set_wakeup_fd(stopping)
    print("ready", flush=True)
    forward(first, second, stop)


def bridge(first: int, second: int) -> None:
    """Our bridge, until SIGTERM."""
    engine = Engine()
    front = Bridge(engine, "front")
    loop = Loop(engine)
    for name, fd in (("a", first), ("b", second)):
        port = TapPort(engine, name, fd)
        port.lead_to(front, front.add_member(port))
        loop.add(port)
    loop.submit(lambda: print("ready", flush=True))
    loop.run()


if __name__ == "__main__":
    {"bare": bare, "bridge": bridge}[sys.argv[1]](int(sys.argv[2]), int(sys.argv[3]))
