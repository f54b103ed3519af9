"""``dataplane demo vxlan``: two hosts, two labs, one overlay; one ping is followed through its six stages, octet by octet."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from dataplane import drawing, live
from dataplane.cli import vtep as vtep_table
from dataplane.compose import load
from dataplane.demo import octets
from dataplane.demo.hosts import Hosts, Watch, sent_by
from dataplane.demo.page import Page
from dataplane.demo.stage import free_name, packaged, removed_afterwards, run, start
from dataplane.drivers import wire
from dataplane.errors import UserError
from dataplane.plan import make_plan

if TYPE_CHECKING:
    from dataplane.live.client import Client
    from dataplane.model import Topology

WIRE = ("192.168.50.1/24", "192.168.50.2/24")
VTEPS = ("192.0.2.2", "192.0.2.6")
NETWORKS = ("192.0.2.0/30", "192.0.2.4/30")
RANGES = ("10.0.9.0/25", "10.0.9.128/25")
FROM, TO = "10.0.9.1", "10.0.9.128"
PING = """
import socket, struct, sys
def checksum(octets):
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as raw:
    raw.settimeout(3)
    body = b"dataplane " * 4
    head = struct.pack("!BBHHH", 8, 0, 0, 7, 1)
    raw.sendto(struct.pack("!BBHHH", 8, 0, checksum(head + body), 7, 1) + body, (sys.argv[1], 0))
    while True:
        packet, (sender, _) = raw.recvfrom(2048)
        if packet[20] == 0 and sender == sys.argv[1]:
            print(f"{len(packet) - 20} bytes from {sender}: ttl={packet[8]}")
            break
