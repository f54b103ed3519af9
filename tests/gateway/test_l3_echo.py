"""The gateway answers pings (L3-5): to any address of its own, reassembled too, and nothing that is corrupt."""

import pytest
from scapy.layers.inet import ICMP, IP
from scapy.packet import Raw

from tests.gateway.errors import assert_echo_reply
from tests.gateway.fragments import ORDERS, thirds
from tests.gateway.world import World

PAYLOAD = bytes(range(256)) * 12


@pytest.fixture(params=["routed", "nat"])
def any_world(v, request):
    return World(v, nat=None if request.param == "routed" else "nat")


@pytest.mark.row("L3-5", "NAT-39")
@pytest.mark.parametrize("target", ["gw", "gw-back", "up"])
@pytest.mark.parametrize("size", [0, 1, 56, 1452])
def test_any_of_our_addresses_answers_to_inside(any_world, target, size):
    out = any_world.send("a", any_world.echo("a", target, id=0xABCD, seq=65535, payload=PAYLOAD[:size]))
    assert_echo_reply(any_world, out, "a", target, 0xABCD, 65535, PAYLOAD[:size])


@pytest.mark.row("L3-5", "NAT-39")
def test_the_uplinks_address_answers_to_outside(any_world):
    out = any_world.send("up", any_world.echo("r1", "up", payload=b"from outside"))
    assert_echo_reply(any_world, out, "up", "up", 7, 1, b"from outside")


@pytest.mark.row("L3-5")
def test_ttl_one_is_enough_for_us(any_world):
    out = any_world.send("a", any_world.echo("a", "gw", ttl=1))
    assert_echo_reply(any_world, out, "a", "gw", 7, 1, b"ping")


@pytest.mark.row("L3-5")
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("size", [600, 1480, 3000])
def test_a_fragmented_request_is_reassembled_and_answered(any_world, order, size):
    parts = thirds(any_world.echo("a", "gw", payload=PAYLOAD[:size]))
    out = [one for at in ORDERS[order] for one in any_world.send("a", parts[at])]
    assert_echo_reply(any_world, out, "a", "gw", 7, 1, PAYLOAD[:size])


@pytest.mark.row("L3-5")
def test_what_is_corrupt_is_not_answered(any_world):
    good = bytearray(bytes(any_world.echo("a", "gw", payload=PAYLOAD[:64])))
    transport = 20 if any_world.v == 4 else 40
    for at in range(transport, len(good)):
        bad = bytearray(good)
        bad[at] ^= 0x40
        any_world.vanishes("a", bytes(bad))
    assert len(any_world.send("a", bytes(good))) == 1


@pytest.mark.row("L3-5")
def test_options_of_the_request_do_not_hurt():
    """RFC 1122, 3.2.2.6: at least an answer; a record route or timestamp may be echoed."""
    world = World(4, nat=None)
    packet = IP(src=world.at("a"), dst=world.at("gw"), options=b"\x01\x01\x01\x00") / ICMP(id=7, seq=1)
    out = world.send("a", packet / Raw(b"ping"))
    assert len(out) == 1
    world.assert_sums(out)
    assert IP(out[0].packet)[ICMP].type == 0


@pytest.mark.row("L3-5", "L3-7")
@pytest.mark.parametrize("target", ["255.255.255.255", "10.0.0.255", "224.0.0.1"])
def test_a_broadcast_ping_is_not_answered(target):
    """RFC 1122, 3.2.2.6 leaves it to us; RFC 2644's smurfs decide."""
    world = World(4, nat=None)
    out = world.send("a", world.echo("a", target), to="ff:ff:ff:ff:ff:ff")
    assert not [one for one in out if one.port == "a"]


@pytest.mark.row("L3-5")
def test_a_reply_to_us_that_nobody_asked_for_ends_here(any_world):
    any_world.vanishes("a", any_world.reply("a", "gw"))
    any_world.vanishes("up", any_world.reply("r1", "up"))


@pytest.mark.row("L3-5")
def test_answers_are_not_errors_and_have_no_limit(any_world):
    """250 pings in one second are 250 answers."""
    out = any_world.send("a", *(any_world.echo("a", "gw", seq=n) for n in range(250)))
    assert len(out) == 250
