"""Opening flows: what their source and target become, and which port is free for it."""

from libc.stdint cimport int64_t, uint16_t, uint32_t

from fastpath.addresses cimport addresses_release, addresses_use
from fastpath.counters cimport FILTERED, FLOW_INVALID, FLOW_LIMIT, ICMP_UNMATCHED, PORTS_EXHAUSTED, Reason
from fastpath.flowtable cimport ECHOES, KNOWN, MAPPED, NOBODY, OPENING, OTHERS, QUERIES, REVERSED, Flow, flow_tick, refuse
from fastpath.ip cimport ANSWER, ERROR, OTHER, QUERY, same
from fastpath.layout cimport PROTOCOL_TCP, PROTOCOL_UDP
from fastpath.lifetimes cimport EXPIRE_LOOK, expire_some, flow_end, flow_enter, flow_give_back, flow_take
from fastpath.mapping cimport Choice, Endpoint, mapping_choose, mapping_choose_at, mapping_join, mapping_open_to, tuple_known
from fastpath.tcpstate cimport TCP_BEGINS, TCP_RESUMES, TCP_RESUMES_ENDING, Segment, segment_read, tcp_begin, tcp_first
from fastpath.translate cimport deltas_make
from fastpath.wire cimport wire_swap16

cdef enum:
    FILLED = -1                   # no Reason to drop


cdef bint choose(FlowTable* table, const Packet* packet, const Opening* opening, Choice* choice) noexcept nogil:
    """What the source becomes: choice.number 0 if it stays, else that address has one use more. False: no port is free."""
    cdef Endpoint inside
    cdef const Address* outside = &packet.source
    inside.address = packet.source
    inside.port = packet.source_port
    inside.protocol = packet.protocol
    inside.query = packet.kind == QUERY
    inside.portless = packet.kind == OTHER
    if opening.flags & OPEN_PORT_STAYS:
        outside = &opening.source
    elif opening.pool == DIALLED:
        outside = &packet.target
    elif opening.pool != KEEP:
        if not mapping_choose(table, opening.pool, &inside, &opening.target, opening.target_port, choice):
            return False
        table.addresses.known[choice.number].uses += 1
        return True
    if opening.pool == KEEP and not opening.flags & OPEN_PORT_STAYS:
        choice[0] = Choice(NOBODY, 0, packet.source_port, False)
        if not tuple_known(table, &opening.target, opening.target_port, &packet.source, packet.source_port, packet.protocol):
            return True
        # The reply tuple is another flow's: a client of two published ports that lead to one. It needs another port.
    choice.number = addresses_use(&table.addresses, &table.secrets, outside)
    if choice.number == 0:
        return False
    if not mapping_choose_at(table, choice.number, &inside, &opening.target, opening.target_port, choice) or (
            opening.flags & OPEN_PORT_STAYS and choice.port != packet.source_port):
        addresses_release(&table.addresses, &table.secrets, choice.number)
        return False
    return True


cdef bint recycle_port(FlowTable* table, const Packet* packet, uint16_t number) noexcept nogil:
    """At an address without a free port the mapping of the oldest half-open TCP flow goes for a newcomer, if that was its only one."""
    cdef uint32_t at = table.lists[<uint32_t>OPENING].oldest
    cdef const Flow* flow
    if packet.protocol != PROTOCOL_TCP:
        return False
    for _ in range(EXPIRE_LOOK):
        if at == NOBODY:
            return False
        flow = &table.flows[at]
        if (flow.flags & MAPPED and flow.new_source == number and table.links[at].ring_after == at
                and (wire_swap16(flow.new_source_port) < 1024) == (wire_swap16(packet.source_port) < 1024)):
            table.counters.recycled += 1
            flow_end(table, at)
            return True
        at = table.links[at].newer
    return False


cdef int opening_fill(FlowTable* table, Flow* flow, const Packet* packet, const Opening* opening, int64_t now,
                      Choice* choice) noexcept nogil:
    """The record's tuples, of a packet that goes the original way."""
    if not same(&opening.target, &packet.target) or opening.target_port != packet.target_port:
        flow.new_target = addresses_use(&table.addresses, &table.secrets, &opening.target)
        if flow.new_target == 0:
            return FLOW_LIMIT
    # Flows that only wait to be removed may hold ports.
    if not (choose(table, packet, opening, choice)
            or (expire_some(table, now) and choose(table, packet, opening, choice))
            or (recycle_port(table, packet, choice.number) and choose(table, packet, opening, choice))):
        if flow.new_target:
            addresses_release(&table.addresses, &table.secrets, flow.new_target)
        table.counters.exhausted += 1
        return PORTS_EXHAUSTED
    flow.source = packet.source
    flow.target = packet.target
    flow.source_port = packet.source_port
    flow.target_port = packet.target_port
    flow.new_source = choice.number
    flow.new_source_port = choice.port
    flow.new_target_port = opening.target_port
    return FILLED


