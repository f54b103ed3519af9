"""Whether a packet without a flow may go on, and with which source. See rules.pxd for the model."""

from libc.stdint cimport uint16_t, uint32_t

from fastpath.address cimport within
from fastpath.counters cimport INTERNAL_NETWORK, ISOLATED as ISOLATED_PORT, NOT_PUBLISHED, OTHER_NETWORK, OTHER_UPLINK
from fastpath.ip cimport ANSWER, ERROR, QUERY, same
from fastpath.opening cimport DIALLED, KEEP, OPEN_ENDING, OPEN_MIDSTREAM, OPEN_PORT_STAYS
from fastpath.ruletable cimport (
    ISOLATED, Interface, NAT_UNPROTECTED, ROUTED, RULE_HOST, RULE_NONE, RULE_PUBLISHED, RULE_SHIFT, RULE_STATIC, Static, is_trusted,
    static_of,
)


cdef inline bint closed(const Interface* interface, uint32_t family) noexcept nogil:
    """Nothing enters the network or leaves it."""
    return interface.internal or interface.modes[family] == ISOLATED


cdef inline bint open_directly(const Interface* interface, uint32_t family, const Packet* packet) noexcept nogil:
    """Its endpoints are reached without being published."""
    return interface.modes[family] == NAT_UNPROTECTED or (
        interface.modes[family] == ROUTED and packet.kind in (QUERY, ANSWER, ERROR))


cdef void hide(RuleTable* rules, const Packet* packet, Opening* opening, Interface* from_network, uint32_t family) noexcept nogil:
    """The source becomes an outside one: the endpoint's own, or one of its network's pool, or the address that was dialled."""
    cdef Static* static = static_of(rules, &packet.source, True)
    if static != NULL:
        opening.source = static.outside
        opening.flags |= OPEN_PORT_STAYS
        static.hits[1] += 1
        return
    if opening.pool == KEEP:
        opening.pool = from_network.pools[family]
    if opening.pool == KEEP:
        opening.pool = DIALLED
    else:
        from_network.hits.masqueraded[family] += 1


cdef int to_uplink(RuleTable* rules, const Packet* packet, Opening* opening, Interface* came, uint32_t family) noexcept nogil:
    cdef uint32_t i
    if opening.rule >> RULE_SHIFT == RULE_HOST:
        # The host's services at the gateway's address: for internal networks too, as with Docker.
        came.hits.host += 1
        hide(rules, packet, opening, came, family)
        return WILL_PASS
    if closed(came, family):
        came.hits.internal += 1
        return INTERNAL_NETWORK
    for i in range(rules.n_excluded):
        if within(&opening.target, &rules.excluded[i].prefix, rules.excluded[i].length):
            rules.excluded[i].hits += 1
            return WILL_PASS
    if came.pools[family] or static_of(rules, &packet.source, True) != NULL:
        if came.modes[family] != ROUTED:
            hide(rules, packet, opening, came, family)
    return WILL_PASS


cdef int between(RuleTable* rules, const Packet* packet, Opening* opening, Interface* came, Interface* goes,
                 uint32_t family) noexcept nogil:
    """From a network to a network, perhaps the same."""
    cdef bint moved = not same(&opening.target, &packet.target) or opening.target_port != packet.target_port
    if came != goes:
        if closed(came, family):
            came.hits.internal += 1
            return INTERNAL_NETWORK
        if closed(goes, family):
            goes.hits.internal += 1
            return INTERNAL_NETWORK
        if opening.rule == RULE_NONE and not open_directly(goes, family, packet):
            goes.hits.other += 1
            return OTHER_NETWORK
    elif opening.rule == RULE_NONE and not came.icc:
        came.hits.icc += 1
        return ISOLATED_PORT
    # Translated on one side, so on both: the answer has to come back here (RFC 4787, REQ-9a).
    if moved:
        hide(rules, packet, opening, came, family)
    return WILL_PASS


cdef int from_uplink(RuleTable* rules, const Packet* packet, Opening* opening, Interface* goes, uint32_t family) noexcept nogil:
    if is_trusted(rules, packet):
        return WILL_PASS
    if closed(goes, family):
        goes.hits.internal += 1
        return INTERNAL_NETWORK
    if opening.rule == RULE_NONE and not open_directly(goes, family, packet):
        goes.hits.unpublished += 1
        return NOT_PUBLISHED
    return WILL_PASS


cdef int admission(RuleTable* rules, const Packet* packet, Opening* opening, uint16_t egress) noexcept nogil:
    cdef uint32_t family = 0 if packet.version == 4 else 1
    cdef uint32_t number = opening.rule & ((<uint32_t>1 << RULE_SHIFT) - 1)
    cdef Interface* came
    cdef Interface* goes
    cdef int reason
    if packet.interface >= rules.n_interfaces or egress >= rules.n_interfaces:
        return NOT_PUBLISHED
    came = &rules.interfaces[packet.interface]
    goes = &rules.interfaces[egress]
    if not came.used or not goes.used:
        return NOT_PUBLISHED
    if came.uplink:
        if goes.uplink or goes.realm != came.realm:
            goes.hits.unpublished += 1
            reason = NOT_PUBLISHED
        else:
            reason = from_uplink(rules, packet, opening, goes, family)
    else:
        opening.flags |= OPEN_MIDSTREAM
        if goes.uplink and goes.realm != came.realm:
            reason = OTHER_UPLINK
        elif goes.uplink:
            reason = to_uplink(rules, packet, opening, came, family)
        else:
            reason = between(rules, packet, opening, came, goes, family)
    if reason == WILL_PASS:
        if opening.rule >> RULE_SHIFT == RULE_PUBLISHED:
            rules.published.entries[number].hits += 1
            if rules.published.entries[number].resumes:
                opening.flags |= OPEN_MIDSTREAM | OPEN_ENDING
        elif opening.rule >> RULE_SHIFT == RULE_STATIC:
            rules.statics[number].hits[0] += 1
    return reason
