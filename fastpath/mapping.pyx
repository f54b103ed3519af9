"""Choosing ports, and rings of flows. See mapping.pxd."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

from fastpath.addresses cimport addresses_find
from fastpath.flowtable cimport (
    ADDRESS_DEPENDENT, FIRST, INSIDE, MAPPED, NOBODY, OUTSIDE, PORT_DEPENDENT, Pool, flow_old, reply_source,
)
from fastpath.index cimport Probe, index_insert, index_next, index_prefetch, index_probe, index_remove, index_replace
from fastpath.ip cimport NO_FLOW, PROTOCOL_SCTP, is_mapped, same
from fastpath.layout cimport PROTOCOL_TCP, PROTOCOL_UDP
from fastpath.lookup cimport flow_lookup
from fastpath.portset cimport NO_PORT, PortSet, port_free, port_give, port_take, port_taken
from fastpath.table cimport split_mix
from fastpath.tuples cimport tuple_hash, tuples_mix
from fastpath.wire cimport wire_swap16

cdef enum:
    RING_LOOK = 64                # flows of a mapping looked at for a live one
    CLASHES = 16                  # free ports tried whose reply tuple turns out to be another flow's


# -- keys ---------------------------------------------------------------------------------------------------------------

cdef inline uint32_t inside_hash(const FlowTable* table, const Address* address, uint16_t port, uint8_t protocol,
                                 uint16_t number) noexcept nogil:
    return tuple_hash(&table.secrets, address, address, port, number, protocol, INSIDE)


cdef inline uint32_t outside_hash(const FlowTable* table, uint16_t number, uint16_t port, uint8_t protocol,
                                  const Address* remote) noexcept nogil:
    """The remote address counts with filtering by address only."""
    cdef Address nobody = Address(0, 0)
    return tuple_hash(&table.secrets, remote if table.filtering == ADDRESS_DEPENDENT else &nobody, &nobody, port, number, protocol,
                      OUTSIDE)


cdef bint tuple_known(const FlowTable* table, const Address* source, uint16_t source_port, const Address* target,
                      uint16_t target_port, uint8_t protocol) noexcept nogil:
    cdef uint32_t hash = tuple_hash(&table.secrets, source, target, source_port, target_port, protocol, 0)
    return flow_lookup(table, source, target, source_port, target_port, protocol, hash) != NO_FLOW


cdef PortSet* set_of(const FlowTable* table, uint16_t number, uint8_t protocol) noexcept nogil:
    """The ports of this address and protocol, or NULL: mappings are not made to it."""
    cdef PortSet* sets = table.addresses.known[number].ports
    if sets == NULL:
        return NULL
    if protocol == PROTOCOL_TCP:
        return &sets[0]
    if protocol == PROTOCOL_UDP:
        return &sets[1]
    return &sets[2] if protocol == PROTOCOL_SCTP else &sets[3]


# -- choice -------------------------------------------------------------------------------------------------------------

cdef uint32_t find_inside(const FlowTable* table, const Endpoint* inside, uint16_t number) noexcept nogil:
    cdef Probe probe = index_probe(&table.index, inside_hash(table, &inside.address, inside.port, inside.protocol, number))
    cdef const Flow* flow
    while index_next(&table.index, &probe):
        flow = &table.flows[probe.reference >> 2]
        if (probe.reference & 3 == INSIDE and flow.source_port == inside.port and flow.protocol == inside.protocol
                and flow.new_source == number and same(&flow.source, &inside.address)):
            return probe.reference >> 2
    return NOBODY


cdef inline void bounds(const Endpoint* inside, uint32_t* first, uint32_t* last) noexcept nogil:
    """The class of the endpoint's port; identifiers are all of one."""
    first[0] = 0
    last[0] = 0xFFFF
    if not inside.query:
        if wire_swap16(inside.port) < 1024:
            last[0] = 1023
        else:
            first[0] = 1024


cdef bint new_port(FlowTable* table, uint16_t number, const Endpoint* inside, const Address* remote, uint16_t remote_port,
                   Choice* choice) noexcept nogil:
    """A free port of the address for a new mapping; it is not taken yet."""
    cdef PortSet* ports = set_of(table, number, inside.protocol)
    cdef const Address* outside = &table.addresses.known[number].address
    cdef uint32_t port = wire_swap16(inside.port)
    cdef uint32_t first, last, start
    if ports == NULL:
        return False
    bounds(inside, &first, &last)
    if port_taken(ports, port):
        port = NO_PORT
    for _ in range(CLASHES):
        if port == NO_PORT:
            start = first + <uint32_t>(((split_mix(&table.chance) >> 32) * (last - first + 1)) >> 32)
            port = port_free(ports, wire_swap16(inside.port) & 1, first, last, start)
            if port == NO_PORT:
                port = port_free(ports, ~wire_swap16(inside.port) & 1, first, last, start)
            if port == NO_PORT:
                return False
        if not tuple_known(table, remote, remote_port, outside, wire_swap16(<uint16_t>port), inside.protocol):
            choice.port = wire_swap16(<uint16_t>port)
            return True
        port = NO_PORT
    return False


