"""The bridge's requirements, row by row (REQUIREMENTS: BR-1 to BR-18), on memory ports."""

from collections import Counter

import pytest
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import ARP, LLC, SNAP, STP, Dot1AD, Dot1Q, Dot3, Ether
from scapy.packet import Raw
from switch import BROADCAST, SECOND, Switch, balanced, frame, mac, octets

from fastpath import Bridge, Engine, MemoryPort, Outbox

A, B, C, X = mac(1), mac(2), mac(3), mac(99)
GROUPS = [
    BROADCAST,
    "01:00:5e:00:00:fb",
    "33:33:00:00:00:01",
    "01:80:c2:00:00:10",
    "01:80:c2:00:00:ff",
    "01:80:c2:00:01:00",
    "03:00:00:00:00:01",
]


@pytest.fixture
def switch():
    made = Switch()
    yield made
    assert balanced(made.engine)


def test_an_unknown_station_is_looked_for_everywhere_but_where_the_frame_came_from(switch):
    """BR-1"""
    for port, others in {"a": "bcd", "b": "acd", "d": "abc"}.items():
        assert switch.reached(port, frame(mac(10 + ord(port)), X)) == others


@pytest.mark.parametrize("group", GROUPS)
def test_group_addresses_go_to_all_others(switch, group):
    """BR-2"""
    assert switch.reached("b", frame(A, group)) == "acd"


@pytest.mark.parametrize("first", [X, BROADCAST, "01:00:5e:00:00:01", B])
def test_a_source_is_known_after_any_frame(switch, first):
    """BR-3"""
    switch.send("a", frame(A, first))
    assert switch.reached("b", frame(B, A)) == "a"
    assert switch.reached("a", frame(A, B)) == "b"
    assert switch.stations() == {A: "a", B: "b"}


def test_within_one_burst_learning_keeps_up():
    """BR-3: a frame may go to the station that the frame right before it came from."""
    switch = Switch()
    switch.ports["a"].push(frame(A, X))
    switch.ports["b"].push(frame(B, A))
    assert switch.engine.turn(0) == 2
    assert [(name, data) for name, data in switch.emitted() if data == frame(B, A)] == [("a", frame(B, A))]


def test_a_frame_for_its_own_port_goes_nowhere(switch):
    """BR-4"""
    switch.send("a", frame(A, X))
    assert switch.reached("a", frame(B, A)) == ""
    assert switch.reached("a", frame(C, C)) == ""
    assert switch.dropped() == {"same port": 2}


def test_a_hairpin_port_may_send_back_what_it_received():
    """BR-4"""
    switch = Switch(members={"a": {"hairpin": True}})
    assert switch.reached("a", frame(A, X)) == "abcd"
    assert switch.reached("a", frame(B, A)) == "a"
    assert switch.reached("b", frame(C, X)) == "acd"
    assert switch.reached("b", frame(C, C)) == ""


def test_a_station_that_moves_is_followed_both_ways(switch):
    """BR-5"""
    for port in "abab":
        switch.send(port, frame(A, X))
        assert switch.reached("c", frame(C, A)) == port
    assert switch.bridge.named_counters()["moved"] == 3
    assert switch.stations()[A] == "b"


@pytest.mark.parametrize("ageing", [300, 10, 1])
def test_an_unused_station_is_forgotten_after_the_ageing_time(ageing):
    """BR-6: at 0.6 x ageing still known, a little after it (0.54 s at most) no longer."""
    switch = Switch(ageing=ageing * SECOND)
    switch.send("a", frame(A, X), at=1)
    assert switch.reached("b", frame(B, A), at=1 + 0.6 * ageing) == "a"
    assert switch.reached("b", frame(B, A), at=1 + ageing) == "a"
    assert switch.reached("b", frame(B, A), at=1 + ageing + 0.55) == "acd"
    assert A not in switch.stations(1 + ageing + 0.55)


def test_the_ageing_time_is_five_minutes_by_default(switch):
    """BR-6: 802.1D Table 7-5"""
    switch.send("a", frame(A, X))
    assert switch.reached("b", frame(B, A), at=299.9) == "a"
    assert switch.reached("b", frame(B, A), at=300.6) == "acd"


