"""Ipvlan by the rules of Linux's (drivers/net/ipvlan/ipvlan_core.c, whose function each test names): this kernel has none."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parents import BROADCAST, OURS, SECOND, ipvlan
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.inet6 import ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6NDOptDstLLAddr, IPv6
from scapy.layers.l2 import ARP, Dot1Q, Ether
from scapy.packet import Raw
from switch import mac

from fastpath import Engine, Ipvlan, MemoryPort

HOST = OURS.to_bytes(6, "big").hex(":")
OUTSIDE, GATEWAY = mac(99), mac(1)
V4 = {letter: f"10.0.0.{n}" for n, letter in enumerate("abc", 1)}
V6 = {letter: f"fd00::{n}" for n, letter in enumerate("abc", 1)}


def ip(source: str, target: str, *, link: tuple[str, str] = (HOST, HOST)) -> bytes:
    net = IPv6 if ":" in target else IP
    return bytes(Ether(src=link[0], dst=link[1]) / net(src=source, dst=target) / UDP(sport=1, dport=2) / Raw(b"x" * 30))


def arp(source: str, target: str, *, link=(HOST, BROADCAST), operation: int = 1, hwsrc: str = HOST) -> bytes:
    return bytes(Ether(src=link[0], dst=link[1]) / ARP(op=operation, hwsrc=hwsrc, psrc=source, pdst=target))


# -- l2 ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("names", [V4, V6], ids=["ipv4", "ipv6"])
def test_l2_siblings_by_address(names):
    """ipvlan_xmit_mode_l2: to our own MAC, so to the sibling that ipvlan_addr_lookup finds."""
    segment = ipvlan()
    assert segment.reached("a", ip(names["a"], names["b"])) == "b"
    assert segment.reached("c", ip(names["c"], names["a"])) == "a"
    assert segment.balanced()


def test_l2_others_by_the_wire():
    """ipvlan_xmit_mode_l2: another MAC: dev_queue_xmit on the parent, whatever address is meant."""
    segment = ipvlan()
    assert segment.reached("a", ip(V4["a"], V4["b"], link=(HOST, OUTSIDE))) == "w"
    assert segment.reached("a", ip(V4["a"], "192.0.2.9", link=(HOST, OUTSIDE))) == "w"


def test_l2_groups_go_to_siblings_and_out():
    """ipvlan_process_multicast, tx_pkt: every other slave, then the parent; flags do not matter there."""
    for flag in ("bridge", "private", "vepa"):
        assert ipvlan(flag=flag).reached("a", arp(V4["a"], V4["b"])) == "bcw"


def test_l2_an_answer_to_a_siblings_question():
    """ARP by its target (ipvlan_get_L3_hdr, IPVL_ARP): the reply comes back though all have one MAC."""
    assert ipvlan().reached("b", arp(V4["b"], V4["a"], link=(HOST, HOST), operation=2)) == "a"


def test_l2_what_is_for_the_parents_host_ends():
    """ipvlan_xmit_mode_l2: dev_forward_skb to the parent, its host's own. A packet socket cannot: it ends by name."""
    segment = ipvlan()
    assert segment.reached("a", ip(V4["a"], "10.0.0.77")) == ""
    assert segment.dropped() == {"the host": 1}


def test_private_siblings_do_not_talk():
    """ipvlan_is_private: NET_XMIT_DROP in both modes; outside they reach, and are reached."""
    for mode in ("l2", "l3"):
        segment = ipvlan(mode=mode, flag="private")
        assert segment.reached("a", ip(V4["a"], V4["b"])) == ""
        assert segment.dropped() == {"isolated": 1}
        assert segment.reached("w", ip("192.0.2.9", V4["b"], link=(OUTSIDE, HOST))) == "b"


def test_vepa_goes_by_the_wire():
    """ipvlan_is_vepa: no look-up on the way out; the switch sends it back, ipvlan_handle_mode_l3 finds the sibling."""
    segment = ipvlan(flag="vepa")
    one = ip(V4["a"], V4["b"])
    assert segment.reached("a", one) == "w"
    assert segment.reached("w", one) == "b"


@pytest.mark.parametrize("mode", ["l2", "l3", "l3s"])
@pytest.mark.parametrize("names", [V4, V6], ids=["ipv4", "ipv6"])
def test_from_the_wire_by_address(mode, names):
    """ipvlan_handle_mode_l3, which l2 uses for unicast as well; l3s finds the same in ipvlan_l3_rcv."""
    segment = ipvlan(mode=mode)
    outside = "192.0.2.9" if names is V4 else "2001:db8::9"
    assert segment.reached("w", ip(outside, names["c"], link=(OUTSIDE, HOST))) == "c"
    assert segment.reached("w", ip(outside, "10.0.0.77" if names is V4 else "fd00::77", link=(OUTSIDE, HOST))) == ""
    assert segment.reached("w", ip(outside, names["c"], link=(OUTSIDE, mac(5)))) == ""
    assert segment.dropped() == {"the host": 1, "other station": 1}


