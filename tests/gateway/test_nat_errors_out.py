"""Errors on the way out: of inside hosts (NAT-29), of our own (NAT-30, NAT-31)."""

import pytest

from tests.gateway import judge
from tests.gateway.errors import assert_error
from tests.gateway.world import World

DATA = bytes(n * 11 & 255 for n in range(9000))


@pytest.mark.row("NAT-29")
@pytest.mark.parametrize("error", ["port unreachable", "prohibited", "time exceeded"])
def test_an_inside_hosts_error_about_a_dynamic_flow(world, error):
    """RFC 5508 REQ-5: the source is the public address, the quote is what went by outside."""
    world.opened("udp", "b", 4000)
    port = world.opened("udp", "a", 4000)
    before = world.error("a", "r1", error, world.udp("r1", 53, "a", 4000, ttl=9))
    world.passes("a", before, "up", world.error("up", "r1", error, world.udp("r1", 53, "up", port, ttl=9), ttl=63))


@pytest.mark.row("NAT-29")
@pytest.mark.parametrize("kind", ["udp", "tcp"])
def test_an_inside_hosts_error_about_a_published_port(world, kind):
    world.rules.publish(kind, 8080, 8080, target=world.at("a"), target_port=80, name="web.front")
    sent, arrived = world.query(kind, "r1", 5000, "up", 8080), world.query(kind, "r1", 5000, "a", 80, ttl=63)
    world.passes("up", sent, "a", arrived)
    outside = world.query(kind, "r1", 5000, "up", 8080, ttl=63)
    before = world.error("a", "r1", "port unreachable", arrived)
    world.passes("a", before, "up", world.error("up", "r1", "port unreachable", outside, ttl=63))


@pytest.mark.row("NAT-29")
def test_a_router_inside_may_complain_too(world):
    """The error's source is not the flow's endpoint: RFC 5508 REQ-5 translates it all the same; it is not leaked."""
    world.opened("udp", "a", 4000)
    before = world.error("c", "r1", "host unreachable", world.udp("r1", 53, "a", 4000, ttl=9))
    world.passes("c", before, "up", world.error("up", "r1", "host unreachable", world.udp("r1", 53, "up", 4000, ttl=9), ttl=63))


@pytest.mark.row("NAT-29")
def test_without_a_mapping_it_is_not_leaked(world):
    for quoted in (world.udp("r1", 53, "a", 4000), world.tcp("r1", 53, "a", 4000), world.echo("r1", "a"), b"", b"\x45"):
        world.vanishes("a", world.error("a", "r1", "port unreachable", quoted))
    world.opened("udp", "a", 4000)
    world.vanishes("a", world.error("a", "r1", "port unreachable", world.udp("r1", 54, "a", 4000)), "unmatched error")


@pytest.mark.row("NAT-30")
@pytest.mark.parametrize("ttl", [0, 1])
@pytest.mark.parametrize("kind", ["udp", "tcp", "icmp"])
def test_ttl_exceeded_out_quotes_the_hosts_own_packet(world, kind, ttl):
    """RFC 1812 5.3.1: for the first packet of a flow and for later ones."""
    for known in (False, True):
        if known:
            world.opened(kind, "a", 4000, "r1", 80)
        packet = world.query(kind, "a", 4000, "r1", 80, ttl=ttl)
        assert_error(world, world.send("a", packet), "a", "time exceeded", bytes(packet), "gw", "a")


@pytest.mark.row("NAT-30")
@pytest.mark.parametrize("kind", ["udp", "tcp", "icmp"])
def test_ttl_exceeded_in_quotes_the_public_view(world, kind):
    """RFC 5508 REQ-10: the remote must recognise its own packet."""
    port = world.opened(kind, "a", 4000, "r1", 80)
    packet = world.answer(kind, "r1", 80, "up", port, ttl=1)
    assert_error(world, world.send("up", packet), "up", "time exceeded", bytes(packet), "up", "r1")


@pytest.mark.row("NAT-30")
def test_ttl_exceeded_in_to_a_published_port(world):
    world.rules.publish("tcp", 8080, 8080, target=world.at("a"), target_port=80, name="web.front")
    packet = world.tcp("r1", 5000, "up", 8080, ttl=1)
    assert_error(world, world.send("up", packet), "up", "time exceeded", bytes(packet), "up", "r1")


@pytest.mark.row("NAT-31")
@pytest.mark.parametrize("kind", ["udp", "tcp", "icmp"])
def test_too_big_with_df_is_told_untranslated(v, kind):
    """RFC 4787 REQ-13, RFC 1191 4, RFC 8200 5: the next link's MTU, quoting what the host sent."""
    world = World(v, uplink_mtu=1280)
    for known in (False, True):
        if known:
            world.opened(kind, "a", 4000, "r1", 80)
        packet = big(world, kind, "a")
        assert_error(world, world.send("a", packet), "a", "too big", bytes(packet), "gw", "a", mtu=1280)


def big(world, kind, source, port=4000, ttl=64, df=True):
    packet = world.query(kind, source, port, "r1", 80, payload=DATA[:1300], ttl=ttl)
    if world.v == 4 and df:
        packet.flags = "DF"
    return packet


@pytest.mark.row("NAT-31")
def test_too_big_from_outside_is_told_in_the_public_view(v):
    """A network whose MTU is smaller than the uplink's."""
    world = World(v, mtu=1280)
    port = world.opened("udp", "a", 4000, "r1", 80)
    packet = world.udp("r1", 80, "up", port, DATA[:1300], df=True)
    assert_error(world, world.send("up", packet), "up", "too big", bytes(packet), "up", "r1", mtu=1280)


@pytest.mark.row("NAT-31")
@pytest.mark.parametrize("kind", ["udp", "tcp", "icmp"])
def test_without_df_translated_fragments_leave_in_order(kind):
    """RFC 4787 REQ-13a."""
    world = World(4, uplink_mtu=576)
    packet = big(world, kind, "a", df=False)
    out = world.send("a", packet)
    assert len(out) == 3
    world.assert_sums(out)
    parts = [judge.read(one.packet) for one in out]
    assert [part.offset for part in parts] == [0, 552, 1104]
    wanted = judge.read(bytes(big(world, kind, "up", ttl=63, df=False)))
    whole = judge.reassembled([one.packet for one in out])
    assert whole.upper == wanted.upper
    assert whole.header[12:20] == wanted.header[12:20]
    assert all(len(one.packet) <= 576 for one in out)


@pytest.mark.row("NAT-31")
def test_two_hosts_fragments_have_two_identifications(v):
    """RFC 6864 5.3.1: one public address, one identification each (NAT-14), also for what came whole."""
    if v == 6:
        pytest.skip("nobody fragments IPv6 on the way")
    world = World(4, uplink_mtu=576)
    out = world.send("a", world.udp("a", 4000, "r1", 80, DATA[:1300], id=9))
    out += world.send("b", world.udp("b", 4000, "r1", 80, DATA[:1300], id=9))
    assert len({judge.read(one.packet).id for one in out}) == 2
