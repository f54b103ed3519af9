"""Which published port a server's segment in mid-stream belongs to. See resumption.pxd."""

from libc.stdint cimport uint16_t, uint32_t

from fastpath.flowtable cimport Pool
from fastpath.ip cimport Address
from fastpath.opening cimport KEEP, OPEN_ENDING, OPEN_MIDSTREAM, OPEN_RESUMED
from fastpath.publish cimport NOT_PUBLISHED_HERE, Publication, TRUSTED_CLIENTS, publications_find, publications_resuming
from fastpath.ruletable cimport ISOLATED, Interface, RULE_PUBLISHED, RULE_SHIFT, trusts
from fastpath.wire cimport wire_swap16

cdef enum:
    MOST_LOOKED_AT = 64           # published ports of a server, to find the one that a segment belongs to


cdef bint outside_of(const RuleTable* rules, const Publication* entry, uint32_t pool, uint32_t family, Address* address) noexcept nogil:
    """The one address at which its clients come in: its own, or what the network leaves as. False: not known."""
    cdef const Pool* ours = &rules.flows.pools[pool]
    if not entry.any:
        address[0] = entry.address
        return True
    if pool == 0 or ours.counts[family] != 1:
        return False
    address[0] = rules.flows.addresses.known[ours.numbers[ours.counts[0] if family else 0]].address
    return True


cdef Resumed resumption(RuleTable* rules, const Packet* packet, bint ours, uint16_t egress, Opening* opening) noexcept nogil:
    cdef uint32_t family = 0 if packet.version == 4 else 1
    cdef uint32_t at = publications_resuming(&rules.published, &packet.source)
    cdef uint32_t port = wire_swap16(packet.source_port)
    cdef uint32_t looked = 0
    cdef uint32_t found = 0
    cdef uint32_t other
    cdef const Interface* came
    cdef const Publication* entry
    if at == 0 or packet.interface >= rules.n_interfaces or egress >= rules.n_interfaces:
        return RESUMES_NOTHING
    came = &rules.interfaces[packet.interface]
    if came.uplink or came.internal or came.modes[family] == ISOLATED or not (ours or rules.interfaces[egress].uplink):
        return RESUMES_NOTHING
    while at:
        entry = &rules.published.entries[at]
        looked += 1
        if looked > MOST_LOOKED_AT:
            return RESUMES_LATER
        if (entry.protocol == packet.protocol and entry.target_port <= port <= entry.target_port + <uint32_t>(entry.last - entry.first)
                and (ours or (entry.realm == rules.interfaces[egress].realm
                              and (entry.clients != TRUSTED_CLIENTS or trusts(rules, egress, &packet.target))))):
            if found or ours:
                return RESUMES_LATER
            found = at
        at = entry.after
    if found == 0:
        return RESUMES_NOTHING
    entry = &rules.published.entries[found]
    if entry.pool != KEEP or not outside_of(rules, entry, came.pools[family], family, &opening.target):
        return RESUMES_LATER
    port = entry.first + port - entry.target_port
    other = publications_find(&rules.published, entry.realm, entry.protocol, &opening.target, <uint16_t>port)
    if other != found and other != NOT_PUBLISHED_HERE:
        return RESUMES_LATER             # a client who came there would have been led elsewhere
    opening.target_port = wire_swap16(<uint16_t>port)
    opening.flags = OPEN_MIDSTREAM | OPEN_RESUMED | OPEN_ENDING
    opening.rule = RULE_PUBLISHED << RULE_SHIFT | found
    rules.published.entries[found].hits += 1
    return RESUMES_FLOW
