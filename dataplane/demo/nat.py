"""``dataplane demo nat``: two networks, a gateway, and a world that is reached and reaches in."""

from __future__ import annotations

import os
import shutil
import sys
import time
from typing import TYPE_CHECKING

from dataplane import drawing, live
from dataplane.cli import port as port_table
from dataplane.cli.output import Row, Styled
from dataplane.compose import load
from dataplane.demo import web
from dataplane.demo.page import Page
from dataplane.demo.stage import Background, free_name, packaged, removed_afterwards, run, start
from dataplane.demo.world import World
from dataplane.drivers import wire
from dataplane.errors import UserError
from dataplane.plan import make_plan

if TYPE_CHECKING:
    from dataplane.live.client import Client
    from dataplane.looking.rows import DropRow
    from dataplane.model import Topology

WORLD = "198.51.100.80"
OURS = "192.0.2.2"
WEB, CLIENT, DATABASE = "10.20.0.2", "10.20.0.3", "10.30.0.2"
PUBLISHED, CLOSED = 8080, 9999
FLOWS = {"PROTOCOL": "left", "SOURCE": "left", "TARGET": "left", "REPLIES FROM": "left", "REPLIES TO": "left"}
RULES = {"NETWORK": "left", "KIND": "left", "RULE": "left", "HITS": "right"}

ONE_HOP = """
import socket, struct, sys
probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
probe.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 1)
probe.setsockopt(socket.IPPROTO_IP, 11, 1)  # IP_RECVERR, ip(7)
probe.settimeout(2)
probe.connect((sys.argv[1], 33434))
probe.send(b"")
try:
    probe.recv(1)
except OSError:
    pass
_data, control, _flags, _from = probe.recvmsg(512, 512, 0x2000)  # MSG_ERRQUEUE
error = control[0][2]
print(f"from {socket.inet_ntoa(error[20:24])}: ICMP type {error[5]}, code {error[6]}: time to live exceeded in transit")
"""


def play(page: Page) -> None:
    """All of it, on ``page``. UserError when this machine cannot."""
    if os.geteuid() != 0:
        raise UserError("a world of its own needs root", where="dataplane demo nat", mend="sudo dataplane demo nat", status=1)
    name = free_name("demo")
    with World(f"{name}-world", WORLD) as world:
        topology = load(packaged("nat.yaml"), name=name, environment={**os.environ, "WORLD": world.path})
        page.title("Two networks, a gateway, and the world outside, in userspace")
        _plan(page, topology)
        with removed_afterwards(topology.name):
            client = _start(page, topology, world)
            _before(page, client)
            _isolation(page, client)
            _errors(page, client)
            _out(page, client, world)
            _in(page, client, world)
            _end(page, topology, world)


def _plan(page: Page, topology: Topology) -> None:
    page.step("The plan: two networks, one published port, a way out")
    page.say(
        "Each network gets a gateway, the first address of its subnet. The uplink is one more TAP: here in a namespace of the "
        "demonstration's own, which plays the host and the world; without `netns` it stands in the host's."
    )
    page.output("\n".join(packaged("nat.yaml").read_text(encoding="utf-8").splitlines()[1:]))
    page.runs("dataplane graph nat.yaml")
    page.output(drawing.text(wire(make_plan(topology))))
    page.ok("One router for all networks: tables of routes, flows and rules that it owns.")


def _start(page: Page, topology: Topology, world: World) -> Client:
    page.step("Up: the lab, and a world outside")
    page.by_hand(world.steps, label="by hand, the world")
    world.start(web.serve(80, "the world"), web.READY)
    page.runs(f"WORLD={world.path} dataplane up --detach --verbose --lab {topology.name} nat.yaml")
    client, steps = start(topology)
    page.by_hand(step["by_hand"] for step in steps if step["by_hand"])
    page.say("What the lab asks of the host, here of the world: routes to its networks, and a table of its own.")
    page.runs(f"ip -netns {world.name} route")
    page.output(world.run(["ip", "route"])[1])
    if shutil.which("nft"):
        page.runs(f"ip netns exec {world.name} nft list ruleset")
        page.output(world.run(["nft", "list", "ruleset"])[1])
    page.ok(
        f"{topology.name} is up. Forwarding aside, which is switched on by interface (sysctl), nothing else was changed outside "
        "the lab's own namespaces; all of it goes with the lab."
    )
    return client


def _before(page: Page, client: Client) -> None:
    page.step("Before: the rules, and nobody who has used them")
    page.runs("dataplane rules")
    _show_rules(page, client)
    page.runs("dataplane conntrack")
    client.forget_flows()
    page.table("connections", FLOWS, [])
    page.ok("The rules are compiled into tables: none is looked at again for a connection that is known.")


def _isolation(page: Page, client: Client) -> None:
    page.step("Isolation: another network's container cannot be reached")
    before = client.drops()
    command, shown = web.fetch(f"http://{DATABASE}/", seconds=1)
    page.runs(f"dataplane exec client -- {shown}")
    page.by_hand(["nft add rule inet filter forward iifname front oifname back drop"])
    status, said = run(client, "client", command)
    page.output(said)
    if status == 0:
        raise UserError("the database answered: networks are not isolated", status=1)
    _show_drops(page, client, before)
    page.ok("The gateway is both networks' own, and still it does not route between them: the drop has a name and a place.")


