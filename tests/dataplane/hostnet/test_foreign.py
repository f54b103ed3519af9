"""Tables of others that drop forwarded packets are found, from what ``nft -j list ruleset`` prints."""

from __future__ import annotations

import json
from typing import Any

from dataplane.hostnet.foreign import Obstacle, obstacles
from dataplane.hostnet.legacy import judged


def chain(name: str = "FORWARD", table: str = "filter", policy: str = "drop", **more: str) -> dict[str, Any]:
    body = {"family": "ip", "table": table, "name": name, "type": "filter", "hook": "forward", "prio": 0, "policy": policy}
    return {"chain": {**body, **more}}


def rule(*words: dict[str, Any], name: str = "FORWARD", table: str = "filter") -> dict[str, Any]:
    return {"rule": {"family": "ip", "table": table, "chain": name, "expr": list(words)}}


def through(key: str, tap: str) -> dict[str, Any]:
    return {"match": {"op": "==", "left": {"meta": {"key": key}}, "right": tap}}


COUNTER: dict[str, Any] = {"counter": {"packets": 0, "bytes": 0}}
ACCEPT: dict[str, Any] = {"accept": None}


def test_a_policy_of_drop_is_named_with_a_mend_in_its_owners_words() -> None:
    (found,) = obstacles([{"metainfo": {}}, chain()], "dp-a")
    assert str(found) == "table ip filter, chain FORWARD (policy drop)"
    assert found.mend("dp-a") == "iptables -I FORWARD -i dp-a -j ACCEPT; iptables -I FORWARD -o dp-a -j ACCEPT"
    other = Obstacle("inet", "firewall", "forward", "policy drop")
    assert other.mend("dp-a").startswith("nft insert rule inet firewall forward iifname dp-a accept; nft insert")


def test_a_last_rule_that_drops_all_counts_too() -> None:
    listing = [chain(policy="accept"), rule(through("iifname", "eth0"), ACCEPT), rule(COUNTER, {"reject": {"type": "icmp"}})]
    (found,) = obstacles(listing)
    assert found.how == "its last rule drops"
    assert not obstacles(listing[:2])


def test_what_lets_the_tap_through_is_no_obstacle() -> None:
    rules = [rule(through(key, "dp-a"), COUNTER, ACCEPT) for key in ("iifname", "oifname")]
    assert obstacles([chain(), *rules], "dp-b")
    assert obstacles([chain(), rules[0]], "dp-a")
    assert not obstacles([chain(), *rules], "dp-a")


def test_our_own_tables_and_other_hooks_are_none() -> None:
    assert not obstacles([chain(table="dataplane-shop"), chain(hook="input"), chain(policy="accept"), chain(family="bridge")])


def test_a_listing_of_nft_itself() -> None:
    text = """{"nftables": [{"metainfo": {"version": "1.0.6"}}, {"table": {"family": "ip", "name": "filter", "handle": 1}},
    {"chain": {"family": "ip", "table": "filter", "name": "FORWARD", "handle": 1, "type": "filter", "hook": "forward",
    "prio": 0, "policy": "drop"}}, {"chain": {"family": "ip", "table": "filter", "name": "user", "handle": 2}}]}"""
    assert [str(one) for one in obstacles(json.loads(text)["nftables"])] == ["table ip filter, chain FORWARD (policy drop)"]


def test_rules_of_iptables_legacy() -> None:
    policy = "-P FORWARD DROP\n-A FORWARD -i br0 -j ACCEPT\n"
    assert [str(one) for one in judged(policy, "ip", "dp-a")] == ["table ip filter, chain FORWARD (policy drop, iptables-legacy)"]
    assert judged("-P FORWARD ACCEPT\n-A FORWARD -j REJECT --reject-with icmp-port-unreachable\n", "ip6", "")
    assert not judged("-P FORWARD ACCEPT\n-A FORWARD -s 10.0.0.1/32 -j DROP\n", "ip", "")
    assert not judged(f"{policy}-A FORWARD -i dp-a -j ACCEPT\n-A FORWARD -o dp-a -j ACCEPT\n", "ip", "dp-a")
