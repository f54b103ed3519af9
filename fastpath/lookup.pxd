"""Finding a flow by the tuple of a packet, of either direction."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t

from fastpath.flowtable cimport ORIGINAL, REPLY, Flow, FlowTable, reply_source, reply_target
from fastpath.index cimport Probe, index_next, index_probe
from fastpath.ip cimport NO_FLOW, Address, same

cdef inline uint32_t flow_lookup(const FlowTable* table, const Address* source, const Address* target, uint16_t source_port,
                                 uint16_t target_port, uint8_t protocol, uint32_t hash) noexcept nogil:
    """Twice the flow's number, plus 1 in the direction of replies; NO_FLOW. `hash` is the tuple's."""
    cdef Probe probe = index_probe(&table.index, hash)
    cdef const Flow* flow
    while index_next(&table.index, &probe):
        flow = &table.flows[probe.reference >> 2]
        if probe.reference & 3 == ORIGINAL:
            if (same(&flow.source, source) and same(&flow.target, target) and flow.source_port == source_port
                    and flow.target_port == target_port and flow.protocol == protocol):
                return probe.reference >> 2 << 1
        elif probe.reference & 3 == REPLY:
            if (flow.new_target_port == source_port and flow.new_source_port == target_port and flow.protocol == protocol
                    and same(reply_source(table, flow), source) and same(reply_target(table, flow), target)):
                return probe.reference >> 2 << 1 | 1
    return NO_FLOW
