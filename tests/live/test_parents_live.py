"""macvlan, ipvlan and VLANs in labs: a veth is the parent, real programs on all sides (DOCKER.md 1.1; issue 5, drivers)."""

from __future__ import annotations

import json
import os
import re
import threading

import pytest
from hosts import HOST4, HOST6, OUTSIDE, OUTSIDE4, OUTSIDE6, assert_same, outside, sh, state
from labs import in_world, lab, ok, run, up, wait_for
from servers import PYTHON, TELLER
from test_live_uplink import change, killed

from dataplane import live
from dataplane.errors import UserError
from dataplane.live.client import Client
from dataplane.live.rows import StepRow

pytestmark = [pytest.mark.live, pytest.mark.skipif(os.geteuid() != 0, reason="a parent needs root")]

SERVER = f"image: host, command: [{PYTHON}, -c, {json.dumps(TELLER)}, '80']"
NET4 = "{subnet: 198.51.100.0/24, gateway: 198.51.100.2, ip_range: 198.51.100.64/26}"
NET6 = "{subnet: '2001:db8:51::/64', gateway: '2001:db8:51::2', ip_range: '2001:db8:51:0:5::/80'}"


def text(driver: str, options: str = "", services: tuple[str, ...] = ("a", "b"), more: str = "") -> str:
    """Services on the network that eth0 and the world behind it are on: 198.51.100.64 and up, 2001:db8:51:0:5:: and up."""
    rows = "\n".join(f"  {name}: {{{SERVER}, networks: [lan]}}" for name in services)
    return f"""
services:
{rows}
networks:
  lan:
    driver: {driver}
    enable_ipv6: true
    driver_opts: {{parent: eth0{options}}}
    ipam: {{config: [{NET4}, {NET6}]}}
{more}
"""


def address(client: Client, service: str, version: int = 4) -> str:
    """Of its first interface, as its own kernel has it."""
    rows = json.loads(ok(client, service, "ip", "-j", f"-{version}", "address", "show", "dev", "eth0", "scope", "global"))
    return str(rows[0]["addr_info"][0]["local"])


def pings(client: Client, service: str, target: str) -> bool:
    status, out = run(client, service, "ping", "-c", "2", "-i", "0.1", "-W", "1", target)
    assert "DUP!" not in out, out
    return status == 0


def pinged(target: str, where: str = OUTSIDE) -> bool:
    inside = f"ip netns exec {where} " if where else ""
    out = sh(f"{inside}ping -c 2 -i 0.1 -W 1 {target}", check=False)
    assert "DUP!" not in out, out
    return " 2 received" in out


def fetched(url: str, where: str = OUTSIDE) -> str:
    return sh(f"ip netns exec {where} curl -s -m 5 {url}")


@in_world()
def test_macvlan_services_are_stations_of_the_network() -> None:
    """Siblings, the network and its router; both families; addresses of their own; not the host, both ways; nothing is left."""
    with outside():
        before = state()
        with lab(text("macvlan"), "stations") as client:
            a, b = address(client, "a"), address(client, "b")
            assert (a, b) == ("198.51.100.64", "198.51.100.65")
            for target in (b, OUTSIDE4, OUTSIDE6, address(client, "b", 6)):
                assert pings(client, "a", target), target
            for target in (HOST4, HOST6):
                assert not pings(client, "a", target), target
            assert pinged(a) and pinged(address(client, "b", 6))
            assert not pinged(a, "")
            # Nobody translates: the server sees the client's own address.
            assert fetched(f"http://{a}/") == OUTSIDE4
            assert ok(client, "a", "curl", "-s", f"http://{b}/") == a
            macs = sh(f"ip -n {OUTSIDE} neighbour show dev eth0")
            assert "02:42:c6:33:64:40" in macs
            route = ok(client, "a", "ip", "route", "show", "default")
            assert route.split()[:5] == ["default", "via", OUTSIDE4, "dev", "eth0"]
        assert_same(before, state())


@in_world()
def test_macvlan_modes() -> None:
    """private and vepa siblings do not talk here, and reach the world; passthru: one service, whatever the address."""
    with outside():
        for mode in ("private", "vepa"):
            with lab(text("macvlan", f", macvlan_mode: {mode}"), "stations") as client:
                assert not pings(client, "a", address(client, "b"))
                assert pings(client, "a", OUTSIDE4)
                assert pings(client, "b", OUTSIDE4)
        with lab(text("macvlan", ", macvlan_mode: passthru", ("a",)), "stations") as client:
            assert pings(client, "a", OUTSIDE4)
            ok(client, "a", "ip", "link", "set", "eth0", "address", "02:00:00:00:00:77")
            assert pings(client, "a", OUTSIDE4)


