"""Wirings are put together without loose ends."""

import pytest

from dataplane.wiring import Link, NodeSpec, RuleSpec, Wiring, joined, shown, without

A, B = NodeSpec("a", "port"), NodeSpec("b", "bridge")


@pytest.mark.parametrize(
    ("nodes", "links", "words"),
    [
        ([A, NodeSpec("a", "bridge")], [], "two nodes are called 'a'"),
        ([A], [Link("a", "b")], "a link without its nodes: a -- b"),
        ([A, B], [Link("a", "b"), Link("a", "b", {"hairpin": True})], "two links from a to b"),
    ],
)
def test_loose_ends_are_refused(nodes, links, words):
    with pytest.raises(ValueError, match=words):
        Wiring.of(nodes, links)


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ([RuleSpec("r", "route", {}, "c")], "a rule without its node or link: r"),
        ([RuleSpec("r", "route", {}, "b", "a")], "a rule without its node or link: r"),
        ([RuleSpec("r", "route", {}, "a"), RuleSpec("r", "route", {}, "b")], "two rules are called 'r'"),
    ],
)
def test_rules_need_their_node_and_link(rules, words):
    with pytest.raises(ValueError, match=words):
        Wiring.of([A, B], [Link("a", "b")], rules)


def test_what_needs_a_node_that_is_left_out_is_left_out_too():
    rules = [RuleSpec("r", "route", {}, "b"), RuleSpec("s", "route", {}, "a", "b"), RuleSpec("t", "route", {}, "a")]
    whole = Wiring.of([A, B], [Link("a", "b")], rules)
    assert without(whole, {"b"}) == Wiring.of([A], (), rules[2:])
    assert joined([without(whole, {"b"}), Wiring.of([B])]).rules == {"t": rules[2]}


def test_parts_are_joined_in_order_and_may_not_share_names():
    whole = joined([Wiring.of([B]), Wiring.of([A])])
    assert list(whole.nodes) == ["b", "a"]
    with pytest.raises(ValueError, match="two nodes are called 'a'"):
        joined([whole, Wiring.of([A, NodeSpec("c", "port")])])


def test_settings_are_shown_as_people_say_them():
    assert (
        shown({"ageing_ns": 0, "hairpin": True, "isolated": False, "mac": "", "mtu": 1400, "n": 0})
        == "ageing 0 s, hairpin, mtu 1400, n 0"
    )
