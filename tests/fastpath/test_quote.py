"""ICMP errors with the flows that they quote (RFC 5508, 4; RFC 5382, REQ-9; RFC 4787, REQ-12)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption_RR
from scapy.layers.inet6 import ICMPv6DestUnreach, ICMPv6PacketTooBig, ICMPv6ParamProblem, ICMPv6TimeExceeded, IPv6
from scapy.layers.l2 import Ether

from fastpath.flows import Flows
from fastpath.wire import checksum
from tests.fastpath.tracked import FAMILIES, HEADER, V4, V6, World, tcp, udp

SHARED = 4
ERRORS = {
    "IPv4": [ICMP(type=3, code=3), ICMP(type=3, code=4, nexthopmtu=1400), ICMP(type=11), ICMP(type=12, ptr=20)],
    "IPv6": [ICMPv6DestUnreach(code=4), ICMPv6PacketTooBig(mtu=1400), ICMPv6TimeExceeded(), ICMPv6ParamProblem(ptr=40)],
}
KINDS = {
    "udp": lambda family: udp(5000, 53, b"question"),
    "udp without checksum": lambda family: UDP(sport=5000, dport=53, chksum=0) / b"question",
    "tcp": lambda family: tcp(5000, 80, "S", 77),
    "echo": lambda family: family.echo(42, b"x" * 30),
}


@pytest.fixture(params=FAMILIES, ids=lambda family: family.name)
def family(request):
    return request.param


def error(family, source, target, header, quoted: bytes, extension=b"") -> bytes:
    """An error message whose octets are given, with the checksum that belongs to it."""
    octets = bytearray(bytes(header)[:8]) + quoted + extension
    octets[2:4] = b"\0\0"
    if family is V4:
        octets[2:4] = checksum(bytes(octets)).to_bytes(2, "big")
        return bytes(HEADER / IP(src=source, dst=target, proto=1, ttl=50) / bytes(octets))
    frame = bytes(HEADER / IPv6(src=source, dst=target, nh=58, hlim=50) / bytes(octets))
    pseudo = frame[22:54] + len(octets).to_bytes(4, "big") + bytes((0, 0, 0, 58))
    octets[2:4] = checksum(pseudo + bytes(octets)).to_bytes(2, "big")
    return frame[:54] + bytes(octets)


def quote_in(frame: bytes, family) -> bytes:
    return frame[14 + (20 if family is V4 else 40) + 8 :]


def right(frame: bytes, family) -> bool:
    """The checksums of the IP header and of the message."""
    if family is V4:
        return checksum(frame[14:34]) == 0 and checksum(frame[34:]) == 0
    body = frame[54:]
    return checksum(frame[22:54] + len(body).to_bytes(4, "big") + bytes((0, 0, 0, 58)) + body) == 0


@pytest.mark.parametrize("cut", [8, 20, 1000], ids=lambda cut: f"{cut} octets")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", range(4))
def test_an_error_from_outside(family, number, kind, cut):
    """NAT-25, NAT-26: from a router on the way; what was sent is quoted back octet for octet, and nothing else changes."""
    world = World(family)
    header = 20 if family is V4 else 40
    world.out(KINDS[kind](family), source=1)
    sent = family.packet(family.inside[0], family.remote[0], KINDS[kind](family))
    _, out = world.trial.handle(sent, world.now, pool=world.pool)
    assert out != sent
    message = error(family, family.router, family.outside[0], ERRORS[family.name][number], out[14 : 14 + header + cut])
    before = rows(world)
    word, back = world.trial.handle(message, world.now + 10**9, opens=False)
    assert word == f"forward {family.inside[0]}"
    assert quote_in(back, family) == sent[14 : 14 + header + cut]
    assert right(back, family)
    assert Ether(back)[family.ip].src == family.router
    head = 14 + header
    assert back[head : head + 2] + back[head + 4 : head + 8] == message[head : head + 2] + message[head + 4 : head + 8]
    assert rows(world) == before


def rows(world):
    return world.flows.rows(world.now).tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_from_inside(family, kind):
    """NAT-29: the source becomes the outside address, and the quote what the remote host had sent."""
    world = World(family)
    world.out(KINDS["udp"](family), source=1)
    sent = family.packet(family.inside[0], family.remote[0], KINDS[kind](family))
    _, out = world.trial.handle(sent, world.now, pool=world.pool)
    if kind == "tcp":
        answer = tcp(80, Ether(out).sport, "SA", 5, 78)
    elif kind == "echo":
        answer = family.echo(Ether(out)[family.ip].payload.id, b"x" * 30, reply=True)
    else:
        answer = udp(53, Ether(out)[UDP].sport, b"answer")
    answer = family.packet(family.remote[0], family.outside[0], answer)
    word, inside = world.trial.handle(answer, world.now, opens=False)
    assert word == f"forward {family.inside[0]}"
    for source in (family.inside[0], family.inside[7]):
        message = error(family, source, family.remote[0], ERRORS[family.name][0], inside[14:])
        word, out = world.trial.handle(message, world.now, opens=False)
        assert word == f"forward {family.remote[0]}"
        assert Ether(out)[family.ip].src == family.outside[0]
        assert quote_in(out, family) == answer[14:]
        assert right(out, family)


def test_an_error_about_a_published_port(family):
    """NAT-29: the endpoint's address stays hidden, the client sees its own packet."""
    world = World(family, addresses=0)
    sent = family.packet(family.remote[0], family.outside[0], udp(5000, 8080))
    _, inside = world.trial.handle(sent, world.now, target=family.inside[0], target_port=80)
    message = error(family, family.inside[0], family.remote[0], ERRORS[family.name][0], inside[14:])
    word, out = world.trial.handle(message, world.now, opens=False)
    assert word == f"forward {family.remote[0]}"
    assert Ether(out)[family.ip].src == family.outside[0]
    assert quote_in(out, family) == sent[14:]