def test_l2_groups_from_outside_go_to_all():
    """ipvlan_handle_mode_l2: external frames are queued for every slave."""
    assert ipvlan().reached("w", arp("192.0.2.9", V4["a"], link=(OUTSIDE, BROADCAST), hwsrc=OUTSIDE)) == "abc"


def test_l2_what_a_member_sent_is_not_seen_again():
    """ipvlan_external_frame: our MAC and a member's address: all had it on its way out. Another address: the host's own."""
    segment = ipvlan()
    assert segment.reached("w", arp(V4["a"], V4["b"])) == ""
    assert segment.dropped() == {"same port": 1}
    assert segment.reached("w", arp("192.0.2.200", V4["b"])) == "abc"


def test_duplicate_address_detection_finds_who_has_it():
    """ipvlan_get_L3_hdr, IPVL_ICMPV6: of a solicitation from :: the target counts, so that a second owner is told."""
    segment = ipvlan()
    probe = Ether(src=HOST, dst=HOST) / IPv6(src="::", dst="ff02::1:ff00:2", hlim=255) / ICMPv6ND_NS(tgt=V6["b"])
    assert segment.reached("a", bytes(probe)) == "b"
    other = Ether(src=HOST, dst=HOST) / IPv6(src="::", dst=V6["b"], nh=58) / Raw(bytes([133]) + bytes(30))
    assert segment.reached("a", bytes(other)) == ""


@pytest.mark.parametrize(
    "broken",
    [
        ip(V4["a"], V4["b"])[:33],
        ip(V6["a"], V6["b"])[:53],
        arp(V4["a"], V4["b"], link=(HOST, HOST))[:41],
        ip(V4["a"], V4["b"])[:14] + b"\x44" + ip(V4["a"], V4["b"])[15:],
        ip(V4["a"], V4["b"])[:16] + b"\xff\xff" + ip(V4["a"], V4["b"])[18:],
        ip(V4["a"], V4["b"])[:16] + b"\x00\x13" + ip(V4["a"], V4["b"])[18:],
        ip(V6["a"], V6["b"])[:14] + b"\x50" + ip(V6["a"], V6["b"])[15:],
        bytes(Ether(src=HOST, dst=HOST) / Dot1Q(vlan=3) / IP(dst=V4["b"])),
        bytes(Ether(src=HOST, dst=HOST, type=0x88B5) / Raw(bytes(60))),
        ip("fd00::9", "::ffff:10.0.0.2"),
    ],
)
def test_what_names_no_address_is_nobodys(broken):
    """ipvlan_get_L3_hdr returns NULL for short headers, wrong versions, lengths that lie, and protocols without addresses."""
    segment = ipvlan()
    assert segment.reached("a", broken) == ""
    assert segment.reached("w", broken) == ""
    assert segment.dropped() == {"the host": 2}


# -- l3 ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["l3", "l3s"])
def test_l3_siblings_by_address(mode):
    """ipvlan_xmit_mode_l3: by address, and the link layer is made anew; nothing is taken off the TTL."""
    segment = ipvlan(mode=mode)
    assert segment.send("a", ip(V4["a"], V4["b"], link=(mac(3), mac(4)))) == [("b", ip(V4["a"], V4["b"]))]
    assert segment.send("a", ip(V6["a"], V6["c"])) == [("c", ip(V6["a"], V6["c"]))]


def test_l3_neither_sends_nor_gets_groups():
    """ipvlan_process_outbound: neither multicast nor broadcast; Documentation/networking/ipvlan.rst, 4.2."""
    segment = ipvlan(mode="l3")
    assert segment.reached("a", arp(V4["a"], "10.0.0.9")) == ""
    assert segment.reached("a", ip(V4["a"], "224.0.0.5", link=(HOST, "01:00:5e:00:00:05"))) == ""
    assert segment.reached("a", bytes(Ether(src=HOST, dst=HOST, type=0x88B5) / Raw(bytes(60)))) == ""
    assert segment.reached("w", arp("192.0.2.9", V4["a"], link=(OUTSIDE, BROADCAST), hwsrc=OUTSIDE)) == ""
    assert segment.reached("w", ip("192.0.2.9", V4["a"], link=(OUTSIDE, BROADCAST))) == ""
    assert segment.dropped() == {"no groups": 5}


def asked(out):
    """The targets of ARP requests and solicitations among what left by the wire."""
    return [Ether(octets)[ARP].pdst if ARP in Ether(octets) else Ether(octets)[ICMPv6ND_NS].tgt for _, octets in out]