def test_the_scanner_returns_the_room_of_the_forgotten():
    """BR-6: without a frame for it, an entry leaves the table within another quarter of the ageing time."""
    switch = Switch(ageing=10 * SECOND)
    for number in range(1000):
        switch.send("a", frame(mac(number + 1), X))
    assert switch.bridge.named_counters()["stations"] == 1000
    switch.engine.turn(14 * SECOND)
    assert switch.bridge.named_counters()["stations"] == 0
    assert switch.bridge.named_counters()["aged"] == 1000
    assert switch.engine.next_due is None, "an empty table needs no scanner"


def test_only_its_own_frames_keep_a_station_known(switch):
    """BR-7"""
    switch.send("a", frame(A, X), at=0)
    switch.send("a", frame(A, X), at=200)
    assert switch.reached("b", frame(B, A), at=400) == "a"
    for second in range(400, 500, 10):
        switch.send("b", frame(B, A), at=second)
    assert switch.reached("b", frame(B, A), at=501) == "acd"


def test_ageing_can_be_changed_and_switched_off():
    """BR-6"""
    switch = Switch(ageing=0)
    switch.send("a", frame(A, X))
    assert switch.reached("b", frame(B, A), at=100_000) == "a"
    switch.bridge.set_ageing(10 * SECOND)
    assert switch.reached("b", frame(B, A), at=100_001) == "acd"


@pytest.mark.parametrize("source", [*GROUPS, "01:80:c2:00:00:00", "00:00:00:00:00:00"])
def test_group_and_zero_sources_are_never_learned(switch, source):
    """BR-8"""
    assert switch.reached("a", frame(source, X)) == ""
    assert switch.stations() == {}
    assert switch.dropped() == {"invalid source": 1}


def test_the_zero_address_as_a_destination_is_just_unknown(switch):
    """BR-8: nobody can be learned there, so it is flooded."""
    for _ in range(2):
        assert switch.reached("a", frame(A, "00:00:00:00:00:00")) == "bcd"


@pytest.mark.parametrize("last", range(16))
def test_reserved_addresses_are_never_forwarded(switch, last):
    """BR-9, the BPDU address included; the source is learned all the same."""
    assert switch.reached("a", frame(A, f"01:80:c2:00:00:{last:02x}")) == ""
    assert switch.dropped() == {"reserved address": 1}
    assert switch.stations() == {A: "a"}


@pytest.mark.parametrize(
    "tags",
    [
        Dot1Q(vlan=5),
        Dot1Q(vlan=0, prio=7),
        Dot1AD(vlan=9),
        Dot1AD(vlan=9) / Dot1Q(vlan=5),
        Dot1Q(vlan=5) / Dot1Q(vlan=6),
        Dot1Q(vlan=4095, prio=7, dei=1),
    ],
    ids=["802.1Q", "priority", "802.1ad", "QinQ", "Q in Q", "vlan 4095"],
)
def test_tagged_frames_pass_octet_for_octet_and_learning_ignores_the_tag(switch, tags):
    """BR-10"""
    tagged = bytes(Ether(src=A, dst=X) / tags / IP(src="10.0.0.1", dst="10.0.0.2") / UDP() / Raw(b"payload"))
    assert switch.reached("a", tagged) == "bcd"
    assert switch.reached("b", frame(B, A)) == "a"
    switch.send("c", bytes(Ether(src=A, dst=X) / Dot1Q(vlan=77)))
    assert switch.reached("b", frame(B, A)) == "c"


