"""What comes out of VXLAN, and what does not: the kernel's packets, Scapy's, and all that is wrong with one."""

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from scapy.layers.vxlan import VXLAN
from scapy.packet import Raw

from fastpath import Decapsulator, Encapsulator, Engine
from tests.vxlan.stage import ARPS, ENDS, INNER, MACS, SIZES, VNI, Pop, Push, kernels


@pytest.mark.parametrize("name", ["kernel", "kernel6", "kernel-bare", "kernel-vlan", "kernel-vnis"])
def test_what_the_kernel_sends_is_taken(name):
    """VX-6: with zero and with right checksums; by IPv6; tagged."""
    sent = kernels(name)
    pop = Pop()
    came = pop.send(*sent)
    assert [frame[-len(inner) :] for frame, inner in zip(sent, came, strict=True)] == came
    assert all(
        len(outer) - len(inner) == SIZES[6 if outer[12:14] == b"\x86\xdd" else 4] for outer, inner in zip(sent, came, strict=True)
    )
    assert not pop.drops()


def test_our_header_is_the_kernels_but_for_the_source_port():
    """A random identification instead of DF, an ephemeral source port, and a checksum over IPv4 too, unless it is told not to."""
    for name, version in (("kernel", 4), ("kernel-bare", 4), ("kernel6", 6)):
        for theirs in kernels(name):
            inner = theirs[SIZES[version] :]
            settings = {"local_mac": int.from_bytes(theirs[6:12]), "remote_mac": int.from_bytes(theirs[:6])}
            reply = theirs[11] == 2
            ends = {"local": ENDS[version]["remote"], "remote": ENDS[version]["local"]} if reply else {}
            (ours,) = Push(version, **settings, **ends).send(inner)
            differs = {at for at in range(len(ours)) if ours[at] != theirs[at]}
            checksum = {40, 41} if name == "kernel" else set()
            assert differs <= ({18, 19, 20, 24, 25, 34, 35} | checksum if version == 4 else {54, 55, 60, 61}), differs


# Given, else Scapy asks the machine that it runs on.
OUTSIDE = {"src": "02:42:c0:00:02:02", "dst": "02:42:c0:00:02:01"}


def vxlan(**fields) -> bytes:
    """An outer frame by Scapy; what is not said is as it should be."""
    packet = Ether(**OUTSIDE) / IP(src="192.0.2.2", dst="192.0.2.1", **fields.get("ip", {}))
    packet /= UDP(**{"sport": 50000, "dport": 4789, "chksum": 0, **fields.get("udp", {})})
    return bytes(packet / VXLAN(**{"flags": 8, "vni": VNI, **fields.get("vxlan", {})}) / Raw(fields.get("inner", INNER)))


GOOD = vxlan()
BAD = {
    "I flag 0 (VX-8)": (vxlan(vxlan={"flags": 0}), "bad vxlan header"),
    "no VXLAN header (VX-11)": (vxlan()[:42], "bad ip length"),
    "payload of 7 (VX-11)": (
        bytes(Ether(**OUTSIDE) / IP(src="192.0.2.2", dst="192.0.2.1") / UDP(dport=4789, chksum=0) / Raw(bytes(7))),
        "bad vxlan header",
    ),
    "inner runt (VX-11)": (vxlan(inner=bytes(13)), "runt"),
    "UDP length beyond the packet (VX-11)": (vxlan(udp={"len": 2000}), "bad transport"),
    "UDP length of less than its header (VX-11)": (vxlan(udp={"len": 7}), "bad transport"),
    "IP checksum (VX-11)": (vxlan(ip={"chksum": 1}), "bad ip checksum"),
    "UDP checksum (VX-7)": (vxlan(udp={"chksum": 1}), "bad checksum"),
    "a fragment (VX-13)": (vxlan(ip={"flags": "MF"}), "outer fragment"),
    "another port (VX-2)": (vxlan(udp={"dport": 8472}), "no vxlan"),
    "no UDP": (bytes(Ether(**OUTSIDE) / IP(proto=47) / Raw(bytes(50))), "no vxlan"),
    "no IP": (ARPS, "no vxlan"),
    "CE that cannot be told (VX-20)": (vxlan(ip={"tos": 3}, inner=bytes(Ether(**OUTSIDE) / IP(tos=0) / UDP())), "congestion lost"),
}