def routed(**more):
    segment = ipvlan(mode="l3")
    segment.node.set_host(["192.0.2.1/24", "2001:db8::1/64"], ["192.0.2.254", "2001:db8::fe"], **more)
    return segment


def test_l3_asks_for_the_next_hop_and_then_sends_in_order():
    """ipvlan_process_v4_outbound: by the routes of the parent's host; with its address and MAC. RFC 1122, 2.3.2.2: packets wait."""
    segment = routed()
    first, second = (ip(V4["a"], f"198.51.100.{n}") for n in (1, 2))
    out = segment.send("a", first)
    assert asked(out) == ["192.0.2.254"]
    question = Ether(out[0][1])
    assert (question.src, question[ARP].hwsrc, question[ARP].psrc) == (HOST, HOST, "192.0.2.1")
    assert segment.send("a", second) == []
    answer = arp("192.0.2.254", "192.0.2.1", link=(GATEWAY, HOST), operation=2, hwsrc=GATEWAY)
    wanted = [("w", ip(V4["a"], f"198.51.100.{n}", link=(HOST, GATEWAY))) for n in (1, 2)]
    assert segment.send("w", answer) == wanted
    assert segment.send("b", ip(V4["b"], "203.0.113.1")) == [("w", ip(V4["b"], "203.0.113.1", link=(HOST, GATEWAY)))]
    assert segment.balanced()


def test_l3_by_ipv6_and_on_the_link():
    segment = routed()
    assert asked(segment.send("a", ip(V6["a"], "2001:db8::9"))) == ["2001:db8::9"]
    assert asked(segment.send("a", ip(V6["a"], "2001:db8:1::9"))) == ["2001:db8::fe"]
    assert asked(segment.send("a", ip(V4["a"], "192.0.2.9"))) == ["192.0.2.9"]
    told = IPv6(src="2001:db8::9", dst="2001:db8::1", hlim=255) / ICMPv6ND_NA(tgt="2001:db8::9", R=0, S=1, O=1)
    answer = Ether(src=OUTSIDE, dst=HOST) / told / ICMPv6NDOptDstLLAddr(lladdr=OUTSIDE)
    assert segment.send("w", bytes(answer)) == [("w", ip(V6["a"], "2001:db8::9", link=(HOST, OUTSIDE)))]


def test_l3_without_an_address_of_the_host_everybody_is_on_the_link():
    """A probe from 0.0.0.0 (RFC 5227, 2.1.1) is answered as well."""
    segment = ipvlan(mode="l3")
    out = segment.send("a", ip(V4["a"], "198.51.100.1"))
    assert asked(out) == ["198.51.100.1"]
    assert Ether(out[0][1])[ARP].psrc == "0.0.0.0"


def test_l3_no_route_and_nobody_to_ask():
    segment = ipvlan(mode="l3")
    segment.node.set_host(["192.0.2.1/24"])
    assert segment.send("a", ip(V4["a"], "198.51.100.1")) == []
    segment.node.set_host(["192.0.2.1/24"], arp=False)
    assert segment.send("a", ip(V4["a"], "192.0.2.7")) == []
    segment.node.set_host(["192.0.2.1/24"], neighbors=[("192.0.2.7", int.from_bytes(bytes.fromhex("020000000063")))], arp=False)
    assert segment.send("a", ip(V4["a"], "192.0.2.7")) == [("w", ip(V4["a"], "192.0.2.7", link=(HOST, OUTSIDE)))]
    assert segment.dropped() == {"no route": 1, "unresolved": 1}


def test_l3_who_does_not_answer_is_given_up():
    """Three tries, a second apart, then what waits is dropped by name; nothing is held for ever."""
    segment = routed()
    assert asked(segment.send("a", ip(V4["a"], "192.0.2.9"))) == ["192.0.2.9"]
    segment.engine.run_until_idle(10 * SECOND)
    assert len(segment.outbox.take()) == 2
    assert segment.dropped() == {"unresolved": 1}
    assert not segment.engine.held
    assert segment.balanced()


def test_l3_nobody_fills_the_table_from_outside():
    """Answers that nobody asked for teach nothing."""
    segment = routed()
    segment.send("w", arp("192.0.2.9", "192.0.2.1", link=(OUTSIDE, HOST), operation=2, hwsrc=OUTSIDE))
    assert asked(segment.send("a", ip(V4["a"], "192.0.2.9"))) == ["192.0.2.9"]


