"""The difference of two wirings: carried out, it makes one of the other; every step leaves no loose end."""

from hypothesis import given
from hypothesis import strategies as st

from dataplane.actions import AddLink, AddNode, ChangeLink, ChangeNode, RemoveLink, RemoveNode, applied, diff
from dataplane.wiring import Link, NodeSpec, Wiring

BRIDGE = NodeSpec("bridge front", "bridge", {"ageing_ns": 300_000_000_000, "fdb_limit": 64})
WEB = NodeSpec("web.front", "port", {"mac": "02:42:00:00:00:02", "mtu": 1500})
DB = NodeSpec("db.front", "port", {"mac": "02:42:00:00:00:03", "mtu": 1500})
WEB_LINK = Link("web.front", "bridge front", {"hairpin": False, "fdb_limit": 8})
DB_LINK = Link("db.front", "bridge front", {"hairpin": False, "fdb_limit": 8})
LAB = Wiring.of([BRIDGE, WEB, DB], [WEB_LINK, DB_LINK])


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
    return Wiring.of(nodes, [Link(*pair, draw(st.dictionaries(st.just("hairpin"), st.booleans()))) for pair in ends])


@given(wirings(), wirings())
def test_the_difference_applied_to_the_old_gives_the_new(old, new):
    """`applied` refuses a link to nowhere and the removal of a linked node, so the order is shown safe as well."""
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
