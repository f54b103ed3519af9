"""Macvlan by the rules of Linux's (drivers/net/macvlan.c; tests/live/test_oracle_macvlan.py compares with it, frame by frame)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parents import BROADCAST, macvlan
from switch import frame, mac

from fastpath import Engine, Macvlan, MemoryPort

A, B, C, D, OUTSIDE = mac(1), mac(2), mac(3), mac(4), mac(99)
GROUPS = [BROADCAST, "01:00:5e:00:00:fb", "33:33:00:00:00:01", "01:80:c2:00:00:00"]


def test_bridge_siblings_talk_at_once_and_all_else_goes_out():
    """DOCKER.md 1.1, mode bridge; macvlan_queue_xmit: to another member in mode bridge directly, else xmit_world."""
    segment = macvlan("bbb")
    assert segment.reached("a", frame(A, B)) == "b"
    assert segment.reached("a", frame(A, OUTSIDE)) == "w"
    assert segment.reached("b", frame(B, BROADCAST)) == "acw"
    assert segment.dropped() == {}
    assert segment.balanced()


@pytest.mark.parametrize("mode", ["p", "v"])
def test_private_and_vepa_send_everything_out(mode):
    """DOCKER.md 1.1, modes private and vepa: siblings are not reached here, whatever the frame."""
    segment = macvlan(mode * 3)
    for target in (B, OUTSIDE, *GROUPS):
        assert segment.reached("a", frame(A, target)) == "w"


def test_vepa_siblings_talk_if_the_switch_sends_back():
    """DOCKER.md 1.1: vepa siblings talk only if the switch outside hairpins; macvlan_multicast_rx: all but the source."""
    segment = macvlan("vvv")
    assert segment.reached("w", frame(A, B)) == "b"
    assert segment.reached("w", frame(A, BROADCAST)) == "bc"


def test_private_siblings_never_talk():
    """DOCKER.md 1.1: private siblings never talk, even if a switch sends frames back. Linux lets unicast through, which its manual
    (ip-link(8): "even if the external switch supports hairpin mode") denies: the manual is followed."""
    segment = macvlan("ppp")
    assert segment.reached("w", frame(A, B)) == ""
    assert segment.dropped() == {"isolated": 1}
    assert segment.reached("w", frame(OUTSIDE, B)) == "b"
    assert segment.reached("w", frame(A, BROADCAST)) == "a"


def test_bridge_members_do_not_see_their_own_groups_again():
    """macvlan_multicast_rx: bridge ports already saw the frame on the way out, vepa ports did not."""
    segment = macvlan("bbv")
    assert segment.reached("w", frame(A, BROADCAST)) == "c"
    assert segment.reached("w", frame(C, BROADCAST)) == "ab"
    assert segment.reached("w", frame(OUTSIDE, BROADCAST)) == "abc"


def test_what_comes_in_goes_to_who_has_the_address_and_to_nobody_else():
    """macvlan_handle_frame: macvlan_hash_lookup; RX_HANDLER_PASS leaves the rest to the host."""
    segment = macvlan("bpv")
    for letter, target in zip("abc", (A, B, C), strict=True):
        assert segment.reached("w", frame(OUTSIDE, target)) == letter
    assert segment.reached("w", frame(OUTSIDE, D)) == ""
    assert segment.reached("w", frame(OUTSIDE, "00:00:00:00:00:00")) == ""
    assert segment.dropped() == {"other station": 2}


@pytest.mark.parametrize("group", GROUPS)
def test_groups_from_outside_go_to_all(group):
    """macvlan_multicast_rx without a known source; which groups an interface wants is its own kernel's to say."""
    assert macvlan("bpv").reached("w", frame(OUTSIDE, group)) == "abc"


def test_modes_beside_one_another():
    """Networks on one parent: a member in mode bridge reaches no private one, and its groups go to bridge members alone."""
    segment = macvlan("bbpv")
    assert segment.reached("a", frame(A, C)) == "w"
    assert segment.reached("a", frame(A, BROADCAST)) == "bw"
    assert segment.reached("c", frame(C, A)) == "w"


def test_passthru_gets_everything_and_sends_from_any_address():
    """DOCKER.md 1.1, mode passthru: macvlan_passthru(port): the first member, whatever the destination."""
    segment = macvlan("t")
    for target in (A, OUTSIDE, *GROUPS):
        assert segment.reached("w", frame(mac(50), target)) == "a"
    assert segment.reached("a", frame(mac(60), A)) == "w"


def test_beside_passthru_there_is_no_other():
    """DOCKER.md 1.1: one endpoint only; macvlan_common_newlink: -EINVAL."""
    for modes in ("tb", "bt", "tt"):
        with pytest.raises(ValueError, match="passthru"):
            macvlan(modes)


