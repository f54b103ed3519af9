"""Rows are in the order of records, which says nothing; addresses are text, ports numbers."""

import numpy as np

from libc.stdint cimport int64_t, uint16_t, uint32_t

from fastpath.address cimport address_read, address_text
from fastpath.flowtable cimport ANSWERED, FLOW_TICK, LIST, REPLIED, Flow, flow_old, flow_tick, reply_source, reply_target
from fastpath.ip cimport PROTOCOL_ICMP, PROTOCOL_ICMPV6, PROTOCOL_SCTP, Address, same
from fastpath.layout cimport PROTOCOL_TCP, PROTOCOL_UDP
from fastpath.lifetimes cimport flow_end
from fastpath.tcpstate import STATES
from fastpath.wire cimport wire_swap16

FLOWS_DTYPE = np.dtype([
    ("protocol", "u1"), ("state", "U16"), ("source", "U39"), ("source_port", "<u2"), ("target", "U39"), ("target_port", "<u2"),
    ("reply_source", "U39"), ("reply_source_port", "<u2"), ("reply_target", "U39"), ("reply_target_port", "<u2"),
    ("idle_ns", "<i8"), ("expires_ns", "<i8"), ("assured", "?"),
])
PROTOCOLS = {"tcp": PROTOCOL_TCP, "udp": PROTOCOL_UDP, "icmp": PROTOCOL_ICMP, "icmpv6": PROTOCOL_ICMPV6, "sctp": PROTOCOL_SCTP}
OTHER_STATES = ("unanswered", "answered")

cdef enum:                        # states of flows that are not TCP's
    UNANSWERED = 256
    IS_ANSWERED
    UNKNOWN                       # no flow's


cdef struct Filter:               # on the original tuple
    int protocol                  # -1: any
    Address* source               # NULL: any
    Address* target
    int source_port               # as it lies in memory; -1: any
    int target_port
    int state                     # of TCP, or one of those below; -1: any
    Address[2] addresses


cdef inline int state_of(const Flow* flow) noexcept nogil:
    """A number for what `row` says."""
    if flow.protocol == PROTOCOL_TCP:
        return flow.state
    return IS_ANSWERED if flow.flags & REPLIED else UNANSWERED


cdef int filter_read(Filter* wanted, protocol, source, target, source_port, target_port, state) except -1:
    """Errors: ValueError."""
    wanted.protocol = wanted.source_port = wanted.target_port = -1
    wanted.source = wanted.target = NULL
    wanted.state = -1
    if protocol is not None:
        wanted.protocol = PROTOCOLS[protocol] if protocol in PROTOCOLS else int(protocol)
    if source is not None:
        wanted.source = &wanted.addresses[0]
        address_read(source, wanted.source)
    if target is not None:
        wanted.target = &wanted.addresses[1]
        address_read(target, wanted.target)
    if source_port is not None:
        wanted.source_port = wire_swap16(<uint16_t>source_port)
    if target_port is not None:
        wanted.target_port = wire_swap16(<uint16_t>target_port)
    if state is not None:
        wanted.state = UNKNOWN
        if state in OTHER_STATES:
            wanted.state = UNANSWERED + OTHER_STATES.index(state)
        elif state in STATES:
            wanted.state = STATES.index(state)
    return 0


cdef bint matches(const Filter* wanted, const Flow* flow) noexcept nogil:
    """It is in use, and wanted. A delta is never 0."""
    return (flow.delta != 0 and (wanted.protocol < 0 or flow.protocol == wanted.protocol)
            and (wanted.source_port < 0 or flow.source_port == wanted.source_port)
            and (wanted.target_port < 0 or flow.target_port == wanted.target_port)
            and (wanted.state < 0 or state_of(flow) == wanted.state)
            and (wanted.source == NULL or same(&flow.source, wanted.source))
            and (wanted.target == NULL or same(&flow.target, wanted.target)))


cdef tuple row(const FlowTable* table, const Flow* flow, uint32_t tick):
    if flow.protocol == PROTOCOL_TCP:
        state = STATES[flow.state]
    else:
        state = "answered" if flow.flags & REPLIED else "unanswered"
    idle = <int64_t>(tick - flow.seen) << FLOW_TICK
    return (
        flow.protocol, state, address_text(&flow.source), wire_swap16(flow.source_port), address_text(&flow.target),
        wire_swap16(flow.target_port), address_text(reply_source(table, flow)), wire_swap16(flow.new_target_port),
        address_text(reply_target(table, flow)), wire_swap16(flow.new_source_port), idle,
        (<int64_t>table.timeouts[flow.flags & LIST] << FLOW_TICK) - idle, (flow.flags & LIST) >= ANSWERED,
    )


cdef object flow_rows(const FlowTable* table, int64_t now, limit, protocol, source, target, source_port, target_port, state):
    cdef uint32_t number
    cdef uint32_t tick = flow_tick(now)
    cdef Filter wanted
    cdef int64_t left = table.capacity if limit is None else limit
    filter_read(&wanted, protocol, source, target, source_port, target_port, state)
    rows = []
    for number in range(table.untouched):
        if left <= 0:
            break
        if matches(&wanted, &table.flows[number]) and not flow_old(table, &table.flows[number], tick):
            rows.append(row(table, &table.flows[number], tick))
            left -= 1
    return np.array(rows, dtype=FLOWS_DTYPE)


cdef object flow_count(const FlowTable* table, int64_t now, protocol, source, target, source_port, target_port, state):
    cdef uint32_t number
    cdef uint32_t tick = flow_tick(now)
    cdef uint32_t n = 0
    cdef Filter wanted
    filter_read(&wanted, protocol, source, target, source_port, target_port, state)
    for number in range(table.untouched):
        n += matches(&wanted, &table.flows[number]) and not flow_old(table, &table.flows[number], tick)
    return n


cdef object flow_delete(FlowTable* table, protocol, source, target, source_port, target_port, state):
    cdef uint32_t number
    cdef uint32_t deleted = 0
    cdef Filter wanted
    filter_read(&wanted, protocol, source, target, source_port, target_port, state)
    for number in range(table.untouched):
        if matches(&wanted, &table.flows[number]):
            flow_end(table, number)
            deleted += 1
    table.counters.deleted += deleted
    return deleted
