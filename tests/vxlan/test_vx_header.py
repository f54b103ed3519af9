"""VX-1 to VX-4: the header that goes in front, and the source port that tells flows apart (RFC 7348, 5)."""

from pathlib import Path

import pytest
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrFragment
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Raw
from scapy.utils import RawPcapReader

from fastpath import Bridge
from tests.fastpath.outside import BROADCAST
from tests.vxlan import outer
from tests.vxlan.overlay_plan import BEFORE, STATIONS, UNDERLAY_MACS, inside
from tests.vxlan.overlay_world import Overlays

PCAPS = Path(__file__).parents[2] / "pcaps"
KINDS = {
    "udp": lambda w: w.frame("a", "x"),
    "ipv6": lambda w: w.frame("a", "x", v=6),
    "not ip": lambda w: bytes(Ether(src=STATIONS["a"], dst=STATIONS["x"], type=0x88B5) / Raw(bytes(range(46)))),
    "llc": lambda w: bytes(Ether(src=STATIONS["a"], dst=STATIONS["x"], type=38) / Raw(b"\xaa\xaa\3" + bytes(35))),
    "14 octets": lambda w: bytes(Ether(src=STATIONS["a"], dst=STATIONS["x"], type=0x88B5)),
    "broken ip": lambda w: bytes(Ether(src=STATIONS["a"], dst=STATIONS["x"], type=0x0800) / Raw(b"\x4f\0\xff\xff" + bytes(20))),
}


def taught(world: Overlays) -> Overlays:
    """x is known to be behind r1."""
    world.receive("r1", world.frame("x", "a"))
    return world


@pytest.mark.row("VX-1")
@pytest.mark.parametrize("kind", KINDS)
def test_what_goes_in_front_octet_for_octet(world, kind):
    inner = KINDS[kind](taught(world))
    (one,) = world.send("a", inner)
    packet = outer.read(one.frame)
    length = len(inner) + 16
    hoped = outer.write(
        world.v, "us", inner, 100, target="r1", target_mac=UNDERLAY_MACS["r1"], sport=packet.sport, udp_sum=packet.udp_sum,
        **({"id": int.from_bytes(one.frame[18:20], "big")} if world.v == 4 else {}),
    )  # fmt: skip
    assert one.frame == hoped
    assert len(one.frame) == BEFORE[world.v] + len(inner)
    assert length == int.from_bytes(one.frame[BEFORE[world.v] - 12 : BEFORE[world.v] - 10], "big")


@pytest.mark.row("VX-1")
@pytest.mark.parametrize("vni", [1, 0x123456, 0xFFFFFF])
def test_any_vni_there_and_back(make, vni):
    world = make(vnis={"red": vni})
    inner = world.frame("x", "a")
    world.expect(world.receive("r1", inner), ("a", inner), ("b", inner))
    world.expect(world.send("a", world.frame("a", "x")), ("r1", world.frame("a", "x")))


@pytest.mark.row("VX-1")
@pytest.mark.parametrize("vni", [0, 1 << 24])
def test_other_numbers_are_no_vni(world, vni):
    bridge = Bridge(world.engine, "another")
    with pytest.raises((ValueError, OverflowError)):
        world.vtep.add_overlay("another", bridge, vni, local=world.at("us"))


@pytest.mark.row("VX-1")
def test_a_vni_has_one_overlay(world):
    bridge = Bridge(world.engine, "another")
    with pytest.raises(ValueError, match="100"):
        world.vtep.add_overlay("another", bridge, 100, local=world.at("us"))


@pytest.mark.row("VX-2")
def test_the_port_is_4789(world):
    inner = world.frame("x", "a")
    assert [one.port for one in world.receive("r1", inner)] == ["a", "b"]
    assert world.only(world.send("a", world.frame("a", "x"))).dport == 4789


@pytest.mark.row("VX-2")
def test_another_port_on_demand(make):
    """8472, as Linux once had it; then 4789 is as good as any other."""
    world = make(vtep={"port": 8472})
    inner = world.frame("x", "a")
    assert [one for one in world.receive("r1", inner) if one.port != "under"] == []
    assert [one.port for one in world.receive("r1", inner, dport=8472)] == ["a", "b"]
    assert world.only(world.send("a", world.frame("a", "x"))).dport == 8472


@pytest.mark.row("VX-2")
@pytest.mark.parametrize("dport", [1, 4788, 4790, 8472, 65535])
def test_packets_to_other_ports_are_not_taken_apart(world, dport):
    out = world.receive("r1", world.frame("x", "a"), dport=dport)
    assert [one for one in out if one.port != "under"] == []
    assert not world.knows("x")


def ports_of(world: Overlays, frames: list[bytes]) -> list[int]:
    out = world.send("a", *frames)
    assert len(out) == len(frames), world.drops()
    return [outer.read(one.frame).sport for one in out]


@pytest.mark.row("VX-3", "VX-4")
@pytest.mark.parametrize("family", [4, 6])
def test_one_flow_has_one_port_and_forty_have_many(world, family):
    taught(world)
    flows = [world.frame("a", "x", sport=n, v=family) for n in range(1, 41)]
    ports = ports_of(world, flows)
    assert ports == ports_of(world, flows)
    assert len(set(ports)) >= 20
    assert all(49152 <= port <= 65535 for port in ports)
    same = [world.frame("a", "x", payload=bytes(n), v=family) for n in range(20)]
    assert len(set(ports_of(world, same))) == 1