cdef bint mapping_choose_at(FlowTable* table, uint16_t number, const Endpoint* inside, const Address* remote,
                            uint16_t remote_port, Choice* choice) noexcept nogil:
    cdef const Address* outside = &table.addresses.known[number].address
    cdef uint32_t port = wire_swap16(inside.port)
    cdef uint32_t first, last, i, size
    choice[0] = Choice(NOBODY, number, inside.port, False)
    if not tuple_known(table, remote, remote_port, outside, inside.port, inside.protocol):
        if port or inside.portless or inside.query:
            return True
    if inside.portless:
        return False
    bounds(inside, &first, &last)
    size = (last - first + 1) >> 1
    # Half of the tries among the ports of its parity, from a chance place on, then the others.
    port = <uint32_t>(((split_mix(&table.chance) >> 32) * size) >> 32)
    for i in range(min(<uint32_t>TRIES, 2 * size)):
        choice.port = wire_swap16(<uint16_t>(first + 2 * port + ((wire_swap16(inside.port) ^ (i >= min(<uint32_t>TRIES >> 1, size))) & 1)))
        if (choice.port or inside.query) and not tuple_known(table, remote, remote_port, outside, choice.port, inside.protocol):
            return True
        port = 0 if port + 1 == size else port + 1
    return False


cdef bint mapping_choose(FlowTable* table, uint32_t pool, const Endpoint* inside, const Address* remote, uint16_t remote_port,
                         Choice* choice) noexcept nogil:
    cdef const Pool* addresses
    cdef const uint16_t* numbers
    cdef uint32_t n, i, start, family
    cdef uint64_t hash
    if pool >= table.n_pools or not table.pools[pool].used:
        return False
    addresses = &table.pools[pool]
    family = 0 if is_mapped(&inside.address) else 1
    numbers = addresses.numbers + (addresses.counts[0] if family else 0)
    n = addresses.counts[family]
    if n == 0:
        return False
    hash = tuples_mix(inside.address.high ^ table.secrets.words[1], inside.address.low ^ table.secrets.words[0])
    if not addresses.paired:
        hash = tuples_mix(hash, inside.port ^ table.secrets.words[2])
    start = <uint32_t>(((hash >> 32) * n) >> 32)
    if addresses.paired:
        numbers += start
        n = 1
        start = 0
    # Both lines that are to be looked at if all goes as wished.
    index_prefetch(&table.index, tuple_hash(&table.secrets, remote, &table.addresses.known[numbers[start]].address, remote_port,
                                            inside.port, inside.protocol, 0))
    index_prefetch(&table.index, inside_hash(table, &inside.address, inside.port, inside.protocol, numbers[start]))
    if table.dependent or inside.portless:
        for i in range(n):
            if mapping_choose_at(table, numbers[(start + i) % n], inside, remote, remote_port, choice):
                return True
        return False
    for i in range(n):
        choice[0] = Choice(NOBODY, numbers[(start + i) % n], 0, True)
        choice.flow = find_inside(table, inside, choice.number)
        if choice.flow != NOBODY:
            choice.port = table.flows[choice.flow].new_source_port
            return not tuple_known(table, remote, remote_port, &table.addresses.known[choice.number].address, choice.port,
                                   inside.protocol)
    for i in range(n):
        choice.number = numbers[(start + i) % n]
        if new_port(table, choice.number, inside, remote, remote_port, choice):
            return True
    return False


# -- rings --------------------------------------------------------------------------------------------------------------

cdef uint32_t first_to(const FlowTable* table, uint16_t number, uint16_t port, uint8_t protocol,
                       const Address* remote) noexcept nogil:
    """The flow that OUTSIDE leads to for this outside endpoint (and remote address)."""
    cdef Probe probe = index_probe(&table.index, outside_hash(table, number, port, protocol, remote))
    cdef const Flow* flow
    while index_next(&table.index, &probe):
        flow = &table.flows[probe.reference >> 2]
        if (probe.reference & 3 == OUTSIDE and flow.new_source == number and flow.new_source_port == port
                and flow.protocol == protocol
                and (table.filtering != ADDRESS_DEPENDENT or same(reply_source(table, flow), remote))):
            return probe.reference >> 2
    return NOBODY


