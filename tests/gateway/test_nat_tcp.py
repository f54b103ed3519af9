"""TCP through the translation: NAT-15, NAT-16, NAT-20, NAT-21 (RFC 5382, RFC 7857, RFC 5961), strict and not."""

import pytest

from tests.gateway.world import World

OPTIONS = [("MSS", 1460), ("SAckOK", b""), ("Timestamp", (7, 9)), ("NOP", None), ("WScale", 7)]


def out(world, flags, sport=4000, host="a", dport=80, remote="r1", external=None, **fields):
    """A segment goes out, translated."""
    world.passes(
        host,
        world.tcp(host, sport, remote, dport, flags, **fields),
        "up",
        world.tcp("up", external or sport, remote, dport, flags, ttl=63, **fields),
    )


def back(world, flags, sport=4000, host="a", dport=80, remote="r1", external=None, **fields):
    """A segment comes in, translated."""
    world.passes(
        "up",
        world.tcp(remote, dport, "up", external or sport, flags, **fields),
        host,
        world.tcp(remote, dport, host, sport, flags, ttl=63, **fields),
    )


def refused(world, flags, *reasons, remote="r1", dport=80, port=4000, **fields):
    world.vanishes("up", world.tcp(remote, dport, "up", port, flags, **fields), *reasons)


@pytest.mark.row("NAT-15")
def test_a_connection_from_handshake_to_retransmitted_fin(world):
    """Options, window, urgent pointer, ECN flags, DF: octet for octet."""
    out(world, "SEC", seq=99, tcp_options=OPTIONS, window=65535)
    back(world, "SAE", seq=499, ack=100, tcp_options=OPTIONS, window=28960)
    out(world, "A", seq=100, ack=500, tcp_options=[("NOP", None), ("NOP", None), ("Timestamp", (8, 10))])
    out(world, "PA", seq=100, ack=500, payload=b"GET / HTTP/1.0\r\n\r\n")
    back(world, "A", seq=500, ack=118)
    out(world, "PAU", seq=118, ack=500, payload=b"urgent", urgptr=6)
    back(world, "PAEC", seq=500, ack=124, payload=b"x" * 1400, tos=3)
    out(world, "AE", seq=124, ack=1900)
    back(world, "FPA", seq=1900, ack=124, payload=b"end")
    out(world, "A", seq=124, ack=1904)
    out(world, "FA", seq=124, ack=1904)
    back(world, "FPA", seq=1900, ack=124, payload=b"end")
    out(world, "FA", seq=124, ack=1904)
    back(world, "A", seq=1904, ack=125)


@pytest.mark.row("NAT-15")
def test_df_and_the_identification_are_kept():
    world = World(4)
    for flags in ("", "DF"):
        packet = world.tcp("a", 4000, "r1", 80, "S", id=0)
        packet.flags = flags
        wanted = world.tcp("up", 4000, "r1", 80, "S", id=0, ttl=63)
        wanted.flags = flags
        world.passes("a", packet, "up", wanted)


@pytest.mark.row("NAT-15")
def test_retransmissions_pass(world):
    for _ in range(3):
        out(world, "S", seq=99)
    for _ in range(2):
        back(world, "SA", seq=499, ack=100)
    for _ in range(2):
        out(world, "PA", seq=100, ack=500, payload=b"hello")
    back(world, "A", seq=500, ack=105)
    out(world, "A", seq=99, ack=500)
    back(world, "A", seq=499, ack=105)


@pytest.mark.row("NAT-15")
def test_sequence_numbers_wrap(world):
    top = 2**32 - 10
    out(world, "S", seq=top)
    back(world, "SA", seq=top, ack=top + 1, tcp_options=[])
    seq = ack = top + 1
    for _ in range(5):
        out(world, "PA", seq=seq, ack=ack, payload=b"12345678")
        seq = (seq + 8) % 2**32
        back(world, "PA", seq=ack, ack=seq, payload=b"12345678")
        ack = (ack + 8) % 2**32


