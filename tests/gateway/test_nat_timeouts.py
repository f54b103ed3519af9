"""How long a flow lives: NAT-8, NAT-9, NAT-18 to NAT-20, NAT-24, NAT-28; the defaults, Linux's, and one's own."""

import pytest

from tests.gateway.world import World

# The coarse clock of the flows may keep one a little longer, never shorter.
LATE = 2.0


def alive(world, kind, port, host="a"):
    """Does an answer still come in? (It refreshes the flow if so: ask once.)"""
    return bool(world.send("up", world.answer(kind, "r1", 53, "up", port)))


@pytest.mark.row("NAT-8")
@pytest.mark.parametrize("after", [1, 29, 31, 119, 121, 250, 299.9])
def test_udp_without_an_answer_lives_five_minutes(world, after):
    """RFC 4787 REQ-5: never below 2 minutes, 5 recommended."""
    world.opened("udp", "a", 4000)
    world.advance(after)
    world.passes("up", world.udp("r1", 53, "up", 4000), "a", world.udp("r1", 53, "a", 4000, ttl=63))


@pytest.mark.row("NAT-8")
def test_and_no_longer(world):
    world.opened("udp", "a", 4000)
    world.advance(300 + LATE)
    world.vanishes("up", world.udp("r1", 53, "up", 4000))
    assert world.flows.count == 0


@pytest.mark.row("NAT-8")
def test_udp_with_answers_lives_five_minutes(world):
    world.opened("udp", "a", 4000)
    for _ in range(3):
        world.passes("up", world.udp("r1", 53, "up", 4000), "a", world.udp("r1", 53, "a", 4000, ttl=63))
    world.opened("udp", "a", 4000)
    world.advance(299.9)
    assert alive(world, "udp", 4000)


@pytest.mark.row("NAT-9")
def test_outbound_packets_refresh(world):
    """RFC 4787 REQ-6."""
    world.opened("udp", "a", 4000)
    for _ in range(4):
        world.advance(290)
        assert world.opened("udp", "a", 4000) == 4000
    world.advance(290)
    assert alive(world, "udp", 4000)


@pytest.mark.row("NAT-9")
def test_frequent_packets_refresh_as_well(world):
    """The flow's stamp is coarse and its place in the list of the oldest moves at most once a second."""
    world.opened("udp", "a", 4000)
    for _ in range(400):
        world.advance(0.9)
        world.opened("udp", "a", 4000)
    world.advance(299)
    assert alive(world, "udp", 4000)


@pytest.mark.row("NAT-18")
@pytest.mark.parametrize("after", [60, 3600, 7200, 7439])
def test_established_tcp_lives_two_hours_and_four_minutes(world, after):
    """RFC 5382 REQ-5."""
    world.handshake("a", 4000)
    world.advance(after)
    back = {"seq": 500, "ack": 100}
    world.passes("up", world.tcp("r1", 80, "up", 4000, "A", **back), "a", world.tcp("r1", 80, "a", 4000, "A", ttl=63, **back))


@pytest.mark.row("NAT-18")
def test_established_tcp_ends_after_that(world):
    world.handshake("a", 4000)
    world.advance(7440 + LATE)
    world.vanishes("up", world.tcp("r1", 80, "up", 4000, "A", seq=500, ack=100))
    assert world.flows.count == 0


@pytest.mark.row("NAT-19")
@pytest.mark.parametrize("after", [5, 119, 121, 239])
def test_a_connection_being_opened_lives_four_minutes(world, after):
    """RFC 5382 REQ-5: transitory, 4 minutes at least."""
    world.opened("tcp", "a", 4000, "r1", 80)
    world.advance(after)
    back = {"flags": "SA", "seq": 499, "ack": 1}
    world.passes("up", world.tcp("r1", 80, "up", 4000, **back), "a", world.tcp("r1", 80, "a", 4000, ttl=63, **back))


@pytest.mark.row("NAT-19")
def test_a_connection_being_opened_ends_after_that(world):
    world.opened("tcp", "a", 4000, "r1", 80)
    world.advance(240 + LATE)
    world.vanishes("up", world.tcp("r1", 80, "up", 4000, "SA", seq=499, ack=1))


def close(world, port=4000):
    """Both sides send FIN and acknowledge the other's."""
    ours, theirs = {"seq": 100, "ack": 500}, {"seq": 500, "ack": 101}
    world.passes("a", world.tcp("a", port, "r1", 80, "FA", **ours), "up", world.tcp("up", port, "r1", 80, "FA", ttl=63, **ours))
    world.passes("up", world.tcp("r1", 80, "up", port, "FA", **theirs), "a", world.tcp("r1", 80, "a", port, "FA", ttl=63, **theirs))
    last = {"seq": 101, "ack": 501}
    world.passes("a", world.tcp("a", port, "r1", 80, "A", **last), "up", world.tcp("up", port, "r1", 80, "A", ttl=63, **last))


@pytest.mark.row("NAT-15", "NAT-19")
@pytest.mark.parametrize("after", [0, 1, 119, 239])
def test_after_both_fins_it_lives_four_minutes(world, after):
    """A retransmitted FIN passes, both ways, with its acknowledgement."""
    world.handshake("a", 4000)
    close(world)
    world.advance(after)
    theirs, last = {"seq": 500, "ack": 101}, {"seq": 101, "ack": 501}
    world.passes("up", world.tcp("r1", 80, "up", 4000, "FA", **theirs), "a", world.tcp("r1", 80, "a", 4000, "FA", ttl=63, **theirs))
    world.passes("a", world.tcp("a", 4000, "r1", 80, "A", **last), "up", world.tcp("up", 4000, "r1", 80, "A", ttl=63, **last))


