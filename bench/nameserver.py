"""Questions a second that the embedded DNS answers on one core: its sockets in a container's namespace, asked from in there.

The server is this process, as in a daemon: the event loop, the redirection of port 53, the query log. Another process asks, on the
other core, keeping a window of questions under way; what is counted are answers that came and fit. A rate per core is answers by
the server's own CPU time, user and system.
"""

from __future__ import annotations

import asyncio
import random
import select
import socket
import statistics
import struct
import sys
import time
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from bench.table import Table

if TYPE_CHECKING:
    from dataplane.desired.records import State
    from dataplane.proc.helper import Helper

ROUNDS = 20
SECONDS = 0.25
WINDOW = 32
CONTAINERS = 100
GOAL = 20_000
KINDS = {
    "one name": "the same",
    "a hundred names": "every container's",
    "20 replicas": "shuffled",
    "no such record": "AAAA, empty",
    "never heard before": "nothing is prepared",
    "by TCP": "one after the other",
}


@dataclass(frozen=True, slots=True)
class Rate:
    """Answers, the seconds they took, and the server's seconds on a core."""

    answers: int
    seconds: float
    cpu: float


def query(number: int, name: str, kind: int = 1) -> bytes:
    """A question (RFC 1035 section 4)."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack("!HHHHHH", number & 0xFFFF, 0x0100, 1, 0, 0, 0) + labels + struct.pack("!BHH", 0, kind, 1)


def questions(kind: str) -> list[bytes]:
    """What a client asks, again and again."""
    match kind:
        case "one name" | "by TCP":
            return [query(0, "c1")]
        case "20 replicas":
            return [query(0, "crowd")]
        case "no such record":
            return [query(0, "c1", 28)]
        case "never heard before":
            chance = random.Random(1)
            return [
                query(0, "".join(map(chance.choice, zip("aservicewithalongname", "ASERVICEWITHALONGNAME", strict=True))))
                for _ in range(60000)
            ]
    return [query(0, f"c{n}") for n in range(CONTAINERS)]


def ask(kind: str, seconds: float) -> None:
    """The client's process: says ``begin``, and the answers it got in how many seconds."""
    rows = questions(kind)
    print("begin", flush=True)
    begun = time.monotonic()
    got = _by_tcp(rows[0], seconds) if kind == "by TCP" else _by_udp(rows, seconds)
    print(got, time.monotonic() - begun, flush=True)


def _by_udp(rows: list[bytes], seconds: float) -> int:
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.connect(("127.0.0.11", 53))
        sock.setblocking(False)
        poll = select.poll()
        poll.register(sock, select.POLLIN)
        got, sent, turn = 0, 0, cycle(rows)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            while sent - got < WINDOW:
                sock.send(struct.pack("!H", sent & 0xFFFF) + next(turn)[2:])
                sent += 1
            if not poll.poll(1000):
                raise TimeoutError(f"{sent - got} questions were not answered")
            while True:
                try:
                    reply = sock.recv(4096)
                except BlockingIOError:
                    break
                if reply[2] & 0x80 == 0 or reply[3] & 15:
                    raise RuntimeError(f"an answer that is none: {reply[:12].hex()}")
                got += 1
    return got


def _by_tcp(row: bytes, seconds: float) -> int:
    got, wire = 0, struct.pack("!H", len(row)) + row
    with socket.create_connection(("127.0.0.11", 53)) as sock:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            sock.sendall(wire)
            if len(sock.recv(4096)) < len(wire):
                raise RuntimeError("an answer in pieces")
            got += 1
    return got