def test_without_a_parent_nothing_leaves():
    """DOCKER.md 1.1: no parent or --internal: a dummy; frames for the outside end, by name."""
    segment = macvlan("bb", wire=False)
    assert segment.reached("a", frame(A, B)) == "b"
    assert segment.reached("a", frame(A, OUTSIDE)) == ""
    assert segment.reached("a", frame(A, BROADCAST)) == "b"
    assert segment.dropped() == {"no other port": 1}


def test_runts_and_frames_for_oneself_end():
    segment = macvlan("bb")
    assert segment.send("a", b"\x02" * 13) == []
    assert segment.reached("a", frame(A, A)) == ""
    assert segment.dropped() == {"same port": 1}
    assert segment.balanced()


def test_addresses_are_checked():
    engine = Engine()
    node, port = Macvlan(engine, "segment", limit=2), MemoryPort(engine, "p")
    for wrong in (0, 1 << 40, 1 << 48):
        with pytest.raises(ValueError, match="individual"):
            node.add_member(port, mac=wrong)
    with pytest.raises(ValueError, match="mode"):
        node.add_member(port, mac=2, mode="source")
    assert (node.add_member(port, mac=2), node.add_member(port, mac=4)) == (1, 2)
    with pytest.raises(ValueError, match="already"):
        node.add_member(port, mac=2)
    with pytest.raises(ValueError, match="room"):
        node.add_member(port, mac=6)
    with pytest.raises(ValueError, match="no member"):
        node.remove_member(3)
    with pytest.raises(ValueError, match="already"):
        node.set_member(1, mac=4)


def test_members_come_change_and_go():
    segment = macvlan("bb")
    segment.node.set_member(segment.numbers["b"], mac=0x020000000007, mode="bridge")
    assert segment.reached("a", frame(A, mac(7))) == "b"
    assert segment.reached("a", frame(A, B)) == "w"
    segment.node.remove_member(segment.numbers["b"])
    assert segment.reached("a", frame(A, mac(7))) == "w"
    assert segment.send("b", frame(B, A)) == []
    assert segment.dropped() == {"unconnected": 1}
    segment.node.lead_wire(None)
    assert segment.reached("a", frame(A, mac(7))) == ""
    assert segment.node.names == [None, "a", None]


def reference(modes, came, source, target):
    """Who must get it: the rules once more, in the words of macvlan.c."""
    members = dict(enumerate(modes, 1))
    group = target == 0
    if came:
        if members[came] == "b":
            if group:
                return {n for n, mode in members.items() if mode == "b" and n != came} | {0}
            if members.get(target) == "b":
                return {target} - {came}
        return {0}
    if group:
        mode = members.get(source)
        if mode is None:
            return set(members)
        if mode == "v":
            return {n for n, other in members.items() if other in "vb" and n != source}
        return {n for n, other in members.items() if other == "v" and n != source} if mode == "b" else {source}
    if target not in members or (members[target] == "p" and source in members):
        return set()
    return {target}


@given(
    modes=st.text("bpv", min_size=1, max_size=6),
    events=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 8), st.integers(0, 8)), max_size=40),
)
def test_as_the_reference_has_it(modes, events):
    """Any members and frames, sent in one burst from each port: each goes to whom the rules name, once, in order."""
    segment = macvlan(modes)
    letters = "w" + "abcdefgh"[: len(modes)]
    wanted = []
    for place, source, target in events:
        came = place % len(letters)
        octets = frame(mac(source or 9), BROADCAST if target == 0 else mac(target))
        wanted += [(letters[n], octets) for n in sorted(reference(modes, came, source or 9, target))]
        segment.ports[letters[came]].push(octets)
        segment.engine.run_until_idle(0)
    got = [(segment.names[index], octets) for index, _, octets in segment.outbox.take()]
    assert sorted(got) == sorted(wanted)
    assert segment.balanced()


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 5)), min_size=2, max_size=300))
def test_one_burst_is_as_one_frame_at_a_time(events):
    """The way that the frame before took is taken again only where it must be the same."""
    outs = []
    for together in (True, False):
        segment = macvlan("bbp")
        for source, target in events:
            segment.ports["w" if target == 5 else "a"].push(frame(mac(source), BROADCAST if target == 0 else mac(target)))
            if not together:
                segment.engine.run_until_idle(0)
        segment.engine.run_until_idle(0)
        outs.append(sorted((segment.names[index], octets) for index, _, octets in segment.outbox.take()))
    assert outs[0] == outs[1]
