"""Our bridge on TAPs in namespaces of its own, run by a loop in a thread: what most live tests stand on."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from types import TracebackType
from typing import Any

from bench.namespaces import Namespace, Namespaces
from fastpath import Bridge, Engine, Loop, TapPort


def seconds_of_cpu() -> float:
    """Processor time that this process has used, as /proc says it."""
    return time.clock_gettime(time.CLOCK_PROCESS_CPUTIME_ID)


def idle_share(seconds: float = 1.0) -> float:
    """The share of a core that this process uses while nothing is to do: the least of five, for something may be under way."""
    least = 1.0
    for _ in range(5):
        before = seconds_of_cpu()
        time.sleep(seconds)
        least = min(least, (seconds_of_cpu() - before) / seconds)
        if least < 0.02:
            break
    return least


def iperf_server(namespace: Namespace, *words: str) -> subprocess.Popen[str]:
    """iperf3 for one client; it listens when this returns."""
    server = namespace.start("iperf3", "-s", "-1", *words)
    end = time.monotonic() + 30
    while ":5201 " not in namespace.run("ss", "-tln"):
        assert time.monotonic() < end
        time.sleep(0.02)
    return server


def iperf(client: Namespace, *words: str) -> dict[str, Any]:
    """One run of iperf3 against a server that listens already: its JSON report's `end`."""
    return json.loads(client.run("iperf3", "-J", *words))["end"]  # type: ignore[no-any-return]


class Switch:
    """`with Switch("a", "b") as switch`: a namespace and a port each, 10.9.0.1 and up, fd00::1 and up, on one bridge."""

    def __init__(
        self, *names: str, quiet: bool = False, vnet: bool = True, poll: bool = False, mtu: int = 1500, **offloads: Any
    ) -> None:
        self.spaces = Namespaces("tap")
        self.engine = Engine()
        self.bridge = Bridge(self.engine, "front")
        self.loop = Loop(self.engine, poll=poll)
        self.thread = threading.Thread(target=self.loop.run, daemon=True)
        self.namespaces: dict[str, Namespace] = {}
        self.ports: dict[str, TapPort] = {}
        try:
            for number, name in enumerate(names, 1):
                namespace = self.namespaces[name] = self.spaces.add(name)
                if quiet:
                    namespace.quiet()
                addresses = () if quiet else (f"10.9.0.{number}/24", f"fd00::{number}/64")
                fd = namespace.tap(*addresses, mac=f"02:42:0a:09:00:{number:02x}", vnet=vnet, mtu=mtu)
                port = self.ports[name] = TapPort(self.engine, name, fd, mtu=mtu, offloads=offloads.get(name, True))
                port.lead_to(self.bridge, self.bridge.add_member(port))
                self.loop.add(port)
        except BaseException:
            self.spaces.__exit__(None, None, None)
            raise

    def __getitem__(self, name: str) -> Namespace:
        return self.namespaces[name]

    def __enter__(self) -> Switch:
        self.thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.loop.stop()
        self.thread.join()
        self.spaces.__exit__(kind, error, trace)
        for port in self.ports.values():
            port.close()

    def drops(self) -> dict[tuple[str, str], int]:
        """(node, reason): frames dropped."""
        rows = self.loop.submit(self.engine.drops).result()
        return {(row["name"], row["reason"]): int(row["count"]) for row in rows if row["scope"] == "node"}

    def conserved(self) -> bool:
        """in + cloned + originated == out + consumed + dropped + held, at every node."""
        rows = self.loop.submit(self.engine.counters).result()
        return all(
            row["in"] + row["cloned"] + row["originated"] == row["out"] + row["consumed"] + row["dropped"] + row["held"]
            for row in rows
        )

    def events(self, count: int, seconds: float = 30.0) -> list[tuple[str, str]]:
        """(port, kind) of the next events, in order, as soon as there are so many."""
        seen: list[tuple[str, str]] = []
        end = time.monotonic() + seconds
        while len(seen) < count and time.monotonic() < end:
            seen += [(event.port, event.kind) for event in self.loop.events()]
            time.sleep(0.01)
        return seen
