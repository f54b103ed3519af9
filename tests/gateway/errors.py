"""What an ICMP error of ours must be: RFC 792, RFC 1812 4.3.2, RFC 4443 2.4. Our choices (identification, TTL) are left free."""

from __future__ import annotations

import struct

from tests.fastpath.outside import Out, octets
from tests.gateway import judge
from tests.gateway.packets import ERRORS, ICMP_OF
from tests.gateway.plan import HOSTS, MACS, interface_of
from tests.gateway.world import World

# As much as possible without exceeding this: RFC 1812 4.3.2.3, RFC 4443 2.4 (c).
LARGEST = {4: 576, 6: 1280}


def address(world: World, name: str) -> bytes:
    """The address as it lies in a packet."""
    import ipaddress

    return ipaddress.ip_address(world.at(name)).packed


def assert_frame(world: World, one: Out, port: str, source: str, target: str) -> judge.Datagram:
    """From the router to who is on the port, between these addresses, with right sums, alive enough to arrive."""
    world.assert_sums([one])
    assert one.port == port, one
    assert one.frame[:6] == octets(MACS["isp" if port == "up" else port])
    assert one.frame[6:12] == octets(MACS[interface_of(port)])
    packet = judge.read(one.packet)
    header = one.packet
    addresses = (header[12:16], header[16:20]) if world.v == 4 else (header[8:24], header[24:40])
    assert addresses == (address(world, source), address(world, target)), one
    assert header[8 if world.v == 4 else 7] >= 63, "a TTL that takes it across the Internet (RFC 1700)"
    return packet


def assert_error(
    world: World, out: list[Out], port: str, kind: str, about: bytes, source: str, target: str, mtu: int = 0
) -> judge.Datagram:
    """One frame out: this error from `source` to `target`, quoting as much of the packet `about` as may be, as it came."""
    assert len(out) == 1, (out, world.drops())
    packet = assert_frame(world, out[0], port, source, target)
    assert packet.protocol == ICMP_OF[world.v]
    assert tuple(packet.upper[:2]) == ERRORS[kind][world.v == 6], out[0]
    rest = struct.unpack(">I", packet.upper[4:8])[0]
    assert rest == mtu if world.v == 6 or kind != "parameter" else rest >> 24 == mtu
    assert len(out[0].packet) <= LARGEST[world.v]
    quote = packet.upper[8:]
    assert quote == about[: len(quote)], "the packet is quoted as it came"
    room = LARGEST[world.v] - len(packet.header) - 8
    assert len(quote) >= min(len(about), room - 7), "as much of it as may be"
    return packet


def assert_echo_reply(world: World, out: list[Out], host: str, source: str, id: int, seq: int, payload: bytes) -> None:
    """One echo reply, in fragments if it does not fit, with the data of the request (RFC 1122 3.2.2.6)."""
    assert out, world.drops()
    for one in out:
        assert_frame(world, one, host, source, host if host in HOSTS else "r1")
    packet = judge.reassembled([one.packet for one in out])
    kind = 0 if world.v == 4 else 129
    whole = world.reply(source, host if host in HOSTS else "r1", id=id, seq=seq, payload=payload)
    assert packet.upper[0] == kind
    assert packet.upper == judge.read(bytes(whole)).upper
