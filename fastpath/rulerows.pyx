"""A row a rule: whose, of what kind, in words, and how many packets met it. Of what lets pass, only the first of each flow does."""

import numpy as np

from libc.stdint cimport uint32_t

from fastpath.address cimport address_text
from fastpath.ip cimport is_mapped
from fastpath.layout cimport PROTOCOL_TCP, PROTOCOL_UDP
from fastpath.publish cimport ALL_CLIENTS, UPLINK_CLIENTS
from fastpath.ruletable cimport ISOLATED, Interface, NAT_UNPROTECTED, ROUTED

RULES_DTYPE = np.dtype([("network", "O"), ("kind", "U10"), ("rule", "O"), ("packets", "<u8")])
FAMILIES = ("IPv4", "IPv6")


cdef str pool_text(const RuleTable* rules, uint32_t pool):
    cdef uint32_t i
    return " ".join(
        address_text(&rules.flows.addresses.known[rules.flows.pools[pool].numbers[i]].address)
        for i in range(rules.flows.pools[pool].counts[0] + rules.flows.pools[pool].counts[1])
    )


cdef list isolation(const Interface* interface, str name, str by):
    """One row a reason for which packets are dropped, as far as the network has it."""
    cdef uint32_t family
    words = []
    rows = []
    for family in range(2):
        if interface.modes[family] == NAT_UNPROTECTED:
            words.append(f"all of {FAMILIES[family]}")
        elif interface.modes[family] == ROUTED:
            words.append(f"published ports and ICMP of {FAMILIES[family]}")
    reached = ", ".join(["published ports", *words])
    if interface.internal or (interface.modes[0] == ISOLATED and interface.modes[1] == ISOLATED):
        rows.append((name, "isolation", "internal: in and out drop", interface.hits.internal))
    else:
        rows.append((name, "isolation", f"from other networks: {reached} accept; else drop", interface.hits.other))
        rows.append((name, "isolation", f"from outside{by}: {reached} accept; else drop", interface.hits.unpublished))
    if not interface.icc:
        rows.append((name, "isolation", "routed between its own endpoints: drop", interface.hits.icc))
    return rows


cdef str by_realm(dict realm_names, uint32_t realm):
    return f" by {realm_names[realm]}" if realm in realm_names else ""


cdef object rule_rows(const RuleTable* rules, dict names, dict publication_names, dict realm_names):
    cdef uint32_t i, family
    cdef const Interface* interface
    rows = []
    for i in range(rules.n_interfaces):
        interface = &rules.interfaces[i]
        if not interface.used or interface.uplink:
            continue
        by = by_realm(realm_names, interface.realm)
        rows += isolation(interface, names[i], by)
        for family in range(2):
            if interface.pools[family] and not interface.internal:
                rows.append((names[i], "snat",
                             f"{FAMILIES[family]} to outside{by}: source {pool_text(rules, interface.pools[family])}",
                             interface.hits.masqueraded[family]))
        if interface.hits.host:
            rows.append((names[i], "dnat", f"TCP and UDP to the gateway: to the host{by}", interface.hits.host))
    for i in range(rules.n_statics):
        outside, inside = address_text(&rules.statics[i].outside), address_text(&rules.statics[i].inside)
        rows.append(("", "dnat", f"{outside}: to {inside}", rules.statics[i].hits[0]))
        rows.append(("", "snat", f"{inside}: source {outside}", rules.statics[i].hits[1]))
    for i in range(rules.n_excluded):
        prefix = address_text(&rules.excluded[i].prefix)
        length = rules.excluded[i].length - (96 if is_mapped(&rules.excluded[i].prefix) else 0)
        rows.append(("", "snat", f"to {prefix}/{length}: source stays", rules.excluded[i].hits))
    for i in range(1, rules.published.n_entries):
        if rules.published.entries[i].used:
            by = by_realm(realm_names, rules.published.entries[i].realm)
            rows.append((publication_names[i], "dnat", publication(rules, i, by), rules.published.entries[i].hits))
    return np.array(rows, dtype=RULES_DTYPE)


cdef str publication(const RuleTable* rules, uint32_t number, str by):
    protocol = rules.published.entries[number].protocol
    first, last = rules.published.entries[number].first, rules.published.entries[number].last
    target_port = rules.published.entries[number].target_port
    name = "tcp" if protocol == PROTOCOL_TCP else "udp" if protocol == PROTOCOL_UDP else "sctp"
    target = address_text(&rules.published.entries[number].target)
    if ":" in target:
        target = f"[{target}]"
    at = "any address" if rules.published.entries[number].any else address_text(&rules.published.entries[number].address)
    ports = f"{first}" if first == last else f"{first}-{last}"
    to = f"{target_port}" if first == last else f"{target_port}-{target_port + last - first}"
    clients = rules.published.entries[number].clients
    whose = "" if clients == ALL_CLIENTS else " from the uplink" if clients == UPLINK_CLIENTS else " from the host"
    return f"{name} {at} port {ports}{by}{whose}: to {target}:{to}"
