"""The Subnet-Router anycast address (RFC 4291, 2.6.1): any router of the subnet answers to it, as Linux does."""

import pytest
from scapy.layers.inet6 import ICMPv6EchoReply, ICMPv6ND_NA, ICMPv6NDOptDstLLAddr, IPv6
from scapy.layers.l2 import Ether

from tests.gateway.errors import assert_echo_reply
from tests.gateway.neighbors import request
from tests.gateway.plan import MACS
from tests.gateway.world import World

ANYCAST = "fd00:a::"


@pytest.mark.row("L3-2")
def test_who_asks_for_it_is_answered():
    """RFC 4861, 7.2.4 and 7.2.7: from an address of ours alone, and without Override, because others may have it too."""
    world = World(6, nat=None, ask=True)
    out = [one for one in world.send_frames("a", request(world, "a", ANYCAST)) if one.port == "a"]
    wanted = (
        Ether(src=MACS["gw"], dst=MACS["a"])
        / IPv6(src=world.at("gw"), dst=world.at("a"), hlim=255)
        / ICMPv6ND_NA(R=1, S=1, O=0, tgt=ANYCAST)
        / ICMPv6NDOptDstLLAddr(lladdr=MACS["gw"])
    )
    assert [one.frame for one in out] == [bytes(wanted)]
    assert world.at("a") in {row["address"].item() for row in world.router.neighbors(world.now)}, "it asked for us: it is learned"


@pytest.mark.row("L3-2")
def test_a_probe_for_it_is_answered_to_all():
    """RFC 4862, 5.4.3: nobody's unicast address may be it."""
    world = World(6, nat=None, ask=True)
    (one,) = [one for one in world.send_frames("a", request(world, "a", ANYCAST, source="::")) if one.port == "a"]
    told = Ether(one.frame)
    assert (told.dst, told[IPv6].dst, told[ICMPv6ND_NA].S, told[ICMPv6ND_NA].O) == ("33:33:00:00:00:01", "ff02::1", 0, 0)
    assert told[ICMPv6ND_NA].tgt == ANYCAST


@pytest.mark.row("L3-2")
@pytest.mark.parametrize("target", ["fd00:b::", "2001:db8:ff::", "fd00:a::5", "fd00:a:0:0:1::"])
def test_of_another_subnet_or_beside_it_it_is_not_ours(target):
    world = World(6, nat=None, ask=True)
    assert [one for one in world.send_frames("a", request(world, "a", target)) if one.port == "a"] == []


@pytest.mark.row("L3-2")
def test_of_a_link_of_two_it_is_a_hosts():
    """RFC 6164, 5.1: routers of a /127 do not have it."""
    world = World(6, nat=None, ask=True)
    world.router.set_interface(world.interfaces["up"], addresses=["2001:db8:ff::1/127"])
    assert world.send_frames("up", request(world, "isp", "2001:db8:ff::", source="2001:db8:ff::")) == []
    world.router.set_interface(world.interfaces["up"], addresses=["2001:db8:ff::1/126"])
    assert len(world.send_frames("up", request(world, "isp", "2001:db8:ff::", source="2001:db8:ff::2"))) == 1


@pytest.mark.row("L3-5")
@pytest.mark.parametrize("nat", [None, "nat"])
@pytest.mark.parametrize("target", [ANYCAST, "fd00:b::"])
def test_a_ping_is_answered_from_an_address_of_ours_alone(nat, target):
    """Of whichever subnet: as Linux without anycast_src_echo_reply."""
    world = World(6, nat=nat)
    out = world.send("a", world.echo("a", target, payload=b"any router"))
    assert_echo_reply(world, out, "a", "gw", 7, 1, b"any router")
    assert ICMPv6EchoReply in Ether(out[0].frame)


@pytest.mark.row("L3-5")
def test_a_connection_to_it_is_not_reset(routed6):
    """Linux neither: whose it would be is not certain."""
    routed6.vanishes("a", routed6.tcp("a", 4000, ANYCAST, 80), "no service")
    assert [one.port for one in routed6.send("a", routed6.tcp("a", 4000, "gw", 80))] == ["a"]
