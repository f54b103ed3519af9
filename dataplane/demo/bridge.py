"""``dataplane demo bridge``: two namespaces, one learning bridge, ping and TCP."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from dataplane import drawing, live
from dataplane.cli import fdb as fdb_table
from dataplane.cli.output import Styled
from dataplane.cli.units import bit_rate, octets
from dataplane.compose import load
from dataplane.demo.page import Page
from dataplane.demo.stage import free_name, packaged, removed_afterwards, run, start
from dataplane.demo.transfer import transfer
from dataplane.drivers import wire
from dataplane.errors import UserError
from dataplane.plan import make_plan

if TYPE_CHECKING:
    from dataplane.live.client import Client
    from dataplane.looking.rows import FdbRow
    from dataplane.model import Topology

AGEING_S = 3
TRANSFER_S = 2.0
WEB = "10.10.0.2"
CONNECT = """
import socket, sys, time
begin = time.monotonic()
try:
    socket.create_connection((sys.argv[1], 7), timeout=2).close()
except ConnectionRefusedError:
    pass
print(f"{sys.argv[1]} answered in {(time.monotonic() - begin) * 1e3:.2f} ms")
"""


def play(page: Page) -> None:
    """All of it, on ``page``. UserError when this machine cannot."""
    topology = load(packaged("bridge.yaml"), name=free_name("demo"))
    page.title("Two namespaces, one learning bridge, in userspace")
    _plan(page, topology)
    with removed_afterwards(topology.name):
        client = _start(page, topology)
        _look(page, client)
        _before(page, client)
        _ping(page, client)
        _forget(page, client)
        _send(page, client)
        _end(page, topology)


def _plan(page: Page, topology: Topology) -> None:
    page.step("The plan: a Compose file")
    page.say("Two services on one network. Commands run on this machine's files, so the image is `host`; there is none to pull.")
    page.output("\n".join(packaged("bridge.yaml").read_text(encoding="utf-8").splitlines()[1:]))
    page.runs("dataplane graph bridge.yaml")
    page.output(drawing.text(wire(make_plan(topology))))
    page.ok("Drawn from the same data that will be wired, without root.")


def _start(page: Page, topology: Topology) -> Client:
    page.step("Up: a namespace and a TAP for each service")
    page.say(
        "A TAP has two ends: an interface inside the namespace, and a file descriptor, which our engine reads and writes. "
        "It takes the place of a veth pair; the bridge is not a kernel device but a node of the engine."
    )
    page.runs(f"dataplane up --detach --verbose --lab {topology.name} bridge.yaml")
    client, steps = start(topology)
    page.by_hand(step["by_hand"] for step in steps if step["by_hand"])
    page.by_hand(["ip link add front type bridge"], label="the bridge, were it the kernel's")
    page.ok(f"{topology.name} is up, the engine runs with seed {client.lab()['seed']}.")
    return client


def _look(page: Page, client: Client) -> None:
    page.step("Inside a namespace: an ordinary machine with an ordinary eth0")
    page.runs("dataplane exec client -- ip -brief address")
    page.by_hand([f"{_inside(client)} ip -brief address"])
    page.output(run(client, "client", ["ip", "-brief", "address"])[1] if shutil.which("ip") else "(iproute2 is not installed)")


def _before(page: Page, client: Client) -> None:
    page.step("Before: the bridge knows nobody")
    page.say("Each interface announced itself when it came up; the bridge has forgotten that by now.")
    _until(lambda: not client.fdb("front"), AGEING_S + 2)
    _show_stations(page, client, [])
    page.by_hand(["bridge fdb show br front"], label="by hand, on a kernel bridge")
    page.ok("A frame to an address it does not know would leave through every other port: a flood (IEEE 802.1D, 7.7).")


def _ping(page: Page, client: Client) -> None:
    page.step("Ping: the bridge learns")
    if shutil.which("ping"):
        command = ["ping", "-c", "3", "-i", "0.2", WEB]
        shown = " ".join(command)
    else:
        command = [sys.executable, "-c", CONNECT, WEB]
        shown = f"python: connect to {WEB} (ping is not installed)"
    before = client.fdb("front")
    page.runs(f"dataplane exec client -- {shown}")
    page.by_hand([f"{_inside(client)} {shown}"])
    status, said = run(client, "client", command)
    page.output(said)
    if status != 0:
        raise UserError("web did not answer", where=shown, mend="`dataplane doctor` looks at this machine", status=1)
    _show_stations(page, client, before)
    page.ok(
        "The first frame was an ARP request to everybody: the bridge noted that its sender is at client.front and flooded it. "
        "The answer taught it where web is; from then on each frame went to one port only."
    )


def _forget(page: Page, client: Client) -> None:
    page.step(f"Silence: after {AGEING_S} seconds the bridge forgets")
    before = client.fdb("front")
    page.say(f"The file sets driver_opts dataplane.ageing to {AGEING_S} (300 is the default). Nobody speaks, so let us wait.")
    if not _until(lambda: not client.fdb("front"), AGEING_S * 3):
        raise UserError("the bridge still knows a station that has been silent", status=1)
    _show_stations(page, client, before)
    page.ok("Only what a station sends refreshes its entry, never what is sent to it (IEEE 802.1D, 7.9.2).")


def _send(page: Page, client: Client) -> None:
    page.step("TCP through the engine")
    page.say("TCP crosses as super-frames of up to 64 KiB, one read and one write each: that is what makes a TAP fast.")
    done = transfer(client, "client", "web", WEB, TRANSFER_S)
    page.runs(f"dataplane exec client -- {done.command}")
    page.by_hand([f"{_inside(client)} {done.command}"])
    page.output(f"{octets(done.octets)} in {done.seconds:.1f} s: {bit_rate(done.octets / done.seconds)}")
    rows = [
        (row["port"], row["sent_frames"], octets(row["sent_octets"]), row["received_frames"]) for row in client.stats(interval=0)
    ]
    page.table("dataplane stats", {"PORT": "left", "SENT": "right", "OCTETS": "right", "RECEIVED": "right"}, rows)
    losses = [(row["where"], row["frames"], row["reason"]) for row in client.drops()]
    page.table("dataplane drops", {"AT": "left", "FRAMES": "right", "REASON": "left"}, losses)
    page.ok("Every frame that came in is accounted for: it left, or the table above names why not.")


def _end(page: Page, topology: Topology) -> None:
    page.step("Down: nothing is left")
    page.runs(f"dataplane down --lab {topology.name}")
    if os.geteuid() == 0:
        page.by_hand(f"ip netns delete {topology.name}-{service}" for service in topology.services)
    else:
        page.say("The namespaces of an ordinary user end with the processes in them.")
    live.down(topology.name)
    left = [name for name in topology.services if Path(f"/run/netns/{topology.name}-{name}").exists()]
    if left or any(lab.name == topology.name for lab in live.labs()):
        mend = f"dataplane down --lab {topology.name}"
        raise UserError(f"something is left of lab {topology.name}: {', '.join(left)}", mend=mend, status=1)
    page.ok("No namespace, TAP, process or file of it remains.")


def _inside(client: Client) -> str:
    """The words before a command that make it run inside the service `client`; an ordinary user's labs have no `ip netns` name."""
    path = next(row["namespace"] for row in client.ps() if row["name"] == "client")
    if path.startswith("/run/netns/"):
        return f"ip netns exec {path.removeprefix('/run/netns/')}"
    return f"nsenter --user={path.rsplit('/', 2)[0]}/ns/user --preserve-credentials --net={path}"


def _show_stations(page: Page, client: Client, before: list[FdbRow]) -> None:
    """The FDB now; what is new in it stands out, what has gone is named."""
    now = client.fdb("front")
    known = {row["mac"] for row in before}
    rows = [
        tuple(Styled(str(cell), "bold green" if row["mac"] not in known else "") for cell in fdb_table.cells(row)) for row in now
    ]
    page.runs("dataplane fdb front")
    if known:
        page.table("before", fdb_table.COLUMNS, [fdb_table.cells(row) for row in before])
        page.table("now", fdb_table.COLUMNS, rows)
    else:
        page.table("stations", fdb_table.COLUMNS, rows)


def _until(true: Callable[[], bool], seconds: float) -> bool:
    """Wait until it is true, ``seconds`` at most; whether it is."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True
