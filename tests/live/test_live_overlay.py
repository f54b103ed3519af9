"""Overlays between two labs, and with the kernel's vxlan device: real stacks at both ends, every kind of underlay."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hosts import HOST4, HOST6, OUTSIDE4, OUTSIDE6, assert_same, outside, sh, state
from labs import in_world, lab, ok, run, up, wait_for
from servers import PYTHON, TELLER

from dataplane import compose, live
from dataplane.errors import UserError
from dataplane.live.client import Client

pytestmark = [pytest.mark.live, pytest.mark.skipif(os.geteuid() != 0, reason="underlays of a host need root")]

VNI = "com.docker.network.driver.overlay.vxlanid_list"
EXAMPLES = Path(__file__).parents[2] / "examples"
PLACES = {"a": ("10.0.9.0/25", "10.0.9.2"), "b": ("10.0.9.128/25", "10.0.9.130")}
SIZE = 3_000_000
HOLDER = """
import socket, sys, time
held = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
held.bind((sys.argv[1], int(sys.argv[2])))
print("held", flush=True)
time.sleep(60)
"""


def half(name: str, underlay: str, more: str = "", options: str = "") -> str:
    """One lab of an overlay: a server at its end."""
    pool, address = PLACES[name]
    return f"""
services:
  {name}:
    image: host
    command: [{PYTHON}, -c, {json.dumps(TELLER)}, "80"]
    networks: {{net: {{ipv4_address: {address}}}}}
{more}
networks:
  net:
    driver: overlay
    driver_opts: {{{VNI}: "4097"{options}}}
    ipam: {{config: [{{subnet: 10.0.9.0/24, ip_range: {pool}}}]}}
x-dataplane:
  underlay: {underlay}
"""


def talk(one: Client, other: Client) -> None:
    """Ping at the full MTU and one more, TCP of some megabytes, both ways."""
    for client, name, target in ((one, "a", "10.0.9.130"), (other, "b", "10.0.9.2")):
        wait_for(lambda c=client, n=name, t=target: run(c, n, "curl", "-s", "-m", "2", f"http://{t}/")[0] == 0, "they talk")  # type: ignore[misc]
        mtu = int(re.search(r"mtu (\d+)", ok(client, name, "ip", "link", "show", "eth0"))[1])  # type: ignore[index]
        ok(client, name, "ping", "-c", "2", "-i", "0.1", "-W", "2", "-M", "do", "-s", str(mtu - 28), target)
        assert run(client, name, "ping", "-c", "1", "-W", "1", "-M", "do", "-s", str(mtu - 27), target)[0] != 0
        got = ok(client, name, "sh", "-c", f"curl -s -m 20 http://{target}/{SIZE} | sha256sum").split()[0]
        assert got == hashlib.sha256(block(SIZE)).hexdigest()


def block(size: int) -> bytes:
    from servers import BLOCK

    return (BLOCK * (size // len(BLOCK) + 1))[:size]


@contextmanager
def both(one: str, other: str) -> Iterator[tuple[Client, Client]]:
    with lab(one, "ova") as first, lab(other, "ovb") as second:
        yield first, second


@in_world()
def test_sockets_at_both_ends() -> None:
    """kind: udp: the hosts' own stacks route; both ends count, and a station is behind its VTEP."""
    ours = half("a", f"{{kind: udp, address: {HOST4}, peers: [{OUTSIDE4}]}}")
    theirs = half("b", f"{{kind: udp, netns: /run/netns/outside, address: {OUTSIDE4}, peers: [{HOST4}]}}")
    with outside(), both(ours, theirs) as (one, other):
        talk(one, other)
        (row,) = one.vteps("net")["overlays"]
        assert (row["kind"], row["local"], [peer["peer"] for peer in row["peers"]]) == ("udp", HOST4, [OUTSIDE4])
        assert [(s["mac"], s["peer"], s["given"]) for s in row["stations"]] == [("02:42:0a:00:09:82", OUTSIDE4, False)]
        assert ("02:42:0a:00:09:02", f"vtep {HOST4}") in {(each["mac"], each["port"]) for each in other.fdb("net")}
        assert row["moving"] == row["claims"] == one.vteps()["warnings"] == []


@in_world()
def test_sockets_over_ipv6() -> None:
    ours = half("a", f"{{kind: udp, address: '{HOST6}', peers: ['{OUTSIDE6}']}}")
    theirs = half("b", f"{{kind: udp, netns: /run/netns/outside, address: '{OUTSIDE6}', peers: ['{HOST6}']}}")
    with outside(), both(ours, theirs) as (one, other):
        talk(one, other)
        assert one.vteps()["overlays"][0]["mtu"] == 1430


