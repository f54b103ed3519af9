"""TCP through the table: states, windows, resets, reuse of a tuple."""

import re
from pathlib import Path

import pytest

from fastpath.flows import Flows
from fastpath.tcpstate import drawn
from fastpath.timeouts import DEFAULT, LINUX
from tests.fastpath.tracked import FAMILIES, World, tcp

SEQ, ACK = 1000, 900_000


@pytest.fixture(params=FAMILIES, ids=lambda family: family.name)
def world(request):
    return World(request.param)


def state(world):
    return {row["state"] for row in world.flows.rows(world.now)}


def outwards(world, flags, seq, ack=0, data=b"", **more):
    settings = {name: more.pop(name) for name in ("opens", "midstream") if name in more}
    return world.out(tcp(5000, 80, flags, seq, ack, data, **more), **settings)[0]


def inwards(world, flags, seq, ack=0, data=b"", **more):
    return world.back(tcp(80, 5000, flags, seq, ack, data, **more))[0]


def open_up(world, scale=7):
    options = {"options": [("WScale", scale)]} if scale is not None else {}
    assert outwards(world, "S", SEQ, **options) == "forward"
    assert inwards(world, "SA", ACK, SEQ + 1, **options) == "forward"
    assert outwards(world, "A", SEQ + 1, ACK + 1, window=64) == "forward"
    assert inwards(world, "A", ACK + 1, SEQ + 1, window=64) == "forward"
    assert state(world) == {"established"}


def close(world):
    assert outwards(world, "FA", SEQ + 1, ACK + 1) == "forward"
    assert state(world) == {"FIN wait"}
    assert inwards(world, "A", ACK + 1, SEQ + 2) == "forward"
    assert state(world) == {"close wait"}
    assert inwards(world, "FA", ACK + 1, SEQ + 2) == "forward"
    assert state(world) == {"last ACK"}
    assert outwards(world, "A", SEQ + 2, ACK + 2) == "forward"
    assert state(world) == {"time wait"}


def test_a_life(world):
    """NAT-15: handshake, data both ways, FIN of both, retransmitted FIN."""
    open_up(world)
    assert outwards(world, "PA", SEQ + 1, ACK + 1, b"x" * 100) == "forward"
    assert inwards(world, "PA", ACK + 1, SEQ + 101, b"y" * 1000) == "forward"
    assert outwards(world, "FA", SEQ + 101, ACK + 1001) == "forward"
    assert outwards(world, "FA", SEQ + 101, ACK + 1001) == "forward"
    assert inwards(world, "FA", ACK + 1001, SEQ + 102) == "forward"
    assert inwards(world, "FA", ACK + 1001, SEQ + 102) == "forward"
    assert outwards(world, "A", SEQ + 102, ACK + 1002) == "forward"


def test_simultaneous_open(world):
    """NAT-16: SYN and SYN cross, SYN+ACK and SYN+ACK too; an earlier SYN from outside is not known."""
    assert inwards(world, "S", ACK) == "no flow"
    assert outwards(world, "S", SEQ) == "forward"
    assert inwards(world, "S", ACK) == "forward"
    assert outwards(world, "SA", SEQ, ACK + 1) == "forward"
    assert inwards(world, "SA", ACK, SEQ + 1) == "forward"
    assert outwards(world, "PA", SEQ + 1, ACK + 1, b"x") == "forward"
    assert inwards(world, "PA", ACK + 1, SEQ + 2, b"y") == "forward"
    assert state(world) == {"established"}


@pytest.mark.parametrize(("seconds", "lives"), [(7439, True), (7441.1, False)])
def test_established_lives_two_hours_and_four_minutes(world, seconds, lives):
    """NAT-18."""
    open_up(world)
    world.wait(seconds)
    assert inwards(world, "A", ACK + 1, SEQ + 1) == ("forward" if lives else "no flow")


@pytest.mark.parametrize(("seconds", "lives"), [(239.5, True), (241.1, False)])
def test_opening_and_closing_live_four_minutes(world, seconds, lives):
    """NAT-19."""
    outwards(world, "S", SEQ)
    world.wait(seconds)
    assert inwards(world, "SA", ACK, SEQ + 1) == ("forward" if lives else "no flow")
    world.flows.delete()
    open_up(world)
    close(world)
    world.wait(seconds)
    assert inwards(world, "FA", ACK + 1, SEQ + 2) == ("forward" if lives else "no flow")


def test_one_fin_leaves_a_flow_established(world):
    """RFC 5382, REQ-5: only both FINs make it transitory."""
    open_up(world)
    outwards(world, "FA", SEQ + 1, ACK + 1)
    inwards(world, "A", ACK + 1, SEQ + 2)
    world.wait(3600)
    assert inwards(world, "PA", ACK + 1, SEQ + 2, b"rest") == "forward"


