"""There and back is the identity, whatever the packet; sums are what Scapy computes (hypothesis)."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.gateway.world import World

PORTS = st.integers(1, 65535)
KEPT = {"tos": st.integers(0, 255), "id": st.integers(0, 65535), "df": st.booleans(), "payload": st.binary(max_size=300)}
FIELDS = st.fixed_dictionaries(KEPT)
relaxed = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module", params=[4, 6], ids=["ipv4", "ipv6"])
def lasting(request):
    """One world for all examples: state that they leave behind is part of the test."""
    return World(request.param, flows={"capacity": 65536})


@pytest.mark.row("NAT-1", "NAT-3", "NAT-11")
@relaxed
@given(st.sampled_from(["udp", "icmp"]), st.sampled_from("abcdef"), PORTS, PORTS, FIELDS, FIELDS, st.integers(2, 255))
def test_there_and_back_is_the_identity(lasting, kind, host, sport, dport, there, back, ttl):
    """What the remote answers to the external endpoint arrives as if it had answered the host itself."""
    out = lasting.send(host, lasting.query(kind, host, sport, "r1", dport, ttl=ttl, **there))
    external = lasting.opened_port(kind, out)
    lasting.expect(out, ("up", lasting.query(kind, "up", external, "r1", dport, ttl=ttl - 1, **there)))
    answer = lasting.answer(kind, "r1", dport, "up", external, ttl=ttl, **back)
    lasting.passes("up", answer, host, lasting.answer(kind, "r1", dport, host, sport, ttl=ttl - 1, **back))


@pytest.mark.row("NAT-15")
@relaxed
@given(st.sampled_from("abcdef"), PORTS, st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.binary(min_size=1, max_size=300))
def test_there_and_back_of_tcp(lasting, host, sport, ours, theirs, data):
    """Any sequence numbers; a connection of one exchange, ended by a reset."""
    lasting.flows.delete(protocol="tcp")
    out = lasting.send(host, lasting.tcp(host, sport, "r1", 80, "S", seq=ours))
    external = lasting.opened_port("tcp", out)
    one, two, length = (ours + 1) % 2**32, (theirs + 1) % 2**32, len(data)
    steps = [
        ("in", "SA", theirs, one, b""), ("out", "A", one, two, b""), ("out", "PA", one, two, data),
        ("in", "PA", two, (one + length) % 2**32, data), ("out", "R", (one + length) % 2**32, 0, b""),
    ]  # fmt: skip
    for way, flags, seq, ack, payload in steps:
        fields = {"flags": flags, "seq": seq, "ack": ack, "payload": payload}
        if way == "out":
            packet = lasting.tcp(host, sport, "r1", 80, **fields)
            lasting.passes(host, packet, "up", lasting.tcp("up", external, "r1", 80, ttl=63, **fields))
        else:
            packet = lasting.tcp("r1", 80, "up", external, **fields)
            lasting.passes("up", packet, host, lasting.tcp("r1", 80, host, sport, ttl=63, **fields))


@pytest.mark.row("NAT-25", "NAT-29")
@relaxed
@given(st.sampled_from("abcdef"), PORTS, PORTS, st.binary(max_size=100), st.sampled_from(["port unreachable", "time exceeded"]))
def test_an_error_there_and_back(lasting, host, sport, dport, payload, error):
    """The remote's error about a packet quotes, to the host, what the host sent."""
    packet = lasting.udp(host, sport, "r2", dport, payload)
    out = lasting.send(host, packet)
    lasting.opened_port("udp", out)
    before = lasting.error("hop", "up", error, out[0].packet)
    after = lasting.error("hop", host, error, lasting.udp(host, sport, "r2", dport, payload, ttl=63), ttl=63)
    lasting.passes("up", before, host, after)
