"""Connection tracking and translation of addresses: what the router asks of it. The records are in flowtable.pxd.

The router's way with packets that it does not deliver itself, in sub-bursts of 32 to 64 so that the Packets stay in L1:

    1  flows_hash        each packet first: hashes its tuple, and its line of the index is on its way
    2  flows_prefetch    each packet again: reads that line; the flow's own lines are on their way
    3  in order:
       flows_find        KNOWN: the flow, judged and refreshed; NONE; or REFUSED, table.reason says why to drop
       (NONE) rules_target, route, rules_admit (rules.pxd), then
       flows_open        a new flow, translated as the Opening says: KNOWN or REFUSED (opening.pxd)
       flows_goal        where a packet of a KNOWN flow goes after translation: route this
       flows_way         a number that the router may keep by flow and direction, so as not to route again
       (TTL, MTU: errors quote the packet as it came)
       flows_translate   rewrites addresses, ports, checksums, in a quoted packet too; False: drop as UNTRANSLATABLE

The router has read headers by ip_read and ip_transport. Steps 1 and 2 are worth it from about four packets on; flows_find does
what was left out when packet.hash is 0, which the router sets.
Fragments never get here: the router reassembles before it tracks. ICMP errors are matched to the flow that they quote
(quote.pxd); they neither refresh nor end it. flows_translate changes octets of the frame only, not the Packet.

Nothing but flows_expire removes flows for their age; the router calls it when due (it says when next), at most 64 flows a call.
"""

from libc.stdint cimport int64_t, uint16_t, uint32_t

from fastpath.flowtable cimport Flow, FlowTable, Found, reply_source, reply_target
from fastpath.index cimport Probe, index_next, index_prefetch, index_probe
from fastpath.ip cimport ERROR, NO_FLOW, Address, Packet
from fastpath.layout cimport PROTOCOL_TCP
from fastpath.tuples cimport tuple_hash
from fastpath.wire cimport wire_likely, wire_prefetch

cdef class Flows:
    """The table with its Python face."""
    cdef FlowTable table

cdef Found flows_find(FlowTable* table, Packet* packet, int64_t now) noexcept nogil
cdef bint flows_translate(FlowTable* table, Packet* packet) noexcept nogil
# Removes at most 64 flows whose time is over. When to call next; NEVER if there is no flow.
cdef int64_t flows_expire(FlowTable* table, int64_t now) noexcept nogil
# After routes changed: no flow has a way any longer. Takes time with the number of flows, so not per packet.
cdef void flows_forget_ways(FlowTable* table) noexcept nogil

cdef inline uint32_t packet_hash(const FlowTable* table, const Packet* packet) noexcept nogil:
    return tuple_hash(&table.secrets, &packet.source, &packet.target, packet.source_port, packet.target_port, packet.protocol, 0)

cdef inline void flows_hash(const FlowTable* table, Packet* packet) noexcept nogil:
    packet.hash = 0
    if wire_likely(packet.kind != ERROR):
        packet.hash = packet_hash(table, packet)
        index_prefetch(&table.index, packet.hash)

cdef inline void flows_prefetch(const FlowTable* table, const Packet* packet) noexcept nogil:
    cdef Probe probe
    if wire_likely(packet.hash):
        probe = index_probe(&table.index, packet.hash)
        if wire_likely(probe.mask):
            index_next(&table.index, &probe)
            wire_prefetch(&table.flows[probe.reference >> 2])
            if packet.protocol == PROTOCOL_TCP:
                wire_prefetch(&table.links[probe.reference >> 2])

cdef inline void flows_goal(const FlowTable* table, const Packet* packet, Address* goal) noexcept nogil:
    cdef const Flow* flow = &table.flows[packet.flow >> 1]
    goal[0] = flow.source if packet.flow & 1 else reply_source(table, flow)[0]

cdef inline void flows_source(const FlowTable* table, const Packet* packet, Address* source) noexcept nogil:
    """What the source of a KNOWN packet is after translation (an ICMP error's: of who sends such packets)."""
    cdef const Flow* flow = &table.flows[packet.flow >> 1]
    source[0] = flow.target if packet.flow & 1 else reply_target(table, flow)[0]

cdef inline uint16_t* flows_way(FlowTable* table, const Packet* packet) noexcept nogil:
    """Of a KNOWN packet: the number that the router keeps for its flow and direction; 0 in a new flow. ICMP errors go another way."""
    return &table.flows[packet.flow >> 1].ways[packet.flow & 1]
