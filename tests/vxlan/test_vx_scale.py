"""A million stations and a thousand peers."""

import struct

import pytest

from fastpath import Bridge, Engine, MemoryPort, Outbox, Vtep
from tests.fastpath.outside import number
from tests.vxlan import outer
from tests.vxlan.overlay_plan import UNDERLAY_MACS, VNIS

PEERS, STATIONS = 1000, 1_000_000


def address(peer: int) -> str:
    return f"192.0.{2 + (peer >> 7)}.{(peer & 127) + 64}"


@pytest.mark.row("VX-14")
def test_a_million_remote_stations_at_a_thousand_peers_in_32_mb():
    """All learned from frames, none forgotten, and the bridge's table is all that they cost."""
    engine = Engine()
    bridge = Bridge(engine, "red", limit=STATIONS, member_limit=STATIONS)
    vtep = Vtep(engine, "vtep", mac=number(UNDERLAY_MACS["us"]), addresses=["192.0.0.1/16"], arp=False, tunnels=PEERS + 8)
    under = MemoryPort(engine, "under")
    under.lead_to(vtep, 0)
    vtep.lead(under)
    overlay = vtep.add_overlay("red", bridge, VNIS["red"], local="192.0.0.1", spare=2)
    for peer in range(PEERS):
        vtep.add_peer(overlay, address(peer))
    assert bridge.table_octets <= 32_000_000
    template = bytearray(
        outer.write(4, "192.0.2.64", b"\x02\0\0\0\0\xee\x02\1\0\0\0\0\x88\xb5" + bytes(46), 100, target="192.0.0.1")
    )
    template[24:26] = b"\0\0"
    base = sum(struct.unpack(">10H", template[14:34])) - sum(struct.unpack(">2H", template[26:30]))
    now = 10**9
    for peer in range(PEERS):
        source = bytes(map(int, address(peer).split(".")))
        total = base + sum(struct.unpack(">2H", source))
        total = (total & 0xFFFF) + (total >> 16)
        total = (total & 0xFFFF) + (total >> 16)
        template[24:26] = struct.pack(">H", ~total & 0xFFFF)
        template[26:30] = source
        for n in range(STATIONS // PEERS):
            template[58:62] = struct.pack(">I", peer * (STATIONS // PEERS) + n)
            under.push(bytes(template))
        engine.run_until_idle(now)
    counters = bridge.named_counters()
    assert counters["stations"] == counters["learned"] == STATIONS
    assert counters["refused"] == counters["moved"] == 0
    assert vtep.named_counters()["decapsulated"] == STATIONS
    rows = bridge.stations(now)
    assert len(set(rows["member"].tolist())) == PEERS


@pytest.mark.row("VX-15")
def test_a_flood_to_a_thousand_peers():
    engine = Engine()
    bridge = Bridge(engine, "red")
    outbox = Outbox()
    vtep = Vtep(engine, "vtep", mac=number(UNDERLAY_MACS["us"]), addresses=["192.0.0.1/16"], arp=False)
    under, local = MemoryPort(engine, "under", outbox=outbox), MemoryPort(engine, "a")
    under.lead_to(vtep, 0)
    vtep.lead(under)
    local.lead_to(bridge, bridge.add_member(local))
    overlay = vtep.add_overlay("red", bridge, 100, local="192.0.0.1", flood_rate=0)
    for peer in range(PEERS):
        vtep.add_peer(overlay, address(peer))
        vtep.add_neighbor(address(peer), number(UNDERLAY_MACS["r1"]))
    inner = b"\xff" * 6 + b"\x02\0\0\0\0\xaa\x88\xb5" + bytes(46)
    for _ in range(50):
        local.push(inner)
    engine.run_until_idle(10**9)
    packets = [outer.read(data) for _, _, data in outbox.take()]
    assert len(packets) == 50 * PEERS
    assert {packet.target for packet in packets} == {address(peer) for peer in range(PEERS)}
    assert {packet.inner for packet in packets} == {inner}
