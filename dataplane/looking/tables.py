"""Every question that a lab's control socket and a daemon's API answer alike: method, path behind either's prefix, who answers."""

from __future__ import annotations

from collections.abc import Mapping

from dataplane.looking import answers, gateway_answers, vtep_answers
from dataplane.looking.inside import Answer

TABLES: Mapping[tuple[str, str], Answer] = {
    ("GET", "stats"): answers.get_stats,
    ("GET", "drops"): answers.drops,
    ("GET", "counters"): answers.counters,
    ("GET", "graph"): answers.graph,
    ("GET", "networks/{network}/fdb"): answers.fdb,
    ("GET", "routes"): gateway_answers.get_routes,
    ("GET", "neighbors"): gateway_answers.get_neighbors,
    ("GET", "flows"): gateway_answers.get_flows,
    ("DELETE", "flows"): gateway_answers.delete_flows,
    ("GET", "nat"): gateway_answers.get_nat,
    ("GET", "rules"): gateway_answers.get_rules,
    ("GET", "published"): gateway_answers.get_published,
    ("GET", "vteps"): vtep_answers.get_vteps,
}