@in_world()
def test_dockers_words_for_what_cannot_be() -> None:
    """DOCKER.md 1.1 and 1.8."""
    wrong = {
        text("macvlan").replace("eth0", "nosuch"): "invalid subinterface vlan name nosuch, example formatting is eth0.10",
        text("macvlan").replace("eth0", "nosuch.7"): "-o parent interface was not found on the host: nosuch",
        text("macvlan", ", macvlan_mode: bogus"): (
            "requested macvlan mode 'bogus' is not valid, 'bridge' mode is the macvlan driver default"
        ),
        text("macvlan", ", macvlan_mode: passthru"): "failed to create the macvlan port: invalid argument",
        text("ipvlan").replace("eth0", "lo"): "loopback interface is not a valid ipvlan parent link",
    }
    with outside():
        before = state()
        for written, words in wrong.items():
            with pytest.raises(UserError) as error:
                up(written, "wrong")
            assert error.value.what == words
            assert live.labs() == []
        assert_same(before, state())


@in_world()
def test_ipvlan_services_share_the_parents_mac() -> None:
    """l2: siblings, the network, both families; one MAC; the host's own stack, which forwards, keeps out of it."""
    with outside():
        sh("sysctl -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1")
        before = state()
        with lab(text("ipvlan"), "sharing") as client:
            mine = re.search(r"link/ether (\S+)", sh("ip link show eth0"))
            assert mine is not None
            assert mine[1] in ok(client, "a", "ip", "link", "show", "eth0")
            a, b = address(client, "a"), address(client, "b")
            for target in (b, OUTSIDE4, address(client, "b", 6), OUTSIDE6):
                assert pings(client, "a", target), target
            assert pinged(a) and pinged(b) and pinged(address(client, "a", 6))
            assert not pings(client, "a", HOST4)
            assert fetched(f"http://{b}/") == OUTSIDE4
            assert pinged(HOST4)  # who is there beside them
            table = sh("nft list table netdev dataplane-sharing.parent.lan")
            for one in (a, b, address(client, "b", 6)):
                assert one in table
            counts = [int(n) for n in re.findall(r"counter packets (\d+)", table)]
            assert len(counts) == 3
            assert all(counts), table
        assert_same(before, state())


@in_world()
def test_addresses_are_given_back_to_the_host_after_kill_9() -> None:
    """The table outlives its lab process, and the next down or up takes it back."""
    with outside():
        before = state()
        up(text("ipvlan"), "sharing")
        killed("sharing")
        assert "dataplane-sharing.parent.lan" in sh("nft list tables")
        assert live.down("sharing")
        assert_same(before, state())
        up(text("ipvlan"), "sharing")
        killed("sharing")
        up(text("macvlan"), "sharing")  # over what was left
        assert "netdev" not in sh("nft list tables")
        assert live.down("sharing")
        assert_same(before, state())


L3 = """
services:
  a: {%s, networks: [lan]}
  b: {%s, networks: [lan]}
networks:
  lan:
    driver: ipvlan
    enable_ipv6: true
    driver_opts: {parent: eth0, ipvlan_mode: %s%s}
    ipam: {config: [{subnet: 10.80.0.0/24}, {subnet: 'fd80::/64'}]}
"""


@pytest.mark.parametrize("mode", ["l3", "l3s"])
def test_ipvlan_l3(mode):
    """No broadcasts, no gateway: `default dev eth0`; the world reaches a subnet of its own by the parent's address."""

    @in_world()
    def work() -> None:
        with outside():
            sh(f"ip -n {OUTSIDE} route add 10.80.0.0/24 via {HOST4}; ip -n {OUTSIDE} route add fd80::/64 via {HOST6}")
            sh(f"ip -n {OUTSIDE} address add 203.0.113.9/32 dev lo; ip route add default via {OUTSIDE4}")
            with lab(L3 % (SERVER, SERVER, mode, ""), "sharing") as client:
                assert ok(client, "a", "ip", "route", "show", "default").split()[:3] == ["default", "dev", "eth0"]
                assert "NOARP" in ok(client, "a", "ip", "link", "show", "eth0")
                a, b = address(client, "a"), address(client, "b")
                for target in (b, OUTSIDE4, "203.0.113.9", address(client, "b", 6), OUTSIDE6):
                    assert pings(client, "a", target), target
                assert pinged(a) and pinged(address(client, "b", 6))
                assert fetched(f"http://{b}/") == OUTSIDE4
                # Nothing is taken off the TTL on the way.
                assert re.search(r"ttl=64\b", ok(client, "a", "ping", "-c", "1", OUTSIDE4))
                assert not pings(client, "a", HOST4)
            with lab(L3 % (SERVER, SERVER, mode, ", ipvlan_flag: private"), "sharing") as client:
                assert not pings(client, "a", address(client, "b"))
                assert pings(client, "a", OUTSIDE4)

    work()


TRUNK = """
services:
  a: {%s, networks: [ten]}
  b: {%s, networks: [twenty]}
networks:
  ten: {driver: macvlan, driver_opts: {parent: eth0.10%s}, ipam: {config: [{subnet: 10.10.0.0/24, ip_range: 10.10.0.%s}]}}
  twenty: {driver: ipvlan, driver_opts: {parent: eth0.20%s}, ipam: {config: [{subnet: 10.20.0.0/24, ip_range: 10.20.0.%s}]}}
"""