cdef void mapping_join(FlowTable* table, uint32_t number, uint32_t other) noexcept nogil:
    cdef Flow* flow = &table.flows[number]
    cdef uint32_t leader = NOBODY
    cdef uint32_t reference = number << 2
    flow.flags |= MAPPED
    if other == NOBODY:
        port_take(set_of(table, flow.new_source, flow.protocol), wire_swap16(flow.new_source_port))
        table.links[number].ring_before = number
        table.links[number].ring_after = number
        index_insert(&table.index, inside_hash(table, &flow.source, flow.source_port, flow.protocol, flow.new_source),
                     reference | INSIDE)
        if table.filtering != PORT_DEPENDENT:
            flow.flags |= FIRST
            index_insert(&table.index, outside_hash(table, flow.new_source, flow.new_source_port, flow.protocol,
                                                    reply_source(table, flow)), reference | OUTSIDE)
        return
    if table.filtering == ADDRESS_DEPENDENT:
        leader = first_to(table, flow.new_source, flow.new_source_port, flow.protocol, reply_source(table, flow))
        if leader == NOBODY:
            flow.flags |= FIRST
            index_insert(&table.index, outside_hash(table, flow.new_source, flow.new_source_port, flow.protocol,
                                                    reply_source(table, flow)), reference | OUTSIDE)
            # Not into the middle of those to one address: in front of one that is the first of its kind.
            leader = table.links[before_first(table, other)].ring_before
        other = leader
    table.links[number].ring_before = other
    table.links[number].ring_after = table.links[other].ring_after
    table.links[table.links[other].ring_after].ring_before = number
    table.links[other].ring_after = number


cdef uint32_t before_first(const FlowTable* table, uint32_t number) noexcept nogil:
    """The first of the flows to the address that this flow goes to."""
    return first_to(table, table.flows[number].new_source, table.flows[number].new_source_port, table.flows[number].protocol,
                    reply_source(table, &table.flows[number]))


cdef void mapping_leave(FlowTable* table, uint32_t number) noexcept nogil:
    cdef Flow* flow = &table.flows[number]
    cdef uint32_t after = table.links[number].ring_after
    cdef uint32_t before = table.links[number].ring_before
    cdef uint32_t outside
    cdef uint32_t inside = inside_hash(table, &flow.source, flow.source_port, flow.protocol, flow.new_source)
    cdef uint32_t reference = number << 2
    if not flow.flags & MAPPED:
        return
    table.links[before].ring_after = after
    table.links[after].ring_before = before
    if after == number:
        index_remove(&table.index, inside, reference | INSIDE)
        port_give(set_of(table, flow.new_source, flow.protocol), wire_swap16(flow.new_source_port))
    else:
        index_replace(&table.index, inside, reference | INSIDE, after << 2 | INSIDE)
    if not flow.flags & FIRST:
        return
    outside = outside_hash(table, flow.new_source, flow.new_source_port, flow.protocol, reply_source(table, flow))
    if after != number and not table.flows[after].flags & FIRST and (
            table.filtering != ADDRESS_DEPENDENT or same(reply_source(table, &table.flows[after]), reply_source(table, flow))):
        table.flows[after].flags |= FIRST
        index_replace(&table.index, outside, reference | OUTSIDE, after << 2 | OUTSIDE)
    else:
        index_remove(&table.index, outside, reference | OUTSIDE)


cdef uint32_t mapping_open_to(const FlowTable* table, const Address* outside, uint16_t port, uint8_t protocol, const Address* remote,
                              uint32_t tick, bint* exists) noexcept nogil:
    cdef uint16_t number = addresses_find(&table.addresses, &table.secrets, outside)
    cdef PortSet* ports = set_of(table, number, protocol) if number else NULL
    cdef uint32_t first, at
    exists[0] = False
    if ports == NULL or not port_taken(ports, wire_swap16(port)) or port == 0:
        return NOBODY
    exists[0] = True
    if table.filtering == PORT_DEPENDENT:
        return NOBODY
    first = first_to(table, number, port, protocol, remote)
    if first == NOBODY:
        return NOBODY
    at = first
    for _ in range(RING_LOOK):
        if table.filtering == ADDRESS_DEPENDENT and not same(reply_source(table, &table.flows[at]), remote):
            return NOBODY
        if not flow_old(table, &table.flows[at], tick):
            return at
        at = table.links[at].ring_after
        if at == first:
            break
    return NOBODY