@pytest.mark.parametrize(
    "packet",
    [
        Dot3(src=A, dst=X) / LLC() / SNAP() / Raw(bytes(40)),
        Dot3(src=A, dst=X) / LLC(dsap=0x42, ssap=0x42, ctrl=3) / STP(),
        Ether(src=A, dst=X) / IPv6(src="fe80::1", dst="fe80::2") / UDP(),
        Ether(src=A, dst=X, type=0x88B5) / Raw(b"unknown"),
        Ether(src=A, dst=X, type=0x05FF) / Raw(b"neither length nor type"),
        Ether(src=A, dst=X) / IP(src="10.0.0.1", dst="10.0.0.2", chksum=0x1234) / UDP(chksum=0x5678) / Raw(b"bad sums"),
        Ether(src=A, dst=X) / IP(len=9000, ihl=15) / TCP(dataofs=15),
        Ether(src=A, dst=X, type=0x0800) / Raw(b"\x45\x00"),
        Ether(src=A, dst=X) / ARP(hwlen=200),
    ],
    ids=["SNAP", "LLC", "IPv6", "unknown type", "length 1535", "bad checksums", "lying IP", "truncated IP", "lying ARP"],
)
def test_what_lies_above_is_nobodys_business(switch, packet):
    """BR-11"""
    assert switch.reached("a", bytes(packet)) == "bcd"


@pytest.mark.parametrize("length", range(14))
def test_less_than_a_header_is_dropped_and_the_next_frame_is_not(switch, length):
    """BR-12"""
    good = frame(A, X)
    assert switch.send("a", good[:length], good) == [(name, good) for name in "bcd"]
    assert switch.dropped("a") == {"runt": 1}


def test_a_header_alone_is_forwarded_unaltered(switch):
    """BR-12"""
    assert switch.reached("a", frame(A, X, b"\x08\x00")) == "bcd"


@pytest.mark.parametrize("payload", [46, 1499, 1500])
@pytest.mark.parametrize("tag", [b"", b"\x81\x00\x00\x05", b"\x88\xa8\x00\x05"], ids=["plain", "802.1Q", "802.1ad"])
def test_what_fits_the_mtu_passes_a_tag_not_counted(switch, payload, tag):
    """BR-13"""
    assert switch.reached("a", frame(A, X, tag + b"\x08\x00" + bytes(payload))) == "bcd"


@pytest.mark.parametrize("tag", [b"", b"\x81\x00\x00\x05"], ids=["plain", "802.1Q"])
def test_what_does_not_fit_one_port_still_leaves_by_the_others(tag):
    """BR-13"""
    switch = Switch(mtus={"b": 1500, "c": 1501, "d": 9000})
    assert switch.reached("a", frame(A, X, tag + b"\x08\x00" + bytes(1501))) == "cd"
    assert switch.reached("a", frame(A, X, tag + b"\x08\x00" + bytes(1502))) == "d"
    assert switch.dropped("b") == {"mtu": 2}
    assert switch.dropped("c") == {"mtu": 1}
    assert balanced(switch.engine)


def test_one_tag_rides_free_and_not_two(switch):
    """BR-13"""
    assert switch.reached("a", frame(A, X, b"\x88\xa8\x00\x05\x81\x00\x00\x05\x08\x00" + bytes(1500))) == ""


def test_at_the_limit_new_stations_are_flooded_and_known_ones_may_move():
    """BR-14"""
    switch = Switch(limit=10, member_limit=10)
    for number in range(12):
        switch.send("a", frame(mac(number + 1), X))
    for number in range(10):
        assert switch.reached("b", frame(mac(50), mac(number + 1))) == "a"
    assert switch.reached("b", frame(mac(50), mac(11))) == "acd"
    assert switch.reached("b", frame(mac(50), mac(12))) == "acd"
    # 11 and 12 once, 50 at each of its frames.
    assert switch.bridge.named_counters()["refused"] == 2 + 12
    switch.send("c", frame(mac(3), X))
    assert switch.reached("b", frame(mac(50), mac(3))) == "c"
    assert balanced(switch.engine)


def test_a_flood_of_addresses_at_one_port_does_not_keep_others_out():
    """BR-14: the limit a port has by itself is an eighth of the bridge's."""
    switch = Switch(limit=800)
    for number in range(2000):
        switch.send("a", frame(mac(1000 + number), X))
    assert switch.bridge.named_counters()["stations"] == 100
    for port, address in zip("bcd", (A, B, C), strict=True):
        switch.send(port, frame(address, X))
    for port, address in zip("bcd", (A, B, C), strict=True):
        assert switch.reached("a", frame(mac(1000), address)) == port