def test_the_tuple_is_used_again(world):
    """NAT-20: a SYN after the end begins anew, whatever its number."""
    open_up(world)
    close(world)
    assert outwards(world, "S", SEQ - 500) == "forward"
    assert inwards(world, "SA", 5, SEQ - 499) == "forward"
    assert outwards(world, "A", SEQ - 499, 6) == "forward"
    assert state(world) == {"established"}
    assert world.flows.named_counters()["closed"] == 1


def test_after_a_reset_nothing_comes_in_but_what_belongs(world):
    """NAT-20: closed, four minutes long; then gone."""
    open_up(world)
    assert inwards(world, "R", ACK + 1) == "forward"
    assert state(world) == {"closed"}
    assert inwards(world, "S", ACK + 10) == "invalid state"
    world.wait(241.1)
    assert inwards(world, "A", ACK + 1, SEQ + 1) == "no flow"
    assert outwards(world, "S", SEQ) == "forward"


@pytest.mark.parametrize("off", [-70_000, 70_000, 2**31])
def test_a_reset_outside_the_window_is_none(world, off):
    """RFC 5961, 3: who does not know the numbers cannot close a flow."""
    open_up(world)
    assert inwards(world, "R", ACK + 1 + off) == "invalid state"
    assert outwards(world, "R", SEQ + 1 + off) == "invalid state"
    assert state(world) == {"established"}


def test_a_guessed_reset_closes_nothing(world):
    """In the window, but not where the receiver waits: it passes, is challenged, and the challenge passes too (NAT-20)."""
    open_up(world)
    assert inwards(world, "R", ACK + 500) == "forward"
    assert state(world) == {"established"}
    assert outwards(world, "A", SEQ + 1, ACK + 1) == "forward"
    assert inwards(world, "R", ACK + 1) == "forward"
    assert state(world) == {"closed"}


def test_a_challenge_after_a_new_syn_passes(world):
    """NAT-20: the server still has the old connection (RFC 5961, 4): its challenge reaches the client, whose RST reaches it."""
    open_up(world)
    assert outwards(world, "S", SEQ + 4_000_000) == "forward"
    assert inwards(world, "A", ACK + 1, SEQ + 1) == "forward"
    assert outwards(world, "R", SEQ + 1) == "forward"
    assert state(world) == {"closed"}
    assert outwards(world, "S", SEQ + 4_000_000) == "forward"
    assert state(world) == {"SYN sent"}


def test_a_challenge_after_the_tuple_was_used_again(world):
    """The same where the flow had ended for us already."""
    open_up(world)
    outwards(world, "R", SEQ + 1, ACK + 1)
    assert outwards(world, "S", SEQ + 4_000_000) == "forward"
    assert inwards(world, "A", ACK + 1, SEQ + 1) == "forward"
    assert outwards(world, "R", SEQ + 1) == "forward"
    assert outwards(world, "S", SEQ + 4_000_000) == "forward"
    assert inwards(world, "SA", 7, SEQ + 4_000_001) == "forward"


def test_a_refused_connection(world):
    """A RST in answer to a SYN acknowledges it; one that does not is not believed (RFC 9293, 3.10.7.3)."""
    outwards(world, "S", SEQ)
    assert inwards(world, "R", 0) == "forward"
    assert state(world) == {"SYN sent"}
    assert inwards(world, "RA", 0, SEQ + 1) == "forward"
    assert state(world) == {"closed"}


def test_data_outside_the_window_is_dropped(world):
    open_up(world, scale=None)
    assert inwards(world, "PA", ACK + 1 + 9000, SEQ + 1, b"x") == "invalid state"  # beyond 8,192 octets
    assert inwards(world, "PA", ACK + 1, SEQ + 5000, b"x") == "invalid state"  # acknowledges what was never sent
    assert inwards(world, "PA", ACK - 20_000, SEQ + 1, b"x") == "invalid state"  # older than the window
    assert inwards(world, "PA", ACK + 1, SEQ + 1 - 70_000, b"x") == "invalid state"  # an acknowledgment of long ago
    assert inwards(world, "PA", ACK + 1, SEQ + 1, b"x") == "forward"


def test_windows_are_scaled_when_both_asked(world):
    """RFC 7323, 2.2: 8,192 of the SYN are octets, 64 later are times 128."""
    open_up(world)
    assert outwards(world, "A", SEQ + 1, ACK + 1, window=1000) == "forward"
    assert inwards(world, "PA", ACK + 1 + 120_000, SEQ + 1, b"x") == "forward"
    assert inwards(world, "PA", ACK + 1 + 130_000, SEQ + 1, b"x") == "invalid state"