def _state() -> tuple[State, str]:
    from dataplane.desired.records import RUNNING, ContainerRecord, EndpointRecord, Fate, NetworkRecord, State
    from dataplane.model import Attachment, Endpoint, Pool

    subnet = IPv4Network("172.18.0.0/16")
    network = NetworkRecord(id="n" * 64, name="mine", created=1, pools=(Pool(subnet=subnet, gateway=subnet[1]),))
    containers, endpoints = {}, {}
    for n in range(CONTAINERS):
        key = f"{n:064x}"
        record = ContainerRecord(id=key, name=f"c{n}", created=1, fate=Fate(state=RUNNING))
        containers[key] = replace(record, attachments={network.id: Attachment(network=network.id)})
        endpoint = Endpoint(
            port=f"c{n}.mine",
            instance=key,
            network=network.id,
            interface="eth0",
            mac="02:42:ac:12:00:02",
            ipv4=IPv4Address(subnet[n + 2]),
        )
        names = (f"c{n}", *(("crowd",) if n < 20 else ()), *(("aservicewithalongname",) if n == 7 else ()))
        endpoints[key, network.id] = EndpointRecord(
            id=f"{n:064x}", network=network.id, container=key, endpoint=endpoint, names=names, order=n
        )
    return State(networks={network.id: network}, containers=containers, endpoints=endpoints), f"{1:064x}"


async def _rates(helper: Helper, kinds: list[str], rounds: int) -> dict[str, list[Rate]]:
    from dataplane.daemon.names.dns import Resolver

    state, container = _state()
    resolver = Resolver(helper)
    resolver.follow(state)
    namespace = helper.create_namespace("asked")
    await resolver.open({container: namespace})
    found: dict[str, list[Rate]] = {kind: [] for kind in kinds}
    try:
        for _ in range(rounds):
            for kind in kinds:
                words = ("nsenter", f"--net={namespace.path}", sys.executable, "-m", "bench.nameserver", kind, str(SECONDS))
                client = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
                assert client.stdout is not None
                if await client.stdout.readline() != b"begin\n":
                    raise RuntimeError(f"{kind}: the client did not begin")
                before = time.process_time()
                answers, seconds = (await client.stdout.readline()).split()
                found[kind].append(Rate(int(answers), float(seconds), time.process_time() - before))
                await client.wait()
    finally:
        await resolver.stop()
        await asyncio.to_thread(helper.remove_namespace, namespace)
    return found


def run(kinds: list[str] | None = None, rounds: int = ROUNDS) -> dict[str, list[Rate]]:
    """The rates by kind of question. Needs root."""
    import os

    from dataplane.proc.helper import Helper

    with TemporaryDirectory(prefix="bench-dns-") as base:
        folder = Path(base) / f"bench-dns-{os.getpid()}"
        folder.mkdir(mode=0o700)
        helper = Helper.start(folder.name, folder)
        try:
            return asyncio.run(_rates(helper, kinds or list(KINDS), rounds))
        finally:
            helper.close()
            _end(folder)


def _end(folder: Path) -> None:
    from dataplane.proc import pids

    if body := pids.read_json(str(folder / "helper.json")):
        pids.kill(body["pid"], body["start"])


def table(found: dict[str, list[Rate]]) -> Table:
    """The medians."""
    made = Table(
        f"embedded DNS: answers a second (aim: {GOAL} on one core)",
        ("question", "a second", "a second of CPU", "us of CPU each"),
        notes=[
            f"medians of {len(next(iter(found.values())))} times {SECONDS} s; {CONTAINERS} containers; {WINDOW} questions at once",
            "port 53 is redirected in the namespace and every question is logged; the asker runs on the other core",
        ],
        raw={kind: [[r.answers, r.seconds, r.cpu] for r in rates] for kind, rates in found.items()},
    )
    for kind, rates in found.items():
        wall = statistics.median(r.answers / r.seconds for r in rates)
        core = statistics.median(r.answers / r.cpu for r in rates)
        made.rows.append((f"{kind}: {KINDS[kind]}", f"{wall:.0f}", f"{core:.0f}", f"{1e6 / core:.1f}"))
    return made


if __name__ == "__main__":
    ask(sys.argv[1], float(sys.argv[2]))