def test_room_at_a_port_comes_back_when_its_stations_age_or_move():
    """BR-14"""
    switch = Switch(limit=10, members={"a": {"limit": 1}}, ageing=10 * SECOND)
    switch.send("a", frame(A, X), at=0)
    switch.send("a", frame(B, X), at=0)
    assert set(switch.stations()) == {A}
    switch.send("b", frame(A, X), at=1)
    switch.send("a", frame(B, X), at=1)
    assert switch.stations(1) == {A: "b", B: "a"}
    # B is forgotten after 11.5 s, and no longer counted once the scanner has passed, which it does every 2.7 s.
    switch.send("a", frame(C, X), at=14.5)
    assert switch.stations(14.5) == {C: "a"}


def test_a_static_entry_is_neither_moved_nor_aged():
    """BR-15"""
    switch = Switch(ageing=1 * SECOND)
    switch.bridge.add_static(int.from_bytes(octets(A), "big"), switch.members["d"])
    assert switch.reached("b", frame(B, A)) == "d"
    switch.send("a", frame(A, X))
    assert switch.reached("b", frame(B, A), at=1000) == "d"
    assert switch.stations(1000)[A] == "d"
    assert bool(switch.bridge.stations(1000 * SECOND)["static"].any())


@pytest.mark.parametrize("address", [0, 1 << 48, 0x010000000000, 0xFFFFFFFFFFFF])
def test_only_a_stations_address_can_be_static(switch, address):
    """BR-15"""
    with pytest.raises(ValueError, match="individual"):
        switch.bridge.add_static(address, 0)


def test_isolated_ports_never_exchange_frames_and_others_reach_all():
    """BR-16"""
    switch = Switch(members={"a": {"isolated": True}, "b": {"isolated": True}})
    assert switch.reached("a", frame(A, X)) == "cd"
    assert switch.reached("b", frame(B, A)) == ""
    assert switch.reached("b", frame(B, BROADCAST)) == "cd"
    assert switch.reached("c", frame(C, X)) == "abd"
    assert switch.reached("c", frame(C, A)) == "a"
    assert switch.reached("a", frame(A, C)) == "c"
    assert switch.dropped() == {"isolated": 1}
    assert balanced(switch.engine)


def test_isolated_ports_alone_have_no_one_to_talk_to():
    """BR-16"""
    switch = Switch(2, members={"a": {"isolated": True}, "b": {"isolated": True}})
    assert switch.reached("a", frame(A, X)) == ""
    assert switch.dropped() == {"no other port": 1}


def test_two_bridges_with_the_same_stations_stay_separate():
    """BR-17"""
    engine, outbox = Engine(), Outbox()
    ports = {name: MemoryPort(engine, name, outbox=outbox) for name in ("a1", "b1", "a2", "b2", "c2")}
    for bridge, names in ((Bridge(engine, "one"), ("a1", "b1")), (Bridge(engine, "two"), ("b2", "a2", "c2"))):
        for name in names:
            ports[name].lead_to(bridge, bridge.add_member(ports[name]))
    for name, source in (("a1", A), ("b1", B), ("a2", A), ("b2", B)):
        ports[name].push(frame(source, X))
    engine.run_until_idle(0)
    outbox.take()
    for name, source, target, reached in (("a1", A, B, "b1"), ("b2", B, A, "a2"), ("c2", C, A, "a2")):
        ports[name].push(frame(source, target))
        engine.run_until_idle(0)
        assert [index for index, _, _ in outbox.take()] == [ports[reached].index]
    assert balanced(engine)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("burst", [1, 7, 256])
def test_frames_of_a_flow_keep_their_order_and_none_comes_twice(known, burst):
    """BR-18"""
    switch = Switch(burst=burst)
    if known:
        switch.send("b", frame(B, X))
    frames = [frame(A, B, b"\x88\xb5" + number.to_bytes(4, "big") + bytes(number % 300)) for number in range(1000)]
    out = switch.send("a", *frames)
    for port in "b" if known else "bcd":
        assert [data for name, data in out if name == port] == frames
    assert {name for name, _ in out} == set("b" if known else "bcd")