def test_windows_are_not_scaled_when_one_did_not_ask(world):
    assert outwards(world, "S", SEQ, options=[("WScale", 7)], window=1000) == "forward"
    assert inwards(world, "SA", ACK, SEQ + 1, window=1000) == "forward"
    assert outwards(world, "A", SEQ + 1, ACK + 1, window=1000) == "forward"
    assert inwards(world, "PA", ACK + 1 + 5000, SEQ + 1, b"x") == "invalid state"


def test_numbers_wrap_around():
    for family in FAMILIES:
        world = World(family)
        outwards(world, "S", 2**32 - 10)
        inwards(world, "SA", 2**32 - 5, 2**32 - 9)
        outwards(world, "A", 2**32 - 9, 2**32 - 4)
        assert outwards(world, "PA", 2**32 - 9, 2**32 - 4, b"x" * 1000) == "forward"
        assert inwards(world, "PA", 2**32 - 4, 991, b"y" * 1000) == "forward"
        assert outwards(world, "A", 991, 996) == "forward"


def test_a_keepalive_and_a_probe_of_a_closed_window_pass(world):
    open_up(world)
    assert outwards(world, "A", SEQ, ACK + 1) == "forward"
    assert inwards(world, "A", ACK + 1, SEQ + 1, window=0) == "forward"
    assert outwards(world, "A", SEQ + 1, ACK + 1, b"x") == "forward"


@pytest.mark.parametrize("flags", ["", "SF", "SR", "F", "FR", "FSRPAU"])
def test_impossible_flags_are_invalid(world, flags):
    open_up(world)
    assert outwards(world, flags, SEQ + 1, ACK + 1) == "invalid state"
    assert inwards(world, flags, ACK + 1, SEQ + 1) == "invalid state"


@pytest.mark.parametrize("flags", ["SA", "R", "RA", "FA", ""])
def test_what_begins_no_flow(world, flags):
    assert outwards(world, flags, SEQ, ACK) == "invalid state"
    assert world.flows.count == 0


def test_ecn_flags_say_nothing(world):
    """RFC 3168, 6.1.1: a SYN with ECE and CWR is a SYN."""
    assert outwards(world, "SEC", SEQ) == "forward"
    assert inwards(world, "SAE", ACK, SEQ + 1) == "forward"


def test_mid_stream_is_picked_up(world):
    """NAT-21: from inside by default, translated; from outside not, nor where `strict` is set."""
    assert outwards(world, "A", SEQ, ACK, midstream=False) == "invalid state"
    assert outwards(world, "PA", SEQ, ACK, b"x" * 100) == "forward"
    assert inwards(world, "PA", ACK, SEQ + 100, b"y" * 60_000, window=1) == "forward"
    assert outwards(world, "A", SEQ + 100, ACK + 60_000, window=1) == "forward"
    assert state(world) == {"established"}
    strict = World(world.family, Flows(10, strict=True))
    assert outwards(strict, "PA", SEQ, ACK, b"x") == "invalid state"
    assert outwards(strict, "S", SEQ) == "forward"


def test_half_open_flows_do_not_push_established_ones_out(world):
    """After many SYNs of one host, established flows of others pass, and new ones open (the full size: test_flood.py)."""
    small = World(world.family, Flows(64))
    for host in range(10):
        small.out(tcp(5000, 80, "S", SEQ), source=host)
        port = 5000 if host == 0 else int(small.flows.rows(small.now)[-1]["reply_target_port"])
        small.back(tcp(80, port, "SA", ACK, SEQ + 1))
        small.out(tcp(5000, 80, "A", SEQ + 1, ACK + 1), source=host)
    for number in range(200):
        assert small.out(tcp(1024 + number, 80, "S", number), source=99)[0] == "forward"
    for host in range(10):
        assert small.out(tcp(5000, 80, "PA", SEQ + 1, ACK + 1, b"x"), source=host, opens=False)[0] == "forward"
    assert small.out(tcp(7, 80, "S", 1), source=50)[0] == "forward"
    assert small.back(tcp(80, 7, "SA", 1, 2))[0] == "forward"


def test_the_documents_table_is_the_codes():
    text = (Path(__file__).parents[2] / "docs" / "conntrack.md").read_text()
    assert drawn().strip() in text


def test_the_documents_timeouts_are_the_codes():
    text = (Path(__file__).parents[2] / "docs" / "conntrack.md").read_text()
    for name, seconds in DEFAULT.items():
        assert re.search(rf"\(`{name}`\) \| {seconds:,} \| {LINUX[name]:,} \|", text), name