"""


def play(page: Page) -> None:
    """All of it, on ``page``. UserError when this machine cannot."""
    if os.geteuid() != 0:
        raise UserError("two hosts need root", where="dataplane demo vxlan", mend="sudo dataplane demo vxlan", status=1)
    name = free_name("demo")
    names = (f"{name}-a", f"{name}-b")
    with Hosts((f"{name}-host-a", f"{name}-host-b"), WIRE, NETWORKS) as hosts:
        labs = tuple(_load(names[n], hosts.paths[n], n) for n in (0, 1))
        page.title("Two hosts, two labs, one overlay: VXLAN in userspace")
        _plan(page, labs[0])
        with ExitStack() as after:
            for lab in labs:
                after.enter_context(removed_afterwards(lab.name))
            clients = _start(page, hosts, labs)
            _meet(page, clients)
            _follow(page, hosts, labs, clients)
            _sum(page, clients)
            _end(page, labs)


def _load(name: str, path: str, n: int) -> Topology:
    words = {"HOST": path, "OURS": VTEPS[n], "THEIRS": VTEPS[1 - n], "RANGE": RANGES[n]}
    return load(packaged("vxlan.yaml"), name=name, environment={**os.environ, **words})


def _plan(page: Page, lab: Topology) -> None:
    page.step("The plan: one file, a lab on each host")
    page.say(
        "The overlay is one network with one subnet. Both labs know its VNI and each other's VTEP; each gives its services "
        "addresses of a range of its own. Nothing else is agreed on, and nobody else is asked."
    )
    page.output("\n".join(packaged("vxlan.yaml").read_text(encoding="utf-8").splitlines()[1:]))
    page.runs("dataplane graph vxlan.yaml")
    page.output(drawing.text(wire(make_plan(lab))))
    page.ok("A VTEP links the bridge to the underlay. Its MTU is the underlay's less 50: that is what VXLAN takes.")


def _start(page: Page, hosts: Hosts, labs: tuple[Topology, ...]) -> tuple[Client, ...]:
    page.step("Up: two hosts with a wire between them, and a lab on each")
    page.by_hand(hosts.steps, label="by hand, the hosts")
    clients = []
    for number, lab in enumerate(labs):
        words = f"HOST={hosts.paths[number]} OURS={VTEPS[number]} THEIRS={VTEPS[1 - number]} RANGE={RANGES[number]}"
        page.runs(f"{words} dataplane up --detach --lab {lab.name} vxlan.yaml")
        client, steps = start(lab)
        clients.append(client)
        if number == 0:
            page.by_hand((step["by_hand"] for step in steps if step["by_hand"]), label="by hand, what it did")
    device = f"ip -n {hosts.names[0]} link add vx0 type vxlan id 4097 local {VTEPS[0]} remote {VTEPS[1]} dstport 4789"
    page.by_hand([device], label="the VTEP, were it the kernel's")
    page.ok("Each VTEP is a station of its own behind a TAP of its host, which routes: as on any two machines.")
    return tuple(clients)


def _meet(page: Page, clients: tuple[Client, ...]) -> None:
    page.step("Before: who is where, learned by the first words")
    page.say(
        "The first packet asks everybody who has the address (ARP). The bridge floods the question: to services here, and by the "
        "VTEP to every peer. The answer comes from one of them, and from then on it is known behind which VTEP that station is."
    )
    status, said = run(clients[0], "web", _ping())
    page.runs(f"dataplane exec --lab {clients[0].name} web -- {_shown()}")
    page.output(said)
    if status != 0:
        raise UserError("the other side did not answer", where=_shown(), mend="see `dataplane drops` of both labs", status=1)
    _show_stations(page, clients[0])
    page.ok("The overlay's stations are entries of the same FDB as those here: a VTEP is one more port of the bridge.")


def _show_stations(page: Page, client: Client) -> None:
    page.runs(f"dataplane vtep net --lab {client.name}")
    rows = client.vteps("net")["overlays"]
    page.table("peers", vtep_table.PEERS, [vtep_table.peer_cells(row, peer) for row in rows for peer in row["peers"]])
    page.table("stations", vtep_table.STATIONS, [vtep_table.station_cells(each) for row in rows for each in row["stations"]])


def _follow(page: Page, hosts: Hosts, labs: tuple[Topology, ...], clients: tuple[Client, ...]) -> None:
    """Six stages of one ping: captured at five interfaces while it passes, and at the bridge by its table."""
    plans = [make_plan(lab) for lab in labs]
    taps = [plan.underlays["underlay"].name or "" for plan in plans]
    inside = [_namespace(client) for client in clients]
    places = (
        (inside[0], "eth0"),
        (hosts.paths[0], taps[0]),
        (hosts.paths[0], "wire"),
        (hosts.paths[1], taps[1]),
        (inside[1], "eth0"),
    )
    watches = [Watch(path, interface) for path, interface in places]
    try:
        run(clients[0], "web", _ping())
        wanted = partial(octets.is_ping, source=FROM, target=TO)
        source, ours, under, theirs, target = sent_by(watches, [wanted] * len(watches))
    finally:
        for watch in watches:
            watch.close()

    page.step("Stage 1 of 6, the source: an ordinary frame leaves an ordinary eth0")
    page.runs(f"dataplane exec --lab {labs[0].name} web -- {_shown()}")
    _show(page, inside[0], "eth0", source)
    page.ok(f"{len(source)} octets to {octets_mac(source)}: the service knows nothing of VXLAN.")

    page.step("Stage 2 of 6, the bridge: where is that station?")
    page.runs(f"dataplane fdb net --lab {labs[0].name}")
    rows = [(row["mac"], row["port"]) for row in clients[0].fdb("net")]
    page.table("stations", {"STATION": "left", "PORT": "left"}, rows)
    page.output(octets.shown(source[:14]))
    found = next((port for mac, port in rows if mac == octets_mac(source)), "")
    if not found.startswith("vtep "):
        raise UserError("the bridge does not know where the target is", mend="see `dataplane fdb net`", status=1)
    page.ok(f"One look-up of the first six octets: behind {found}. The bridge changes no octet.")

    page.step("Stage 3 of 6, the VTEP: fifty octets in front")
    _show(page, hosts.paths[0], taps[0], ours, source)
    port = int.from_bytes(ours[34:36], "big")
    _same(octets.inner(ours), source)
    page.ok(
        f"{len(ours)} octets: Ethernet to the next hop, IPv4 with DF set, UDP from port {port} (a hash of the inner flow, so that "
        "routers spread flows and keep each in order), VXLAN with flag I and VNI 00 10 01. The inner frame lies where it was: no "
        "octet of it moved."
    )

    page.step("Stage 4 of 6, the underlay: one more UDP datagram")
    _show(page, hosts.paths[0], "wire", under, ours)
    _same(octets.inner(under), source)
    page.ok(f"The host routed it: other MACs, time to live {under[22]}. Nothing on the way needs to know what it carries.")

    page.step("Stage 5 of 6, the remote VTEP: fifty octets less")
    _show(page, hosts.paths[1], taps[1], theirs, under)
    _same(octets.inner(theirs), source)
    page.ok(
        "Addressed to it, port 4789, a VNI that it has, from a peer: the inner frame enters the bridge by the port of that peer."
    )

    page.step("Stage 6 of 6, the target: the same frame")
    _show(page, inside[1], "eth0", target)
    _same(target, source)
    page.ok(f"All {len(target)} octets as at the source, compared by this demonstration: one network on two hosts.")


def _show(page: Page, path: str, interface: str, frame: bytes, before: bytes | None = None) -> None:
    """The captured octets; what is other than at the stage before has an arrow."""
    inside = f"ip netns exec {Path(path).name}" if path.startswith("/run/netns/") else f"nsenter --net={path}"
    page.by_hand([f"{inside} tcpdump -xx -c 1 -i {interface}"])
    page.output(octets.shown(frame, octets.changes(before, frame) if before is not None else frozenset()))


def _same(one: bytes, other: bytes) -> None:
    if one != other:
        raise UserError("the frame did not come through as it was", mend="this is a bug; please report it", status=1)


def octets_mac(frame: bytes) -> str:
    """The station that a frame is for."""
    return frame[:6].hex(":")


def _sum(page: Page, clients: tuple[Client, ...]) -> None:
    page.step("What the VTEPs counted")
    for client in clients:
        found = client.vteps()
        page.runs(f"dataplane vtep --lab {client.name}")
        page.table(
            "peers", vtep_table.PEERS, [vtep_table.peer_cells(row, peer) for row in found["overlays"] for peer in row["peers"]]
        )
        counted = found["counters"]["vtep"]
        names = ("encapsulated", "decapsulated", "replicated", "bytes_copied")
        page.output(", ".join(f"{counted[name]:,} {name}" for name in names))
    page.ok("bytes_copied stays 0 for frames to one station: the headers are written into the room in front of the frame.")


def _end(page: Page, labs: tuple[Topology, ...]) -> None:
    page.step("Down: nothing is left")
    for lab in labs:
        page.runs(f"dataplane down --lab {lab.name}")
        live.down(lab.name)
        if Path(f"/run/netns/{lab.name}-web").exists() or any(each.name == lab.name for each in live.labs()):
            raise UserError(f"something is left of lab {lab.name}", mend=f"dataplane down --lab {lab.name}", status=1)
    page.ok("No namespace, TAP, process or sysctl of the labs remains; the hosts end with this line.")


def _ping() -> list[str]:
    return ["ping", "-c", "1", "-W", "3", TO] if shutil.which("ping") else [sys.executable, "-c", PING, TO]


def _shown() -> str:
    return " ".join(_ping()) if shutil.which("ping") else f"python: ping {TO} once (ping is not installed)"


def _namespace(client: Client) -> str:
    return next(row["namespace"] for row in client.ps() if row["name"] == "web")