def quoted(world, family):
    sent = family.packet(family.inside[0], family.remote[0], udp(5000, 53, b"x" * 200))
    _, out = world.trial.handle(sent, world.now, pool=world.pool)
    return sent, out


def test_extensions_are_kept(family):
    """NAT-25, RFC 4884: a quote of 128 octets and an MPLS label stack behind it."""
    world = World(family)
    sent, out = quoted(world, family)
    extension = bytes.fromhex("2000dff00008010100001101")
    message = error(family, family.router, family.outside[0], ERRORS[family.name][2], out[14 : 14 + 128], extension)
    _, back = world.trial.handle(message, world.now, opens=False)
    assert quote_in(back, family) == sent[14 : 14 + 128] + extension
    assert right(back, family)


def test_options_in_the_quote():
    """NAT-25."""
    world = World(V4)
    sent = V4.packet(V4.inside[0], V4.remote[0], udp(5000, 53), options=[IPOption_RR(length=11, routers=["0.0.0.0", "0.0.0.0"])])
    _, out = world.trial.handle(sent, world.now, pool=world.pool)
    _, back = world.trial.handle(error(V4, V4.router, V4.outside[0], ICMP(type=11), out[14:]), world.now, opens=False)
    assert quote_in(back, V4) == sent[14:]


def test_what_does_not_fit_is_dropped(family):
    """NAT-27, NAT-29."""
    world = World(family)
    header = 20 if family is V4 else 40
    sent, out = quoted(world, family)
    good = error(family, family.router, family.outside[0], ERRORS[family.name][0], out[14:])
    assert world.trial.handle(good, world.now, opens=False)[0].startswith("forward")

    def sends(frame):
        return world.trial.handle(frame, world.now)[0]

    assert sends(good[:-1] + b"?") == "bad checksum"
    if family is V4:
        wrong = bytearray(out[14:])
        wrong[10] ^= 1
        assert sends(error(family, family.router, family.outside[0], ICMP(type=3), bytes(wrong))) == "bad checksum"
        later = bytearray(out[14:])
        later[7] = 5
        later[10:12] = (0).to_bytes(2)
        later[10:12] = checksum(bytes(later[:20])).to_bytes(2, "big")
        assert sends(error(family, family.router, family.outside[0], ICMP(type=3), bytes(later))) == "unmatched error"
    assert (
        sends(error(family, family.router, family.outside[0], ERRORS[family.name][0], out[14 : 14 + header + 7])) == "bad transport"
    )
    assert (
        sends(error(family, family.router, family.outside[0], ERRORS[family.name][0], out[14 : 14 + header - 1])) == "bad transport"
    )
    # Not about a packet of ours; about one, but to somebody else; about what an inside host never got.
    other = family.packet(family.outside[0], family.remote[0], udp(5001, 53))
    assert sends(error(family, family.router, family.outside[0], ERRORS[family.name][0], other[14:])) == "unmatched error"
    assert sends(error(family, family.router, family.inside[3], ERRORS[family.name][0], out[14:])) == "unmatched error"
    assert sends(error(family, family.inside[0], family.remote[0], ERRORS[family.name][0], sent[14:])) == "unmatched error"
    # An error about an error.
    assert sends(error(family, family.router, family.outside[0], ERRORS[family.name][0], good[14:])) == "unmatched error"
    assert world.flows.count == 1