@pytest.mark.row("NAT-19", "NAT-20")
def test_after_both_fins_and_four_minutes_it_has_ended(world):
    world.handshake("a", 4000)
    close(world)
    world.advance(240 + LATE)
    assert world.flows.count == 0
    world.vanishes("up", world.tcp("r1", 80, "up", 4000, "FA", seq=500, ack=101))
    world.vanishes("up", world.tcp("r1", 80, "up", 4000, "S", seq=500))


@pytest.mark.row("NAT-18")
def test_one_fin_alone_does_not_shorten_the_life(world):
    """RFC 5382 REQ-5: transitory begins when both have closed; data still flows the other way."""
    world.handshake("a", 4000)
    ours = {"seq": 100, "ack": 500}
    world.passes("a", world.tcp("a", 4000, "r1", 80, "FA", **ours), "up", world.tcp("up", 4000, "r1", 80, "FA", ttl=63, **ours))
    world.advance(3600)
    data = {"seq": 500, "ack": 101, "payload": b"still here"}
    world.passes("up", world.tcp("r1", 80, "up", 4000, "PA", **data), "a", world.tcp("r1", 80, "a", 4000, "PA", ttl=63, **data))


@pytest.mark.row("NAT-24")
@pytest.mark.parametrize("after", [29, 31, 59.9])
def test_an_icmp_query_lives_a_minute(world, after):
    """RFC 5508 REQ-2."""
    world.opened("icmp", "a", 7)
    world.advance(after)
    world.passes("up", world.reply("r1", "up", id=7), "a", world.reply("r1", "a", id=7, ttl=63))


@pytest.mark.row("NAT-24")
def test_an_icmp_query_ends_after_that(world):
    world.opened("icmp", "a", 7)
    world.advance(60 + LATE)
    world.vanishes("up", world.reply("r1", "up", id=7))


@pytest.mark.row("NAT-8", "NAT-18", "NAT-19", "NAT-24")
@pytest.mark.parametrize(("kind", "seconds"), [("udp", 30), ("tcp", 120), ("icmp", 30)])
def test_linuxs_timeouts_on_demand(make, kind, seconds):
    """nf_conntrack_udp_timeout 30, tcp_timeout_syn_sent 120, icmp_timeout 30."""
    for after, lives in ((seconds - 0.1, True), (seconds + LATE, False)):
        world = make(flows={"timeouts": "linux"})
        world.opened(kind, "a", 4000)
        world.advance(after)
        assert alive(world, kind, 4000) == lives


@pytest.mark.row("NAT-8", "NAT-18")
def test_linuxs_timeouts_of_streams_and_established(make):
    """nf_conntrack_udp_timeout_stream 120, tcp_timeout_established 432,000."""
    world = make(flows={"timeouts": "linux"})
    world.opened("udp", "a", 4000)
    for _ in range(3):
        assert alive(world, "udp", 4000)
        world.advance(1)
        world.opened("udp", "a", 4000)
    world.advance(119)
    assert alive(world, "udp", 4000)
    world.advance(120 + LATE)
    assert not alive(world, "udp", 4000)
    world.handshake("a", 4001)
    world.advance(431_990)
    back = {"seq": 500, "ack": 100}
    world.passes("up", world.tcp("r1", 80, "up", 4001, "A", **back), "a", world.tcp("r1", 80, "a", 4001, "A", ttl=63, **back))


@pytest.mark.row("NAT-8", "NAT-18", "NAT-19", "NAT-24")
def test_each_timeout_is_a_setting(make):
    world = make(
        flows={"timeouts": {"udp": 10, "udp_stream": 20, "tcp_established": 50, "tcp_transitory": 30, "icmp": 5, "other": 7}}
    )
    opened = {"udp": 10, "tcp": 30, "icmp": 5}
    for kind, seconds in opened.items():
        world.opened(kind, "a", 4000)
        world.advance(seconds - 0.1)
        assert alive(world, kind, 4000)
        world.advance(60)
        world.opened(kind, "b", 4000)
        world.advance(seconds + LATE)
        assert not alive(world, kind, 4000)
    packet = world.other("a", "r1", 47, bytes(8))
    world.passes("a", packet, "up", world.other("up", "r1", 47, bytes(8), ttl=63))
    world.advance(7 + LATE)
    world.vanishes("up", world.other("r1", "up", 47, bytes(8)))


@pytest.mark.row("NAT-8")
def test_expired_flows_leave_on_their_own_in_small_slices(world):
    """At most 64 flows are looked at in a turn; memory and ports come back without traffic."""
    for n in range(1000):
        world.send("a", world.udp("a", 5000 + n, "r1", 53))
    assert world.flows.count == 1000
    world.engine.turn(world.now + 301 * 10**9)
    assert world.flows.count >= 1000 - 64
    world.now += 301 * 10**9
    world.advance(30)
    assert world.flows.count == 0


@pytest.mark.row("NAT-8")
def test_however_long_a_pause_was_expired_flows_leave_soon_after_it(world):
    """Not after another pause as long: the turn that makes up for it looks at 64, those that follow at the rest."""
    for n in range(200):
        world.send("a", world.udp("a", 5000 + n, "r1", 53))
    world.now += 3600 * 10**9
    world.engine.turn(world.now)
    assert 200 - 64 <= world.flows.count < 200
    world.advance(1)
    assert world.flows.count == 0


def test_rows_say_how_long_a_flow_has(v):
    world = World(v)
    world.opened("udp", "a", 4000)
    world.advance(100)
    (row,) = world.flows.rows(world.now)
    assert abs(int(row["idle_ns"]) - 100e9) < 2e9
    assert abs(int(row["expires_ns"]) - 200e9) < 3e9