cdef int opening_fill_reversed(FlowTable* table, Flow* flow, const Packet* packet, uint32_t tick, Choice* choice) noexcept nogil:
    """The same of a packet from outside that an open mapping lets in: the record is that of a packet from inside to its source."""
    cdef bint exists
    cdef uint32_t other = mapping_open_to(table, &packet.target, packet.target_port, packet.protocol, &packet.source, tick, &exists)
    cdef const Flow* mapped
    if other == NOBODY:
        return FILTERED
    mapped = &table.flows[other]
    if tuple_known(table, &mapped.source, mapped.source_port, &packet.source, packet.source_port, packet.protocol):
        return FLOW_INVALID
    choice[0] = Choice(other, mapped.new_source, mapped.new_source_port, True)
    table.addresses.known[choice.number].uses += 1
    flow.flags = REVERSED
    flow.source = mapped.source
    flow.source_port = mapped.source_port
    flow.target = packet.source
    flow.target_port = packet.source_port
    flow.new_source = choice.number
    flow.new_source_port = choice.port
    flow.new_target_port = packet.source_port
    return FILLED


cdef int opening_fill_resumed(FlowTable* table, Flow* flow, const Packet* packet, const Opening* opening) noexcept nogil:
    """The same of a server's segment: the record is that of a packet from its client to where the server is published."""
    if tuple_known(table, &packet.target, packet.target_port, &opening.target, opening.target_port, packet.protocol):
        return FLOW_INVALID
    if not same(&opening.target, &packet.source) or opening.target_port != packet.source_port:
        flow.new_target = addresses_use(&table.addresses, &table.secrets, &packet.source)
        if flow.new_target == 0:
            return FLOW_LIMIT
    flow.flags = REVERSED
    flow.source = packet.target
    flow.target = opening.target
    flow.source_port = flow.new_source_port = packet.target_port
    flow.target_port = opening.target_port
    flow.new_target_port = packet.source_port
    return FILLED


cdef Found flows_open(FlowTable* table, Packet* packet, const Opening* opening, int64_t now) noexcept nogil:
    cdef uint32_t tick = flow_tick(now)
    cdef uint32_t number, which
    cdef bint resumed = (opening.flags & OPEN_RESUMED) != 0
    cdef bint reverse = resumed or (opening.flags & (OPEN_MAPPING | OPEN_PORT_STAYS) == OPEN_MAPPING and opening.pool == KEEP)
    cdef Segment segment
    cdef Choice choice
    cdef Flow* flow
    cdef int first, may, reason
    if packet.kind == ERROR or packet.kind == ANSWER:
        table.counters.invalid += 1
        return refuse(table, ICMP_UNMATCHED if packet.kind == ERROR else FLOW_INVALID)
    if packet.protocol == PROTOCOL_TCP:
        # flows_find has seen that the header is good.
        segment_read(&segment, packet.frame.data + packet.transport, packet.length - (packet.transport - packet.network), 60)
        first = tcp_first(&segment)
        may = OPEN_MIDSTREAM if first == TCP_RESUMES else OPEN_ENDING if first == TCP_RESUMES_ENDING else 0
        if first != TCP_BEGINS and (table.strict or not opening.flags & may):
            table.counters.invalid += 1
            return refuse(table, FLOW_INVALID)
    number = flow_take(table, tick)
    if number == NOBODY:
        return refuse(table, FLOW_LIMIT)
    flow = &table.flows[number]
    choice = Choice(NOBODY, 0, 0, False)
    if resumed:
        reason = opening_fill_resumed(table, flow, packet, opening)
    elif reverse:
        reason = opening_fill_reversed(table, flow, packet, tick, &choice)
    else:
        reason = opening_fill(table, flow, packet, opening, now, &choice)
    if reason != FILLED:
        flow_give_back(table, number)
        return refuse(table, <Reason>reason)
    flow.protocol = packet.protocol
    flow.seen = tick
    deltas_make(table, flow)
    if packet.protocol == PROTOCOL_TCP:
        tcp_begin(flow, &table.links[number], &segment, reverse)
        which = OPENING
    elif packet.protocol == PROTOCOL_UDP:
        which = QUERIES
    else:
        which = ECHOES if packet.kind == QUERY else OTHERS
    if choice.mapped:
        mapping_join(table, number, choice.flow)
    flow_enter(table, number, which)
    packet.flow = number << 1 | reverse
    return KNOWN