@in_world()
def test_taps_of_both_hosts_and_nothing_left_on_them() -> None:
    """kind: tap: full frames, routed by the hosts; what was changed for it is changed back."""
    ours = half("a", "{kind: tap, address: 192.0.2.2/30, peers: [192.0.2.6]}")
    theirs = half("b", "{kind: tap, netns: /run/netns/outside, address: 192.0.2.6/30, peers: [192.0.2.2]}")
    with outside():
        sh(f"ip route add 192.0.2.4/30 via {OUTSIDE4}; ip -n outside route add 192.0.2.0/30 via {HOST4}")
        before = state()
        with both(ours, theirs) as (one, other):
            talk(one, other)
            assert "dpu-ova" in sh("ip -o link")
            assert one.vteps()["counters"]["vtep"]["encapsulated"] > 100
        assert_same(before, state())


@in_world()
def test_a_tap_is_told_once() -> None:
    """`up -v`: one step makes it, and what follows is about other things; by hand they do the same."""
    said: list[tuple[str, str, str]] = []
    topology = compose.load(half("a", "{kind: tap, address: 192.0.2.2/30}"), name="ova", text=True, environment={})
    with outside():
        try:
            live.up(
                topology, detach=True, verbose=True, on_step=lambda row: said.append((row["kind"], row["what"], row["by_hand"]))
            )
        finally:
            live.down("ova")
        (made,) = [row for row in said if "tuntap add dpu-ova" in row[2]]
        assert made[:2] == ("host", "interface dpu-ova, 192.0.2.1/30, the underlay")
        assert said[said.index(made) + 1][1] == "no IPv6 on dpu-ova"
        assert [row[1] for row in said if "address add 192.0.2.1/30" in row[2]] == [made[1]]
        for _kind, _what, by_hand in said[said.index(made) :][:2]:
            sh(by_hand)
        assert "192.0.2.1/30" in sh("ip -o address show dev dpu-ova")
        sh("ip link delete dpu-ova")


@in_world()
def test_a_tap_at_one_end_and_sockets_at_the_other() -> None:
    """What a socket sends in one piece comes to a TAP in one piece (UDP_SEGMENT over a veth), and is taken apart there."""
    ours = half("a", f"{{kind: tap, address: 192.0.2.2/30, peers: [{OUTSIDE4}]}}")
    theirs = half("b", f"{{kind: udp, netns: /run/netns/outside, address: {OUTSIDE4}, peers: [192.0.2.2]}}")
    with outside():
        sh(f"ip -n outside route add 192.0.2.0/30 via {HOST4}")
        with both(ours, theirs) as (one, other):
            talk(one, other)
            assert one.drops() == other.drops() == []


@in_world()
def test_a_packet_socket_and_the_kernels_vxlan_device() -> None:
    """The VTEP is a station of its own on a real interface; at the other end is Linux. TCP at full MTU, both ways."""
    ours = half(
        "a", f"{{kind: packet, name: eth0, address: 198.51.100.7/24, peers: [{OUTSIDE4}]}}", options=", dataplane.inner_vlan: keep"
    )
    with outside(), lab(ours, "ova") as client:
        sh(f"ip -n outside link add vx0 mtu 1450 type vxlan id 4097 local {OUTSIDE4} remote 198.51.100.7 dstport 4789")
        sh("ip -n outside address add 10.0.9.130/24 dev vx0; ip -n outside link set vx0 up")
        wait_for(lambda: run(client, "a", "ping", "-c", "1", "-W", "1", "10.0.9.130")[0] == 0, "the kernel answers")
        ok(client, "a", "ping", "-c", "2", "-i", "0.1", "-W", "2", "-M", "do", "-s", "1422", "10.0.9.130")
        got = sh(f"ip netns exec outside curl -s -m 20 http://10.0.9.2/{SIZE} | sha256sum").split()[0]
        assert got == hashlib.sha256(block(SIZE)).hexdigest()
        assert client.vteps()["overlays"][0]["peers"][0]["peer"] == OUTSIDE4