@in_world()
def test_vlans_of_two_labs_meet_on_a_trunk() -> None:
    """Tags by the engines at both ends of a veth, in a kernel without 8021q: super-frames, whole octets, VLANs apart."""
    with outside():
        there = f", dataplane.parent_netns: /run/netns/{OUTSIDE}"
        near, far = (TRUNK % (SERVER, SERVER, more, part, more, part) for more, part in (("", "16/28"), (there, "128/25")))
        with lab(near, "near") as client, lab(far, "far") as other:
            for service in "ab":
                target = address(other, service)
                assert pings(client, service, target)
                asked = ("curl", "-s", "-m", "20", "-o", "/dev/null", "-w", "%{size_download}", f"http://{target}/50000000")
                assert ok(client, service, *asked) == "50000000"
                assert ok(other, service, "curl", "-s", f"http://{address(client, service)}/") == target
            # The other VLAN has another subnet; with an address of it, nobody answers.
            ok(client, "a", "ip", "address", "add", "10.20.0.99/24", "dev", "eth0")
            assert not pings(client, "a", address(other, "b"))
            words = f"ip netns exec {OUTSIDE} timeout 60 tcpdump -nel -i eth0 -c 4 vlan 20 and icmp"
            seen: list[str] = []
            heard = threading.Thread(target=lambda: seen.append(sh(words, check=False)), daemon=True)
            heard.start()
            while heard.is_alive():  # it may not listen yet
                pings(client, "b", address(other, "b"))
            heard.join()
            assert "vlan 20" in seen[0], seen
            assert pinged(HOST4)  # untagged frames are the host's, as before


@in_world()
def test_a_service_more_on_a_running_lab() -> None:
    """The parent stays open and takes in one address more; who runs notices nothing; and less again."""
    with outside(), lab(text("macvlan"), "stations") as client:
        a = address(client, "a")
        slow = sh(f"ip netns exec {OUTSIDE} ping -c 30 -i 0.1 -W 10 {a} > /run/pings & echo $!").strip()
        told: list[StepRow] = change(client, text("macvlan", services=("a", "b", "c")))
        assert any("~ port parent.lan: stations" in row["what"] for row in told if row["kind"] == "change"), told
        assert pinged(address(client, "c"))
        change(client, text("macvlan", services=("a",)))
        wait_for(lambda: not os.path.exists(f"/proc/{slow}"), "the pings end")  # noqa: PTH110
        out = open("/run/pings").read()  # noqa: PTH123, SIM115
        os.unlink("/run/pings")  # noqa: PTH108
        assert "30 received" in out, out
        told = change(client, text("ipvlan", services=("a",)))
        assert pinged(address(client, "a"))
        assert "dataplane-stations.parent.lan" in sh("nft list tables")
        change(client, text("macvlan", services=("a",)))
        assert "netdev" not in sh("nft list tables")
        # One for itself, from any address; and again not.
        change(client, text("macvlan", ", macvlan_mode: passthru", ("a",)))
        ok(client, "a", "ip", "link", "set", "eth0", "address", "02:00:00:00:00:77")
        assert pings(client, "a", OUTSIDE4)
        change(client, text("macvlan", services=("a",)))
        assert not pings(client, "a", OUTSIDE4)
        ok(client, "a", "ip", "link", "set", "eth0", "address", "02:42:c6:33:64:40")
        assert pings(client, "a", OUTSIDE4)


@in_world()
def test_a_parent_that_goes_down_and_comes_back() -> None:
    """The socket stays on it: told, and traffic resumes."""
    with outside(), lab(text("macvlan"), "stations") as client:
        assert pings(client, "a", OUTSIDE4)
        sh("ip link set eth0 down")
        assert not pings(client, "a", OUTSIDE4)
        assert pings(client, "a", address(client, "b"))
        sh("ip link set eth0 up")
        wait_for(lambda: pings(client, "a", OUTSIDE4), "traffic by the parent again")


@in_world(user=True)
def test_an_ordinary_user_has_networks_without_a_parent() -> None:
    """No outside: siblings as the mode has it. With a parent: said what it needs."""
    inside = text("macvlan").replace("parent: eth0", "")
    with lab(inside, "mine") as client:
        assert pings(client, "a", address(client, "b"))
        assert not pings(client, "a", OUTSIDE4)
    with pytest.raises(UserError, match="a parent interface needs root"):
        up(text("macvlan"), "mine")


@in_world()
def test_ports_are_not_published_and_internal_networks_have_no_way_out() -> None:
    """DOCKER.md 1.1: -p is ignored; internal: a dummy, and no default route."""
    with outside():
        written = text("macvlan").replace("networks: [lan]", "networks: [lan], ports: ['8080:80']", 1)
        with lab(written, "stations") as client:
            assert client.lab()["published"] == []
        inner = text("ipvlan").replace("driver: ipvlan", "driver: ipvlan\n    internal: true")
        with lab(inner, "sharing") as client:
            assert pings(client, "a", address(client, "b"))
            assert ok(client, "a", "ip", "route", "show", "default") == ""
            assert not pings(client, "a", OUTSIDE4)
            assert "netdev" not in sh("nft list tables")