@pytest.mark.row("VX-3")
def test_ports_spread_over_the_whole_range(world):
    taught(world)
    frame = world.frame("a", "x", sport=0)
    ports = ports_of(world, [frame[:34] + n.to_bytes(2) + frame[36:] for n in range(1, 2001)])
    assert all(49152 <= port <= 65535 for port in ports)
    assert min(ports) < 50_000
    assert max(ports) > 64_500
    assert len(set(ports)) > 1800


@pytest.mark.row("VX-4")
def test_flows_differ_by_every_part_of_what_names_them(world):
    taught(world)
    base = {"src": inside("a"), "dst": inside("x")}
    packets = [
        IP(**base) / UDP(sport=1, dport=2),
        IP(**base) / UDP(sport=2, dport=1),
        IP(**base) / TCP(sport=1, dport=2),
        IP(src="10.0.0.77", dst=inside("x")) / UDP(sport=1, dport=2),
        IP(src=inside("a"), dst="10.0.0.77") / UDP(sport=1, dport=2),
        IPv6(src=inside("a", 6), dst=inside("x", 6)) / UDP(sport=1, dport=2),
    ]
    ports = ports_of(world, [bytes(Ether(src=STATIONS["a"], dst=STATIONS["x"]) / packet) for packet in packets])
    assert len(set(ports)) == len(packets)


@pytest.mark.row("VX-4")
def test_the_two_directions_have_ports_of_their_own(world):
    """So that whoever sees one cannot foretell the other."""
    taught(world)
    ends = [(inside("a"), inside("x"), 7, 8), (inside("x"), inside("a"), 8, 7)]
    frames = [
        bytes(Ether(src=STATIONS["a"], dst=STATIONS["x"]) / IP(src=s, dst=d) / UDP(sport=sp, dport=dp)) for s, d, sp, dp in ends
    ]
    assert len(set(ports_of(world, frames))) == 2


@pytest.mark.row("VX-4")
@pytest.mark.parametrize("family", [4, 6])
def test_fragments_of_a_flow_share_a_port(world, family):
    """The later ones have no ports of their own, and must not overtake the first."""
    taught(world)
    udp = bytes(UDP(sport=5, dport=6) / Raw(bytes(1008)))
    frames = []
    for at in range(0, 1016, 504):
        if family == 4:
            head = IP(src=inside("a"), dst=inside("x"), id=9, proto=17, flags="MF" if at == 0 else 0, frag=at // 8)
        else:
            head = IPv6(src=inside("a", 6), dst=inside("x", 6)) / IPv6ExtHdrFragment(id=9, nh=17, m=at == 0, offset=at // 8)
        frames.append(bytes(Ether(src=STATIONS["a"], dst=STATIONS["x"]) / head / Raw(udp[at : at + 504])))
    assert len(set(ports_of(world, frames))) == 1


@pytest.mark.row("VX-4")
def test_tagged_flows_are_told_apart_too(make):
    world = taught(make(settings={"inner_vlan": "keep"}))
    plain = [world.frame("a", "x", sport=n) for n in range(1, 41)]
    tagged = [one[:12] + b"\x81\0\0\5" + one[12:] for one in plain]
    ports = ports_of(world, tagged)
    assert ports == ports_of(world, tagged)
    assert len(set(ports)) >= 20


@pytest.mark.row("VX-4")
def test_what_is_not_ip_has_a_port_by_its_addresses(world):
    taught(world)
    arp = [bytes(Ether(src=STATIONS[s], dst=BROADCAST) / ARP(psrc=inside(s), pdst=inside("x"))) for s in "ab"]
    a, b = (
        {outer.read(one.frame).sport for one in world.send(port, frame) if one.port == "under"}
        for port, frame in zip("ab", arp, strict=True)
    )
    assert len(a) == len(b) == 1
    assert a != b


@pytest.mark.row("VX-4")
@pytest.mark.parametrize("name", ["http", "http6", "multicast", "udp-unreachable"])
def test_over_real_flows(world, name):
    """Every flow of the capture has one port, and flows that differ do so mostly."""
    taught(world)
    flows: dict[object, set[int]] = {}
    with RawPcapReader(str(PCAPS / f"{name}.pcap")) as capture:
        frames = [octets for octets, _ in capture if octets[12:14] in (b"\x08\0", b"\x86\xdd")]
    for octets in frames:
        changed = bytes.fromhex(STATIONS["x"].replace(":", "")) + bytes.fromhex(STATIONS["a"].replace(":", "")) + octets[12:]
        packet = Ether(changed)
        upper = next((layer for layer in (TCP, UDP) if packet.haslayer(layer) and packet[1].payload.__class__ is layer), None)
        key = (
            packet[1].src,
            packet[1].dst,
            *((upper, packet[upper].sport, packet[upper].dport) if upper else (packet[1].payload.name,)),
        )
        # One that is too large for a tunnel is told so at its own port.
        for one in world.send("a", changed):
            if one.port == "under":
                flows.setdefault(key, set()).add(outer.read(one.frame).sport)
    assert flows
    assert all(len(ports) == 1 for ports in flows.values())
    ports = [port for (port,) in flows.values()]
    assert len(set(ports)) >= len(ports) * 3 // 4


@pytest.mark.row("VX-3")
def test_another_seed_gives_other_ports(v):
    def told(seed):
        world = taught(Overlays(v, seed=seed))
        return ports_of(world, [world.frame("a", "x", sport=n) for n in range(1, 41)])

    assert told(1) == told(1)
    assert told(1) != told(2)