def test_l3_a_neighbor_that_moved_is_asked_again():
    """REACHABLE for 30 s, then STALE and asked alone; what it says now holds."""
    segment = routed()
    segment.send("a", ip(V4["a"], "192.0.2.9"))
    segment.send("w", arp("192.0.2.9", "192.0.2.1", link=(OUTSIDE, HOST), operation=2, hwsrc=OUTSIDE))
    out = segment.send("a", ip(V4["a"], "192.0.2.9"), at=40)
    assert [Ether(octets).dst for _, octets in out] == [OUTSIDE, OUTSIDE]
    assert asked(out[:1]) == ["192.0.2.9"]
    segment.send("w", arp("192.0.2.9", "192.0.2.1", link=(mac(98), HOST), operation=2, hwsrc=mac(98)), at=40.1)
    assert [Ether(octets).dst for _, octets in segment.send("a", ip(V4["a"], "192.0.2.9"), at=41)] == [mac(98)]


# -- members -------------------------------------------------------------------------------------------------------------------


def test_without_a_parent_nothing_leaves():
    """DOCKER.md 1.1: no parent or --internal: siblings only."""
    for mode in ("l2", "l3"):
        segment = ipvlan(2, mode=mode, wire=False)
        assert segment.reached("a", ip(V4["a"], V4["b"])) == "b"
        assert segment.reached("a", ip(V4["a"], "192.0.2.9", link=(HOST, OUTSIDE))) == ""
        assert segment.dropped() == {"no other port": 1}


def test_members_come_change_and_go():
    segment = ipvlan(2)
    segment.node.set_member(segment.numbers["b"], addresses=["10.0.0.9"])
    assert segment.reached("a", ip(V4["a"], "10.0.0.9")) == "b"
    assert segment.reached("a", ip(V4["a"], V4["b"])) == ""
    with pytest.raises(ValueError, match="belongs to another"):
        segment.node.set_member(segment.numbers["b"], addresses=["10.0.0.2", V4["a"]])
    assert segment.reached("a", ip(V4["a"], "10.0.0.2")) == ""
    segment.node.remove_member(segment.numbers["b"])
    assert segment.reached("b", ip(V4["b"], V4["a"])) == ""
    segment.dropped()
    assert segment.node.add_member(segment.ports["b"], addresses=[V4["b"]]) == segment.numbers["b"]
    assert segment.reached("a", ip(V4["a"], V4["b"])) == "b"


def test_settings_are_checked():
    engine = Engine()
    for wrong in ({"mac": 0}, {"mac": 1 << 40}, {"mac": OURS, "mode": "l4"}, {"mac": OURS, "flag": "x"}, {"mac": OURS, "limit": 0}):
        with pytest.raises(ValueError, match=r"individual|mode|flag|limit"):
            Ipvlan(engine, "wrong", **wrong)
    node, port = Ipvlan(engine, "segment", mac=OURS, limit=1), MemoryPort(engine, "p")
    with pytest.raises(ValueError, match="room"):
        node.add_member(port, addresses=["10.0.0.1", "10.0.0.2"])
    with pytest.raises(ValueError, match=r"not appear|does not"):
        node.add_member(port, addresses=["10.0.0"])
    with pytest.raises(ValueError, match="no member"):
        node.set_member(7)
    with pytest.raises(ValueError, match="at most"):
        node.set_host(["10.0.0.1/8"] * 17)


V6_ADDRESSES = st.ip_addresses(v=6).filter(lambda one: one.ipv4_mapped is None)


@given(st.lists(st.one_of(st.ip_addresses(v=4), V6_ADDRESSES), min_size=1, max_size=60, unique=True), st.data())
def test_each_address_finds_its_owner_and_no_other_does(addresses, data):
    """Whatever the addresses, IPv4 beside the IPv6 that looks like it; after some have gone, too."""
    segment = ipvlan(0)
    texts = [str(one) for one in addresses]
    owners = {text: "abc"[n % 3] for n, text in enumerate(texts)}
    for letter in "abc":
        segment.add(letter, addresses=[text for text in texts if owners[text] == letter])
    gone = data.draw(st.sampled_from("abc"))
    segment.node.remove_member(segment.numbers[gone])
    for text in texts:
        family = socket.AF_INET6 if ":" in text else socket.AF_INET
        octets = socket.inet_pton(family, text)
        if family == socket.AF_INET:
            packet = bytes.fromhex("4500001400000000 4011 0000 c0000209") + octets
            kind = b"\x08\x00"
        else:
            packet = bytes.fromhex("600000000000 3b40") + bytes(15) + b"\x01" + octets
            kind = b"\x86\xdd"
        one = OURS.to_bytes(6, "big") + bytes.fromhex(OUTSIDE.replace(":", "")) + kind + packet
        assert segment.reached("w", one) == ("" if owners[text] == gone else owners[text])


def test_pings_pass():
    """An echo from one to another and back, as an interface's own stack sends it."""
    segment = ipvlan(2)
    for source, target in ("ab", "ba"):
        echo = bytes(Ether(src=HOST, dst=HOST) / IP(src=V4[source], dst=V4[target]) / ICMP())
        assert segment.reached(source, echo) == target