@pytest.mark.parametrize(("octets", "reason"), BAD.values(), ids=BAD.keys())
def test_what_is_no_vxlan_is_dropped_by_name_and_the_next_frame_is_fine(octets, reason):
    pop = Pop()
    assert pop.send(octets, GOOD) == [INNER]
    assert pop.drops() == {reason: 1}


@pytest.mark.parametrize(
    "octets",
    [
        GOOD[:42] + b"\xff" + GOOD[43:],
        GOOD[:43] + b"\xff\xff\xff" + GOOD[46:49] + b"\xff" + GOOD[50:],
        vxlan(ip={"ttl": 1}),
        vxlan(ip={"options": b"\x01\x01\x01\x00"}),
        GOOD + b"trailer",
        GOOD[:12] + b"\x81\x00\x00\x07" + GOOD[12:],
        GOOD[:12] + b"\x88\xa8\x00\x07\x81\x00\x00\x08" + GOOD[12:] + b"trailer",
    ],
    ids=["reserved flags", "reserved octets", "TTL 1", "IP options", "trailer", "tagged", "tagged twice"],
)
def test_what_has_to_be_taken(octets):
    """VX-9, VX-11; padding behind the datagram is no part of the inner frame; tags of the underlay are looked through."""
    assert Pop().send(octets) == [INNER]


@pytest.mark.parametrize(
    "octets", [GOOD[:42] + b"\xff" + GOOD[43:], GOOD[:43] + b"\1\0\0" + GOOD[46:], GOOD[:49] + b"\1" + GOOD[50:]]
)
def test_strict_is_as_linux(octets):
    """VX-9's other side."""
    pop = Pop(strict=True)
    assert pop.send(octets, GOOD) == [INNER]
    assert pop.drops() == {"bad vxlan header": 1}


def test_cut_at_every_octet():
    """Whatever is left of it: dropped by a name, nothing comes out."""
    for octets in (*kernels("kernel")[:2], *kernels("kernel6")[:2]):
        pop = Pop()
        assert pop.send(*(octets[:n] for n in range(1, len(octets)))) == []
        assert sum(pop.drops().values()) == len(octets) - 1


def test_networks_apart():
    """VX-10, VX-22: each VNI by its own edge, others nowhere, or along with what is no VXLAN."""
    seven, eight, nine = (vxlan(vxlan={"vni": vni}) for vni in (7, 8, 9))
    pop = Pop(everything=False, note=True)
    for vni in (7, 8):
        pop.node.lead_network(vni, pop.port(str(vni)))
    assert pop.sent(eight, nine, seven, ARPS) == [("8", INNER), ("7", INNER)]
    assert pop.drops() == {"unknown vni": 1, "no vxlan": 1}
    pop.node.lead_rest(pop.outside)
    assert sorted(pop.sent(eight, nine, seven, ARPS)) == [("7", INNER), ("8", INNER), ("out", nine), ("out", ARPS)]
    assert pop.send(nine, eight, ARPS, nine) == [nine, ARPS, nine]
    assert pop.node.vnis() == [7, 8, 9]
    assert Pop().node.vnis() == []


def test_ports_that_go_are_forgotten():
    push, pop = Push(), Pop(everything=False)
    pop.node.lead_network(VNI, pop.outside)
    pop.node.lead_rest(pop.port("rest"))
    for stage in (push, pop):
        stage.engine.remove(stage.outside)
        stage.send(INNER if stage is push else GOOD)
        assert stage.drops() == {"unconnected": 1}


def test_wrong_words():
    engine = Engine()
    node = Encapsulator(engine, "encap")
    for words in (
        {"vni": 1 << 24},
        {"ttl": 256},
        {"dscp": 64},
        {"source_port": 65536},
        {"remote": "2001:db8::2"},
        {"local": "nowhere"},
    ):
        with pytest.raises(ValueError):
            node.add_tunnel(**{"vni": 1, **ENDS[4], **MACS, **words})
    with pytest.raises(ValueError, match="no tunnel 1"):
        push = Push()
        push.inside.lead_to(push.node, 1)
    with pytest.raises(ValueError, match="in the same graph"):
        Push().inside.lead_to(Encapsulator(engine, "empty"), 0)
    with pytest.raises(ValueError, match="24 bits"):
        Decapsulator(engine, "decap").lead_network(1 << 24, None)
