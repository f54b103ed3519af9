"""The difference of two wirings: carried out, it makes one of the other; every step leaves no loose end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataplane.actions import (
    AddLink,
    AddNode,
    AddRule,
    ChangeLink,
    ChangeNode,
    ChangeRule,
    RemoveLink,
    RemoveNode,
    RemoveRule,
    applied,
    diff,
)
from dataplane.wiring import Link, NodeSpec, RuleSpec, Wiring

BRIDGE = NodeSpec("bridge front", "bridge", {"ageing_ns": 300_000_000_000, "fdb_limit": 64})
WEB = NodeSpec("web.front", "port", {"mac": "02:42:00:00:00:02", "mtu": 1500})
DB = NodeSpec("db.front", "port", {"mac": "02:42:00:00:00:03", "mtu": 1500})
WEB_LINK = Link("web.front", "bridge front", {"hairpin": False, "fdb_limit": 8})
DB_LINK = Link("db.front", "bridge front", {"hairpin": False, "fdb_limit": 8})
LAB = Wiring.of([BRIDGE, WEB, DB], [WEB_LINK, DB_LINK])

ROUTER = NodeSpec("router", "router", {"flows": 64})
GATEWAY = Link("router", "bridge front", {"mac": "02:42:0a:00:00:01", "mtu": 1500})
PUBLISH = RuleSpec("publish web.front 8080/tcp", "publish", {"target": "10.0.0.2", "target_port": 80})
NEIGHBOR = RuleSpec("neighbor 10.0.0.2", "neighbor", {"mac": "02:42:00:00:00:02"}, interface="bridge front")
ROUTED = Wiring.of([BRIDGE, WEB, DB, ROUTER], [WEB_LINK, DB_LINK, GATEWAY], [PUBLISH, NEIGHBOR])


@st.composite
def wirings(draw):
    names = draw(st.lists(st.sampled_from(["b", "c", "p.a", "p.b", "p.c"]), unique=True))
    nodes = [
        NodeSpec(
            name,
            draw(st.sampled_from(["bridge", "port"])),
            draw(st.dictionaries(st.sampled_from(["mtu", "ageing_ns", "mac"]), st.integers(0, 2))),
        )
        for name in names
    ]
    pairs = [(near, far) for near in names for far in names]
    ends = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=5)) if pairs else []
    links = [Link(*pair, draw(st.dictionaries(st.sampled_from(["hairpin", "mac"]), st.integers(0, 1)))) for pair in ends]
    places = [(name, "") for name in names] + ends
    kinds, settings = st.sampled_from(["route", "publish"]), st.dictionaries(st.just("target"), st.integers(0, 2))
    ruled = draw(st.lists(st.sampled_from("rstu"), unique=True)) if places else []
    rules = [RuleSpec(name, draw(kinds), draw(settings), *draw(st.sampled_from(places))) for name in ruled]
    return Wiring.of(nodes, links, rules)


@given(wirings(), wirings())
def test_the_difference_applied_to_the_old_gives_the_new(old, new):
    """`applied` refuses a link or rule to nowhere and the removal of what is still needed, so the order is shown safe as well."""
    assert applied(old, diff(old, new)) == new


@given(wirings())
def test_nothing_differs_from_itself(wiring):
    assert diff(wiring, wiring) == ()


def test_from_nothing_nodes_come_before_their_links_and_back_the_other_way():
    assert diff(Wiring(), LAB) == (AddNode(BRIDGE), AddNode(WEB), AddNode(DB), AddLink(WEB_LINK), AddLink(DB_LINK))
    assert diff(LAB, Wiring()) == (RemoveLink(WEB_LINK), RemoveLink(DB_LINK), RemoveNode(BRIDGE), RemoveNode(WEB), RemoveNode(DB))


def test_one_service_less_touches_no_other():
    assert diff(LAB, Wiring.of([BRIDGE, WEB], [WEB_LINK])) == (RemoveLink(DB_LINK), RemoveNode(DB))


def test_what_can_change_in_place_does():
    older = NodeSpec("bridge front", "bridge", {"ageing_ns": 60_000_000_000, "fdb_limit": 64})
    hairpin = Link("web.front", "bridge front", {"hairpin": True, "fdb_limit": 8})
    assert diff(LAB, Wiring.of([older, WEB, DB], [hairpin, DB_LINK])) == (ChangeNode(BRIDGE, older), ChangeLink(WEB_LINK, hairpin))


def test_what_cannot_is_replaced_with_all_its_links():
    other = NodeSpec("web.front", "port", {"mac": "02:00:00:00:00:09", "mtu": 1500})
    assert diff(LAB, Wiring.of([BRIDGE, other, DB], [WEB_LINK, DB_LINK])) == (
        RemoveLink(WEB_LINK),
        RemoveNode(WEB),
        AddNode(other),
        AddLink(WEB_LINK),
    )


def test_actions_print_as_a_line_each():
    older = NodeSpec("bridge front", "bridge", {"ageing_ns": 60_500_000_000, "fdb_limit": 64})
    hairpin = Link("web.front", "bridge front", {"hairpin": True, "fdb_limit": 8})
    new = Wiring.of([older, WEB, NodeSpec("new.front", "port")], [hairpin, Link("new.front", "bridge front")])
    assert [str(action) for action in diff(LAB, new)] == [
        "- db.front -- bridge front",
        "- port db.front",
        "~ bridge front: ageing 300 s -> 60.5 s",
        "+ port new.front",
        "~ web.front -- bridge front: hairpin off -> on",
        "+ new.front -- bridge front",
    ]
    assert str(AddNode(WEB)) == "+ port web.front (mac 02:42:00:00:00:02, mtu 1500)"


def test_what_was_not_there_before_is_said_so():
    old, new = NodeSpec("bridge n", "bridge"), NodeSpec("bridge n", "bridge", {"ageing_ns": 0, "mac": "", "on": False})
    assert str(ChangeNode(old, new)) == "~ bridge n: ageing none -> 0 s, mac none -> none, on none -> off"


def test_rules_come_last_and_go_first():
    assert diff(Wiring.of([BRIDGE, WEB, DB], [WEB_LINK, DB_LINK]), ROUTED) == (
        AddNode(ROUTER),
        AddLink(GATEWAY),
        AddRule(PUBLISH),
        AddRule(NEIGHBOR),
    )
    assert diff(ROUTED, LAB) == (RemoveRule(PUBLISH), RemoveRule(NEIGHBOR), RemoveLink(GATEWAY), RemoveNode(ROUTER))


def test_a_rule_changes_in_place_and_touches_nothing_else():
    other = RuleSpec(PUBLISH.name, "publish", {"target": "10.0.0.3", "target_port": 80})
    new = Wiring.of(ROUTED.nodes.values(), ROUTED.links.values(), [other, NEIGHBOR])
    assert diff(ROUTED, new) == (ChangeRule(PUBLISH, other),)
    assert str(diff(ROUTED, new)[0]) == "~ publish web.front 8080/tcp: target 10.0.0.2 -> 10.0.0.3"


def test_a_link_of_another_mac_is_made_anew_with_its_rules():
    gateway = Link("router", "bridge front", {"mac": "02:00:00:00:00:01", "mtu": 1500})
    new = Wiring.of(ROUTED.nodes.values(), [WEB_LINK, DB_LINK, gateway], ROUTED.rules.values())
    assert diff(ROUTED, new) == (RemoveRule(NEIGHBOR), RemoveLink(GATEWAY), AddLink(gateway), AddRule(NEIGHBOR))
    narrow = Link("router", "bridge front", {"mac": "02:42:0a:00:00:01", "mtu": 1400})
    assert diff(ROUTED, Wiring.of(ROUTED.nodes.values(), [WEB_LINK, DB_LINK, narrow], ROUTED.rules.values())) == (
        ChangeLink(GATEWAY, narrow),
    )


def test_a_node_made_anew_takes_its_rules_with_it():
    larger = NodeSpec("router", "router", {"flows": 128})
    new = Wiring.of([BRIDGE, WEB, DB, larger], ROUTED.links.values(), ROUTED.rules.values())
    assert [type(action) for action in diff(ROUTED, new)] == [
        RemoveRule,
        RemoveRule,
        RemoveLink,
        RemoveNode,
        AddNode,
        AddLink,
        AddRule,
        AddRule,
    ]


@pytest.mark.parametrize(
    ("actions", "words"),
    [
        ([AddRule(PUBLISH)], "cannot rule"),
        ([AddRule(RuleSpec("r", "route", {}, "nobody"))], "cannot rule"),
        ([AddRule(RuleSpec("r", "route", {}, "router", "bridge back"))], "cannot rule"),
        ([RemoveLink(GATEWAY)], "still needed"),
        ([RemoveRule(NEIGHBOR), RemoveLink(GATEWAY), RemoveNode(ROUTER)], "still needed"),
        ([ChangeRule(RuleSpec(PUBLISH.name, "publish"), PUBLISH)], "not so before"),
    ],
)
def test_rules_that_do_not_fit_are_refused(actions, words):
    with pytest.raises(ValueError, match=words):
        applied(ROUTED, actions)