@pytest.mark.row("NAT-15")
def test_a_window_with_scaling_is_used_in_full(world):
    """RFC 7323: a window of 65,535 shifted by 7 lets 8 MB be under way."""
    out(world, "S", seq=99, tcp_options=[("WScale", 7)], window=65535)
    back(world, "SA", seq=499, ack=100, tcp_options=[("WScale", 7)], window=65535)
    out(world, "A", seq=100, ack=500, window=65535)
    for at in range(0, 8_000_000, 500_000):
        back(world, "A", seq=500 + at, ack=100, payload=b"z" * 1000, window=65535)


@pytest.mark.row("NAT-16")
@pytest.mark.parametrize("earlier", [False, True])
def test_simultaneous_open(world, earlier):
    """RFC 5382 REQ-2a, RFC 793 figure 8; an inbound SYN that is there first is dropped in silence (REQ-4)."""
    if earlier:
        refused(world, "S", seq=499)
        assert world.advance(6.5) == []
    out(world, "S", seq=99)
    back(world, "S", seq=499)
    out(world, "SA", seq=99, ack=500)
    back(world, "SA", seq=499, ack=100)
    out(world, "A", seq=100, ack=500)
    back(world, "PA", seq=500, ack=100, payload=b"hello")
    world.advance(7000)
    out(world, "PA", seq=100, ack=505, payload=b"established")


@pytest.mark.row("NAT-20")
@pytest.mark.parametrize("by", ["close", "reset by host", "reset by remote"])
def test_after_its_end_the_same_ports_serve_again(world, by):
    """RFC 5382 5, RFC 7857 2: inbound is dropped after the transitory time, and a new SYN works, of the same five-tuple."""
    world.handshake("a", 4000)
    if by == "close":
        out(world, "FA", seq=100, ack=500)
        back(world, "FA", seq=500, ack=101)
        out(world, "A", seq=101, ack=501)
    elif by == "reset by host":
        out(world, "R", seq=100)
    else:
        back(world, "R", seq=500)
    world.advance(242)
    refused(world, "A", seq=501, ack=101)
    refused(world, "S", seq=9000)
    world.handshake("a", 4000)


@pytest.mark.row("NAT-20")
@pytest.mark.parametrize("after", [0, 1, 30])
def test_a_new_syn_reuses_the_five_tuple_in_time_wait(world, after):
    """RFC 1122 4.2.2.13 (a): without waiting for the transitory time."""
    world.handshake("a", 4000)
    out(world, "FA", seq=100, ack=500)
    back(world, "FA", seq=500, ack=101)
    out(world, "A", seq=101, ack=501)
    world.advance(after)
    out(world, "S", seq=70_000)
    back(world, "SA", seq=90_000, ack=70_001)
    out(world, "A", seq=70_001, ack=90_001)
    world.advance(3600)
    back(world, "PA", seq=90_001, ack=70_001, payload=b"established")


@pytest.mark.row("NAT-20")
def test_after_a_reset_a_new_syn_works_at_once(world):
    world.handshake("a", 4000)
    back(world, "R", seq=500)
    out(world, "S", seq=70_000)
    back(world, "SA", seq=90_000, ack=70_001)


@pytest.mark.row("NAT-20")
def test_a_challenge_ack_passes(world):
    """RFC 5961, 4: a SYN comes in, spoofed or after a reboot. Whether it passes or not, the host's ACK does, and life goes on."""
    world.handshake("a", 4000)
    world.send("up", world.tcp("r1", 80, "up", 4000, "S", seq=123_456))
    out(world, "A", seq=100, ack=500)
    back(world, "PA", seq=500, ack=100, payload=b"still alive")


@pytest.mark.row("NAT-20")
def test_a_challenge_ack_to_the_host_passes(world):
    """The host begins anew in the middle: the remote's challenge and the host's reset to it reach each other."""
    world.handshake("a", 4000)
    out(world, "S", seq=70_000)
    back(world, "A", seq=500, ack=100)
    out(world, "R", seq=100)
    out(world, "S", seq=70_000)
    back(world, "SA", seq=90_000, ack=70_001)