def test_an_error_about_an_expired_flow(family):
    world = World(family)
    _, out = quoted(world, family)
    world.wait(301.1)
    message = error(family, family.router, family.outside[0], ERRORS[family.name][0], out[14:])
    assert world.trial.handle(message, world.now)[0] == "unmatched error"


def test_an_error_ends_and_refreshes_nothing(family):
    """NAT-28: neither a hard error nor a soft one, from either side."""
    world = World(family)
    _, out = quoted(world, family)
    message = error(family, family.router, family.outside[0], ERRORS[family.name][0], out[14:])
    world.wait(290)
    assert world.trial.handle(message, world.now)[0].startswith("forward")
    assert world.back(udp(53, 5000))[0] == "forward"
    world.wait(290)
    assert world.trial.handle(message, world.now)[0].startswith("forward")
    world.wait(11.1)
    assert world.back(udp(53, 5000))[0] == "no flow"


def test_what_others_share_is_not_written():
    """A quote that lies deeper than the 128 octets that a clone owns, in a frame that others read: dropped."""
    world = World(V4)
    sent = V4.packet(V4.inside[0], V4.remote[0], tcp(5000, 80, "S"), options=[IPOption_RR(length=39, routers=["0.0.0.0"] * 9)])
    _, out = world.trial.handle(sent, world.now, pool=world.pool)
    options = [IPOption_RR(length=39, routers=["0.0.0.0"] * 9)]
    message = bytearray(error(V4, V4.router, V4.outside[0], ICMP(type=11), out[14:]))
    outer = IP(bytes(IP(src=V4.router, dst=V4.outside[0], proto=1, options=options)))
    message = bytes(HEADER / outer)[:14] + relength(bytes(outer), len(message) - 34) + bytes(message[34:])
    assert world.trial.handle(message, world.now, flags=SHARED)[0] == "untranslatable"
    assert world.trial.handle(message, world.now)[0].startswith("forward")
    # In two parts: summed over both, and what is to be changed has to lie in the first.
    assert world.trial.handle(message, world.now, own=128)[0] in ("untranslatable", "bad transport")


def relength(header: bytes, body: int) -> bytes:
    header = bytearray(header)
    header[2:4] = (len(header) + body).to_bytes(2, "big")
    header[10:12] = b"\0\0"
    header[10:12] = checksum(bytes(header)).to_bytes(2, "big")
    return bytes(header)


@pytest.mark.parametrize("own", [127, 128, 131])
def test_a_checksum_over_two_parts(family, own):
    """Also where the first part ends at an odd place."""
    world = World(family)
    sent, out = quoted(world, family)
    message = error(family, family.router, family.outside[0], ERRORS[family.name][0], out[14:])
    _, back = world.trial.handle(message, world.now, own=own)
    assert quote_in(back, family) == sent[14:]
    assert right(back, family)
    assert world.trial.handle(message[:-1] + b"?", world.now, own=own)[0] == "bad checksum"


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(FAMILIES), st.data())
def test_a_mangled_error_is_dropped_or_right(family, data):
    """Any octet of the quote changed, any length cut, the message's checksum made right again: a named drop, or a right message."""
    world = World(family)
    _, out = quoted(world, family)
    quote = bytearray(out[14 : 14 + data.draw(st.integers(0, 100))])
    for _ in range(data.draw(st.integers(0, 3))):
        if quote:
            quote[data.draw(st.integers(0, len(quote) - 1))] = data.draw(st.integers(0, 255))
    message = error(family, family.router, family.outside[0], ERRORS[family.name][data.draw(st.integers(0, 3))], bytes(quote))
    word, back = world.trial.handle(message, world.now)
    if word.startswith("forward"):
        assert word == f"forward {family.inside[0]}"
        assert right(back, family)
        assert len(back) == len(message)
    else:
        assert word in ("bad checksum", "bad transport", "unmatched error")
    assert world.flows.count == 1


def test_a_flow_without_translation(family):
    """The error passes as it is, but only with its flow."""
    world = World(family, addresses=0)
    frame = family.packet(family.inside[0], family.remote[0], udp(5000, 53))
    message = error(family, family.router, family.inside[0], ERRORS[family.name][1], frame[14:])
    assert world.trial.handle(message, world.now)[0] == "unmatched error"
    world.trial.handle(frame, world.now)
    assert world.trial.handle(message, world.now)[1] == message
    assert TCP not in Ether(message)


def test_dependent_mapping_finds_flows_by_errors(family):
    world = World(family, Flows(10, mapping="endpoint-dependent"))
    world.out(udp(5000, 53), source=1)
    sent, out = quoted(world, family)
    message = error(family, family.router, family.outside[0], ERRORS[family.name][1], out[14:])
    assert quote_in(world.trial.handle(message, world.now)[1], family) == sent[14:]
    assert V6 is not V4