def _errors(page: Page, client: Client) -> None:
    page.step("ICMP errors: the gateway says why, and translates what others say")
    page.say("A packet that may make one hop more ends at the gateway, which says so to the sender (RFC 1812, 5.3.1).")
    if shutil.which("ping"):
        command = ["ping", "-c", "1", "-W", "2", "-t", "1", WORLD]
        shown = " ".join(command)
    else:
        command, shown = [sys.executable, "-c", ONE_HOP, WORLD], "python: a datagram with TTL 1 (ping is not installed)"
    page.runs(f"dataplane exec client -- {shown}")
    _status, said = run(client, "client", command)
    page.output(said)
    if "live exceeded" not in said.lower():
        raise UserError("the gateway did not say that the time to live was exceeded", where=shown, status=1)
    page.say(
        "A datagram to a closed port out there: the world's error quotes the packet as translated; the gateway finds the "
        "flow in the quote, and translates the error back, quote and all (RFC 5508, 4)."
    )
    command, shown = web.knock(WORLD, CLOSED)
    page.runs(f"dataplane exec client -- {shown}")
    _status, said = run(client, "client", command)
    page.output(said)
    if "refused" not in said.lower():
        raise UserError("the error from outside did not reach the client", where=shown, status=1)
    page.ok("The client's kernel took it for its own: addresses, ports and checksums of the quote were put back.")


def _out(page: Page, client: Client, world: World) -> None:
    page.step("Out: one address for all (SNAT)")
    before = _flows(client)
    command, shown = web.fetch(f"http://{world.address}/")
    page.runs(f"dataplane exec client -- {shown}")
    page.by_hand([f"nft add rule ip nat postrouting ip saddr 10.20.0.0/24 oifname uplink snat to {OURS}"])
    status, said = run(client, "client", command)
    page.output(said)
    if status != 0 or f"from {OURS} " not in said:
        raise UserError("the world did not answer, or saw another address than ours", where=said.strip()[:200], status=1)
    _show_flows(page, client, before)
    page.ok(f"The client is {CLIENT}; the world saw {OURS}. The reply's address in the table is where answers are expected.")


def _in(page: Page, client: Client, world: World) -> None:
    page.step("In: a published port (DNAT)")
    server = Background(client, "web", web.serve(80, "web"))
    if web.READY not in _said(server):
        raise UserError(f"the web server does not begin: {server.said()}", status=1)
    page.runs("dataplane port web")
    page.table("published ports", port_table.COLUMNS, list(port_table.lines(client.published())))
    before = _flows(client)
    command, shown = web.fetch(f"http://{world.address}:{PUBLISHED}/")
    page.runs(f"ip netns exec {world.name} {shown}")
    page.by_hand([f"nft add rule ip nat prerouting tcp dport {PUBLISHED} dnat to {WEB}:80"])
    status, said = world.run(command)
    page.output(said)
    if status != 0 or "web here" not in said:
        raise UserError("web did not answer at its published port", where=said.strip()[:200], status=1)
    _show_flows(page, client, before)
    _show_rules(page, client)
    page.ok("The target was translated, the source kept where the host allows it: web sees who asks.")


def _end(page: Page, topology: Topology, world: World) -> None:
    page.step("Down: nothing is left")
    page.runs(f"dataplane down --lab {topology.name}")
    page.by_hand([*(f"ip netns delete {topology.name}-{name}" for name in topology.services), f"ip netns delete {world.name}"])
    live.down(topology.name)
    if shutil.which("nft"):
        page.runs(f"ip netns exec {world.name} nft list ruleset")
        page.output(world.run(["nft", "list", "ruleset"])[1] or "(empty)")
    page.runs(f"ip -netns {world.name} -brief link")
    links = world.run(["ip", "-brief", "link"])[1]
    page.output(links)
    left = [line.split()[0] for line in links.splitlines() if not line.startswith("lo ")]
    if left or any(lab.name == topology.name for lab in live.labs()):
        mend = f"dataplane down --lab {topology.name}"
        raise UserError(f"something is left of lab {topology.name}: {', '.join(left)}", mend=mend, status=1)
    page.ok("No namespace, TAP, route, rule or sysctl of it remains; the world ends with this line.")


def _flows(client: Client) -> list[Row]:
    """A row for each: where replies come from and go to differs from target and source where addresses are translated."""
    return [
        (
            row["protocol"],
            f"{row['source']}:{row['source_port']}",
            f"{row['target']}:{row['target_port']}",
            f"{row['reply_source']}:{row['reply_source_port']}",
            f"{row['reply_target']}:{row['reply_target_port']}",
        )
        for row in client.flows()["flows"]
    ]


def _show_flows(page: Page, client: Client, before: list[Row]) -> None:
    """The connections before and now; what is new stands out."""
    page.runs("dataplane conntrack")
    page.table("before", FLOWS, before)
    rows = [row if row in before else tuple(Styled(str(cell), "bold green") for cell in row) for row in _flows(client)]
    page.table("now", FLOWS, rows)


def _show_rules(page: Page, client: Client) -> None:
    page.table("rules", RULES, [(row["network"], row["kind"], row["rule"], row["hits"]) for row in client.rules()])


def _show_drops(page: Page, client: Client, before: list[DropRow]) -> None:
    """What has been dropped since."""
    known = {(row["where"], row["reason"]): row["frames"] for row in before}
    rows = [
        (row["where"], row["frames"] - known.get((row["where"], row["reason"]), 0), row["reason"])
        for row in client.drops()
        if row["frames"] > known.get((row["where"], row["reason"]), 0)
    ]
    page.runs("dataplane drops")
    page.table("new drops", {"AT": "left", "FRAMES": "right", "REASON": "left"}, rows)


def _said(server: Background, seconds: float = 5.0) -> str:
    """What it has said when it is ready, or after so long."""
    deadline = time.monotonic() + seconds
    while web.READY not in server.said() and time.monotonic() < deadline:
        time.sleep(0.02)
    return server.said()
