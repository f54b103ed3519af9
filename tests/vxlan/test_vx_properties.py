"""Properties of tunnels, over any frame: what one VTEP sends another takes apart to the same octets."""

import functools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from tests.fastpath.outside import octets
from tests.vxlan import outer
from tests.vxlan.overlay_plan import STATIONS, inside
from tests.vxlan.overlay_world import Overlays

FAMILIES = st.sampled_from([4, 6])
TYPES = st.one_of(st.sampled_from([0x0800, 0x86DD, 0x0806, 0x8100, 0x88A8, 0x8847, 38, 0]), st.integers(0, 0xFFFF))


@pytest.mark.row("VX-1", "VX-6", "VX-18")
@settings(deadline=None)
@given(FAMILIES, TYPES, st.binary(max_size=1400), st.sampled_from([True, False, None]))
def test_decap_of_encap_is_the_frame(v, kind, payload, checksum):
    """Any octets behind the addresses, inner tags kept."""
    chosen = {"inner_vlan": "keep", "checksum": checksum}
    sender, receiver = Overlays(v, settings=chosen), Overlays(v, settings=chosen)
    sender.receive("r1", sender.broadcast("x"))
    inner = octets(STATIONS["x"]) + octets(STATIONS["a"]) + kind.to_bytes(2, "big") + payload
    (one,) = sender.send("a", inner)
    packet = outer.read(one.frame)
    assert packet.inner == inner
    back = octets("02:00:5e:00:00:01") + octets("02:00:5e:00:00:11") + one.frame[12:]
    # The same packet, from the other end: addresses swapped leave every sum as it is.
    at, size = (26, 4) if v == 4 else (22, 16)
    back = back[:at] + back[at + size : at + 2 * size] + back[at : at + size] + back[at + 2 * size :]
    assert [got.frame for got in receiver.send("under", back)] == [inner, inner]


FLOWS = st.lists(
    st.tuples(st.sampled_from([TCP, UDP]), st.sampled_from([4, 6]), st.integers(0, 65535), st.integers(0, 65535)), min_size=40,
    max_size=60, unique=True,
)  # fmt: skip


@functools.cache
def portless(protocol: type[TCP | UDP], family: int) -> bytes:
    """A packet from port 0 to port 0."""
    head = (IP if family == 4 else IPv6)(src=inside("a", family), dst=inside("x", family))
    return bytes(Ether(src=STATIONS["a"], dst=STATIONS["x"]) / head / protocol(sport=0, dport=0) / Raw(b"x" * 20))


@pytest.mark.row("VX-3", "VX-4")
@settings(deadline=None)
@given(FAMILIES, FLOWS)
def test_forty_flows_use_twenty_ports(v, flows):
    world = Overlays(v)
    world.receive("r1", world.broadcast("x"))
    frames = []
    for protocol, family, sport, dport in flows:
        frame, at = bytearray(portless(protocol, family)), 34 if family == 4 else 54
        frame[at : at + 4] = sport.to_bytes(2) + dport.to_bytes(2)
        frames.append(bytes(frame))
    ports = [outer.read(one.frame).sport for one in world.send("a", *frames)]
    assert len(set(ports)) >= 20
    assert all(port >= 49152 for port in ports)


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("remote"), st.sampled_from(["r1", "r2", "stranger"]), st.sampled_from("xyz")),
        st.tuples(st.just("local"), st.sampled_from("ab"), st.sampled_from("xyz")),
        st.tuples(st.just("wait"), st.integers(1, 8), st.just("")),
    ),
    max_size=40,
)


@pytest.mark.row("VX-14", "VX-17")
@settings(deadline=None)
@given(FAMILIES, EVENTS)
def test_stations_are_where_they_spoke_last(v, events):
    """A model: the last frame says where a station is, for ten seconds or a little more."""
    world, where = Overlays(v, bridge={"ageing": 10 * 10**9}), {}
    for what, place, station in events:
        if what == "wait":
            world.advance(place)
        elif what == "remote":
            world.receive(place, world.broadcast(station))
            where[station] = (place, world.now)
        else:
            world.send(place, world.broadcast(station))
            where[station] = (place, world.now)
        world.send("a", world.broadcast("a"))
        for name, (at, since) in where.items():
            age = (world.now - since) / 10**9
            probe = world.frame("a", name)
            found = {port for port, _ in world.told(world.send("a", probe))}
            if age < 9.9:
                assert found == ({at} - {"a"}), (name, at, age)
            elif age > 10.6:
                assert found == {"b", "r1", "r2"}
