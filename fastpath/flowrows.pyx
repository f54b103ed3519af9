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


cdef object flow_rows(const FlowTable* table, int64_t now):
    cdef uint32_t number
    cdef uint32_t tick = flow_tick(now)
    cdef const Flow* flow
    rows = []
    for number in range(table.untouched):
        flow = &table.flows[number]
        if flow.delta == 0 or flow_old(table, flow, tick):
            continue
        if flow.protocol == PROTOCOL_TCP:
            state = STATES[flow.state]
        else:
            state = "answered" if flow.flags & REPLIED else "unanswered"
        idle = <int64_t>(tick - flow.seen) << FLOW_TICK
        rows.append((
            flow.protocol, state, address_text(&flow.source), wire_swap16(flow.source_port), address_text(&flow.target),
            wire_swap16(flow.target_port), address_text(reply_source(table, flow)), wire_swap16(flow.new_target_port),
            address_text(reply_target(table, flow)), wire_swap16(flow.new_source_port), idle,
            (<int64_t>table.timeouts[flow.flags & LIST] << FLOW_TICK) - idle, (flow.flags & LIST) >= ANSWERED,
        ))
    return np.array(rows, dtype=FLOWS_DTYPE)


cdef object flow_delete(FlowTable* table, protocol, source, target, source_port, target_port):
    cdef uint32_t number
    cdef Flow* flow
    cdef Address from_address
    cdef Address to_address
    cdef int of = -1
    deleted = 0
    if protocol is not None:
        of = PROTOCOLS[protocol] if protocol in PROTOCOLS else int(protocol)
    if source is not None:
        address_read(source, &from_address)
    if target is not None:
        address_read(target, &to_address)
    for number in range(table.untouched):
        flow = &table.flows[number]
        if (flow.delta == 0 or (of >= 0 and flow.protocol != of)
                or (source is not None and not same(&flow.source, &from_address))
                or (target is not None and not same(&flow.target, &to_address))
                or (source_port is not None and flow.source_port != wire_swap16(<uint16_t>source_port))
                or (target_port is not None and flow.target_port != wire_swap16(<uint16_t>target_port))):
            continue
        flow_end(table, number)
        deleted += 1
    table.counters.deleted += deleted
    return deleted