@in_world()
def test_the_example_with_the_kernels_device_as_it_stands() -> None:
    """examples/overlay-kernel.yaml, by the commands that it says."""
    text = (EXAMPLES / "overlay-kernel.yaml").read_text(encoding="utf-8")
    commands = [line.removeprefix("#   ") for line in text.splitlines() if line.startswith("#   ")]
    with lab(text, "overlay-kernel") as client:
        for command in commands[1:4]:
            sh(command)
        assert commands[4].startswith("ping")
        wait_for(lambda: "1 received" in sh("ping -c 1 -W 1 10.0.9.2", check=False), "the service answers the host")
        assert client.vteps("net")["overlays"][0]["peers"][0]["stations"] == 1
        sh("ip link delete vx0")


@in_world()
def test_the_example_on_two_hosts_as_it_stands() -> None:
    """examples/overlay.yaml, on each host with the words that it says; the second host is a namespace."""
    text = (EXAMPLES / "overlay.yaml").read_text(encoding="utf-8")
    words = (
        {"OURS": HOST4, "THEIRS": OUTSIDE4, "RANGE": "10.0.9.0/25"},
        {"OURS": OUTSIDE4, "THEIRS": HOST4, "RANGE": "10.0.9.128/25"},
    )
    elsewhere = text.replace("    kind: udp ", "    netns: /run/netns/outside\n    kind: udp ")
    with outside():
        labs = [
            compose.load(file, name=f"ov{n}", text=True, environment=environment)
            for n, (file, environment) in enumerate(zip((text, elsewhere), words, strict=True))
        ]
        try:
            for each in labs:
                assert live.up(each, detach=True) == 0
            ok(live.find(lab="ov0"), "web", "ping", "-c", "3", "-i", "0.1", "-W", "2", "10.0.9.128")
        finally:
            for each in labs:
                live.down(each.name)


@in_world()
def test_a_multicast_group_instead_of_peers() -> None:
    """Nobody is named: ARP goes to the group, and who answers is heard of."""
    group = ", dataplane.group: 239.1.1.1"
    ours = half("a", f"{{kind: udp, address: {HOST4}}}", options=group)
    theirs = half("b", f"{{kind: udp, netns: /run/netns/outside, address: {OUTSIDE4}}}", options=group)
    with outside(), both(ours, theirs) as (one, other):
        talk(one, other)
        (row,) = one.vteps()["overlays"]
        assert (row["group"], [(peer["peer"], peer["kind"]) for peer in row["peers"]]) == ("239.1.1.1", [(OUTSIDE4, "heard")])


@in_world()
def test_peers_and_options_change_while_it_runs() -> None:
    """No service notices; a peer that goes takes its stations along."""
    ours = half("a", f"{{kind: udp, address: {HOST4}, peers: [{OUTSIDE4}]}}")
    theirs = half("b", f"{{kind: udp, netns: /run/netns/outside, address: {OUTSIDE4}, peers: [{HOST4}]}}")
    with outside(), both(ours, theirs) as (one, other):
        talk(one, other)
        pid = next(row["pid"] for row in one.ps())
        said: list[str] = []
        more = half("a", f"{{kind: udp, address: {HOST4}, peers: [198.51.100.77, {OUTSIDE4}]}}", options=", dataplane.ttl: 9")
        live.up(
            compose.load(more, name="ova", text=True, environment={}), detach=True, on_step=lambda row: said.append(row["what"])
        )
        assert [words for words in said if words[:1] in "+-~"] == [
            "~ vtep -- bridge net: ttl 64 -> 9",
            "+ peer 198.51.100.77 of net (address 198.51.100.77, flood)",
        ]
        talk(one, other)
        assert next(row["pid"] for row in one.ps()) == pid
        assert [peer["peer"] for peer in one.vteps()["overlays"][0]["peers"]] == [OUTSIDE4, "198.51.100.77"]
        # Another underlay for the same overlay: the services stay too.
        moved = half("a", "{kind: packet, name: eth0, address: 198.51.100.7/24, peers: [198.51.100.2]}")
        live.up(compose.load(moved, name="ova", text=True, environment={}), detach=True)
        told = half("b", f"{{kind: udp, netns: /run/netns/outside, address: {OUTSIDE4}, peers: [198.51.100.7]}}")
        live.up(compose.load(told, name="ovb", text=True, environment={}), detach=True)
        talk(one, other)
        assert next(row["pid"] for row in one.ps()) == pid