@pytest.mark.row("NAT-20")
@pytest.mark.parametrize("seq", [501 + 2**31, 500 - 100_000 & 0xFFFFFFFF, 500 + 1_000_000])
def test_a_reset_outside_the_window_ends_nothing(world, seq):
    """RFC 7857, 2.2: a forged RST is no end of the mapping; if it passes, the hosts decide (RFC 5961 3)."""
    world.handshake("a", 4000)
    world.send("up", world.tcp("r1", 80, "up", 4000, "R", seq=seq))
    world.advance(3600)
    back(world, "PA", seq=500, ack=100, payload=b"still alive")


@pytest.mark.row("NAT-20")
def test_a_reset_in_the_window_but_not_exact_leaves_the_connection_if_it_goes_on(world):
    """RFC 5961, 3.2: the host answers with a challenge ACK, and data follows."""
    world.handshake("a", 4000)
    world.send("up", world.tcp("r1", 80, "up", 4000, "R", seq=1500))
    out(world, "A", seq=100, ack=500)
    back(world, "PA", seq=500, ack=100, payload=b"data")
    out(world, "A", seq=100, ack=504)
    world.advance(3600)
    back(world, "PA", seq=504, ack=100, payload=b"still alive")


@pytest.mark.row("NAT-21")
@pytest.mark.parametrize("flags", ["A", "PA", "AU"])
def test_mid_stream_from_inside_is_picked_up(world, flags):
    """Our choice, as Linux and OVS: after a restart of the gateway connections go on."""
    out(world, flags, seq=1000, ack=2000, payload=b"in the middle")
    back(world, "A", seq=2000, ack=1013)


@pytest.mark.row("NAT-21")
def test_what_was_picked_up_becomes_established(world):
    out(world, "PA", seq=1000, ack=2000, payload=b"in the middle")
    back(world, "PA", seq=2000, ack=1013, payload=b"yes")
    out(world, "A", seq=1013, ack=2003)
    world.advance(7000)
    back(world, "PA", seq=2003, ack=1013, payload=b"still")


@pytest.mark.row("NAT-21")
@pytest.mark.parametrize("flags", ["A", "PA", "FA", "SA"])
def test_strict_drops_mid_stream(make, flags):
    world = make(flows={"strict": True})
    world.vanishes("a", world.tcp("a", 4000, "r1", 80, flags, seq=1000, ack=2000), "invalid state")
    world.handshake("a", 4000)


@pytest.mark.row("NAT-21")
@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("flags", ["R", "RA", "", "SF", "SR", "FA", "FPU", "SRFPUA"])
def test_a_segment_that_begins_nothing_is_never_leaked(make, strict, flags):
    """A lone RST or FIN, no flags, and combinations that no TCP sends: dropped; the inside source is not seen outside."""
    world = make(flows={"strict": strict})
    world.vanishes("a", world.tcp("a", 4000, "r1", 80, flags, seq=1, ack=1), "invalid state", "bad transport")


@pytest.mark.row("NAT-21")
@pytest.mark.parametrize("flags", ["A", "PA", "FA", "R", "SA"])
def test_mid_stream_from_outside_is_dropped(world, flags):
    refused(world, flags, seq=1, ack=1)


@pytest.mark.row("NAT-21")
def test_mid_stream_to_a_published_port_is_picked_up_as_little(world):
    """It would have to come from outside: dropped, whether there is a server or not."""
    world.rules.publish("tcp", 8080, 8080, target=world.at("a"), target_port=80, name="web.front")
    world.vanishes("up", world.tcp("r1", 5000, "up", 8080, "PA", seq=1, ack=1, payload=b"x"), "invalid state")


def test_segments_outside_the_window_do_not_pass(world):
    """The window rule of the docs: neither data nor acknowledgements from nowhere."""
    world.handshake("a", 4000)
    refused(world, "PA", "invalid state", seq=500 + 2**30, ack=100, payload=b"far ahead")
    refused(world, "A", "invalid state", seq=500, ack=100 + 2**30)
    back(world, "PA", seq=500, ack=100, payload=b"right")


def test_the_state_is_shown(world):
    def state():
        return world.flows.rows(world.now)[0]["state"].item()

    out(world, "S", seq=99)
    first = state()
    back(world, "SA", seq=499, ack=100)
    second = state()
    out(world, "A", seq=100, ack=500)
    established = state()
    assert len({first, second, established}) == 3
    assert "established" in established.lower()
