"""Tables of others that would drop what goes through an uplink: detected and named, never altered. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dataplane.hostnet.rules import PREFIX

CARRYING = frozenset({"ip", "ip6", "inet"})


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A chain that drops forwarded packets: by its policy, or by a rule at its end that all others reach."""

    family: str
    table: str
    chain: str
    how: str

    def mend(self, tap: str) -> str:
        """One command for each direction that lets the uplink through; in iptables' words where iptables made the chain."""
        if self.table == "filter" and self.chain == "FORWARD":
            tool = "ip6tables" if self.family == "ip6" else "iptables"
            return f"{tool} -I FORWARD -i {tap} -j ACCEPT; {tool} -I FORWARD -o {tap} -j ACCEPT"
        place = f"nft insert rule {self.family} {self.table} {self.chain}"
        return f"{place} iifname {tap} accept; {place} oifname {tap} accept"

    def __str__(self) -> str:
        return f"table {self.family} {self.table}, chain {self.chain} ({self.how})"


def obstacles(listing: Iterable[Mapping[str, Any]], tap: str = "") -> list[Obstacle]:
    """From ``nft -j list ruleset``. A chain that accepts the TAP by name in both directions is none."""
    listing = list(listing)
    found = []
    for chain in _forward_chains(listing):
        rules = [rule["rule"] for rule in listing if "rule" in rule and _of(rule["rule"], chain)]
        if tap and _lets_through(rules, tap):
            continue
        if chain.get("policy") == "drop":
            found.append(Obstacle(chain["family"], chain["table"], chain["name"], "policy drop"))
        elif rules and _drops_all(rules[-1]):
            found.append(Obstacle(chain["family"], chain["table"], chain["name"], "its last rule drops"))
    return found


def _forward_chains(listing: list[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for item in listing:
        chain = item.get("chain", {})
        ours = str(chain.get("table", "")).startswith(PREFIX)
        if chain.get("hook") == "forward" and chain.get("type") == "filter" and chain["family"] in CARRYING and not ours:
            yield chain


def _of(rule: Mapping[str, Any], chain: Mapping[str, Any]) -> bool:
    return (rule["family"], rule["table"], rule["chain"]) == (chain["family"], chain["table"], chain["name"])


def _drops_all(rule: Mapping[str, Any]) -> bool:
    words = [statement for statement in rule.get("expr", ()) if not {"counter", "log", "limit"} & statement.keys()]
    return len(words) == 1 and bool({"drop", "reject"} & words[0].keys())


def _lets_through(rules: list[Mapping[str, Any]], tap: str) -> bool:
    """It has a rule that accepts what comes in by the TAP, and one for what goes out by it."""
    return all(any(_accepts(rule, key, tap) for rule in rules) for key in ("iifname", "oifname"))


def _accepts(rule: Mapping[str, Any], key: str, tap: str) -> bool:
    words = [statement for statement in rule.get("expr", ()) if "counter" not in statement]
    if len(words) != 2 or "accept" not in words[1]:
        return False
    match = words[0].get("match", {})
    return bool(match == {"op": "==", "left": {"meta": {"key": key}}, "right": tap})