@in_world()
def test_programmed_endpoints_alone() -> None:
    """Without learning: known endpoints by the file, and ARP for them answered at home; nobody else."""
    options = ", dataplane.learning: 'false', dataplane.permitted_only: 'true'"
    peer = "{{address: {}, endpoints: [{}]}}"
    ours = half("a", f"{{kind: udp, address: {HOST4}, peers: [{peer.format(OUTSIDE4, '10.0.9.130')}]}}", options=options)
    theirs = half(
        "b",
        f"{{kind: udp, netns: /run/netns/outside, address: {OUTSIDE4}, peers: [{peer.format(HOST4, '10.0.9.2')}]}}",
        options=options,
    )
    with outside(), both(ours, theirs) as (one, other):
        talk(one, other)
        assert one.vteps()["counters"]["vtep"]["answered"] > 0
        assert run(one, "a", "ping", "-c", "1", "-W", "1", "10.0.9.200")[0] != 0


@in_world()
def test_a_taken_port_names_who_has_it() -> None:
    ours = half("a", f"{{kind: udp, address: {HOST4}, peers: [{OUTSIDE4}]}}")
    with outside():
        with subprocess.Popen([PYTHON, "-c", HOLDER, HOST4, "4789"], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            with pytest.raises(UserError, match="UDP port 4789 is taken") as caught:
                up(ours, "ova")
            assert f"process {process.pid} (" in caught.value.what
            process.kill()
        sh("ip link add vx0 type vxlan id 1 dstport 4789; ip link set vx0 up")
        with pytest.raises(UserError, match="the kernel's vxlan device vx0 has it"):
            up(ours, "ova")
        sh("ip link delete vx0")


WRONG = {
    "{kind: udp, address: 192.0.2.99, peers: [192.0.2.98]}": "the host has no address 192.0.2.99",
    f"{{kind: tap, address: {HOST4}/25, peers: [192.0.2.98]}}": f"{HOST4} is the host's own address, on eth0",
    f"{{kind: packet, name: eth0, address: {HOST4}/24, peers: [{OUTSIDE4}]}}": f"{HOST4} is the host's own address, on eth0",
    "{kind: packet, name: eth7, address: 198.51.100.7/24}": "no packet socket on the interface 'eth7'",
    "{kind: tap, name: eth0, address: 192.0.2.2/30}": "the host has an interface eth0 already",
    "{kind: udp, netns: /run/netns/nowhere, address: 192.0.2.2}": "nowhere",
}


@in_world()
def test_underlays_that_cannot_be() -> None:
    """Each says what and where, and leaves nothing."""
    with outside():
        before = state()
        for underlay, words in WRONG.items():
            with pytest.raises(UserError) as caught:
                up(half("a", underlay), "ova")
            assert words in str(caught.value), str(caught.value)
            assert caught.value.mend or "netns" in underlay
        assert_same(before, state())


@in_world()
def test_a_way_that_is_too_narrow_is_said() -> None:
    """At `up`, in `vtep` and by `doctor`."""
    said: list[str] = []
    text = half("a", f"{{kind: udp, address: {HOST4}, mtu: 9000, peers: [{OUTSIDE4}]}}")
    with outside():
        live.up(
            compose.load(text, name="ova", text=True, environment={}), detach=True, on_step=lambda row: said.append(row["what"])
        )
        try:
            words = "network net: its packets of 8950 octets leave by eth0 as packets of 9000, and the MTU there is 1500"
            assert any(words in sentence for sentence in said)
            assert [words in sentence for sentence in Client(live.find(lab="ova").folder).vteps()["warnings"]] == [True]
            from dataplane.doctor import overlays

            (found,) = [finding for finding in overlays.examine() if finding.name == "lab ova"]
            assert (found.state, words in found.detail) == ("limited", True)
        finally:
            assert live.down("ova")


@in_world()
def test_killed_it_leaves_nothing_of_an_underlay() -> None:
    """kill -9 of the lab process: `down` restores what the TAP needed of the host."""
    text = half("a", "{kind: tap, address: 192.0.2.2/30, peers: [198.51.100.2]}")
    with outside():
        before = state()
        client = up(text, "ova")
        with suppress(ProcessLookupError):
            os.kill(client.lab()["pid"], 9)
        assert live.down("ova")
        assert_same(before, state())


@in_world(user=True)
def test_an_ordinary_user_has_no_interfaces_for_an_underlay() -> None:
    """Sockets need no root, only an address of the host, which has none here."""
    for kind in ("tap", "packet"):
        with pytest.raises(UserError, match=f"an underlay of kind {kind} needs root"):
            up(half("a", f"{{kind: {kind}, name: eth9, address: 192.0.2.2/30}}"), "ova")
    with pytest.raises(UserError, match=r"the host has no address 192\.0\.2\.2"):
        up(half("a", "{kind: udp, address: 192.0.2.2}"), "ova")