def test_a_flow_that_becomes_known_in_mid_stream_keeps_its_order(switch):
    """BR-18: flooded frames are not overtaken by those that follow."""
    frames = [frame(A, B, b"\x88\xb5" + bytes([number])) for number in range(100)]
    for number in range(50):
        switch.ports["a"].push(frames[number])
    switch.ports["b"].push(frame(B, A))
    for number in range(50, 100):
        switch.ports["a"].push(frames[number])
    switch.engine.run_until_idle(0)
    assert [data for name, data in switch.emitted() if name == "b"] == frames


def test_members_come_and_go(switch):
    switch.send("a", frame(A, X))
    number = switch.members["a"]
    switch.ports["a"].lead_to(None)
    switch.bridge.remove_member(number)
    assert switch.reached("b", frame(B, A)) == "cd"
    assert switch.stations() == {B: "b"}
    with pytest.raises(ValueError, match="has no member"):
        switch.bridge.remove_member(number)
    assert switch.bridge.add_member(switch.ports["a"]) == number
    assert switch.reached("b", frame(B, A)) == "acd"


def test_a_members_settings_can_change(switch):
    switch.bridge.set_member(switch.members["a"], hairpin=True)
    assert switch.reached("a", frame(A, X)) == "abcd"
    for letter in "ab":
        switch.bridge.set_member(switch.members[letter], isolated=True, limit=1)
    assert switch.reached("a", frame(A, X)) == "cd"
    switch.send("a", frame(B, X))
    assert switch.stations() == {A: "a"}
    with pytest.raises(ValueError, match="has no member 9"):
        switch.bridge.set_member(9)


def test_a_bridge_of_one_port_has_nowhere_to_send():
    switch = Switch(1)
    assert switch.reached("a", frame(A, X)) == ""
    assert switch.dropped() == {"no other port": 1}


def test_frames_by_a_place_that_is_free_are_forwarded_and_nothing_is_learned(switch):
    """A port may lead to a member that is not there yet, or not any longer."""
    switch.bridge.remove_member(switch.members["b"])
    assert switch.reached("b", frame(B, X)) == "acd"
    assert switch.stations() == {}
    switch.members["b"] = switch.bridge.add_member(switch.ports["b"])
    assert switch.reached("b", frame(B, X)) == "acd"
    assert switch.stations() == {B: "b"}


def test_a_port_may_lead_to_the_last_place_of_all():
    switch = Switch(1)
    for place in (500, 65_534):
        switch.ports["a"].lead_to(switch.bridge, place)
        assert switch.reached("a", frame(A, X)) == "a"
    with pytest.raises(ValueError, match="at most 65535 members"):
        switch.ports["a"].lead_to(switch.bridge, 65_535)
    port = MemoryPort(switch.engine, "more")
    assert switch.bridge.add_member(port) == 1


@pytest.mark.parametrize("same", range(1, 6))
def test_the_same_addresses_from_several_ports_in_one_burst(same):
    """BR-5, BR-18: as in turns of their own, though what held for the frame before is not looked up again."""
    told = []
    for together in (False, True):
        switch = Switch()
        for station in range(200):
            switch.send("c", frame(mac(1000 + station), X))
        switch.send("d", frame(B, X))
        out = []
        for port, n in [("a", same), ("b", same), ("d", 1)]:
            for _ in range(n):
                if together:
                    switch.ports[port].push(frame(A, B))
                else:
                    out += switch.send(port, frame(A, B))
        out += switch.send("c", frame(X, A))
        told.append((out, switch.stations(), switch.dropped()))
        assert len(switch.stations()) == 203
        # All of them can be found again: after their ageing time the scanner has nothing left to do.
        switch.engine.turn(1000 * SECOND)
        assert switch.engine.next_due is None
    assert told[0] == told[1]
    assert Counter(port for port, _ in told[0][0]) == {"d": 2 * same + 1}


@pytest.mark.parametrize("wrong", [0, (1 << 28) + 1])
def test_the_limit_has_bounds(wrong):
    with pytest.raises(ValueError, match="limit"):
        Switch(limit=wrong)
