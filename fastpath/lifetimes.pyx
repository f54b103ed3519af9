"""Records of flows: from free to free. See lifetimes.pxd."""

from libc.stdint cimport int64_t, uint32_t
from libc.string cimport memset

from fastpath.addresses cimport addresses_release
from fastpath.flowtable cimport (
    FLOW_TICK, NOBODY, N_LISTS, ORIGINAL, REPLY, Flow, flow_old, flow_tick, original_hash, reply_hash,
)
from fastpath.graph cimport NEVER
from fastpath.index cimport index_insert, index_remove
from fastpath.lists cimport list_drop, list_put, list_victim
from fastpath.mapping cimport mapping_leave

cdef extern from *:
    """
    #define wire_prefetch_write(p) __builtin_prefetch((p), 1, 3)
    """
    void wire_prefetch_write(const void*) noexcept nogil


cdef uint32_t flow_take(FlowTable* table, uint32_t tick) noexcept nogil:
    cdef uint32_t number
    if table.free == NOBODY and table.untouched == table.capacity:
        number = list_victim(table, tick)
        if number == NOBODY:
            table.counters.refused += 1
            return NOBODY
        if flow_old(table, &table.flows[number], tick):
            table.counters.expired += 1
        else:
            table.counters.recycled += 1
        flow_end(table, number)
    number = table.free
    if number != NOBODY:
        table.free = table.links[number].older
    else:
        number = table.untouched
        table.untouched += 1
    memset(&table.flows[number], 0, sizeof(Flow))
    # Whoever comes next finds its lines at hand.
    if table.free != NOBODY:
        wire_prefetch_write(&table.flows[table.free])
        wire_prefetch_write(&table.links[table.free])
    elif table.untouched < table.capacity:
        wire_prefetch_write(&table.flows[table.untouched])
        wire_prefetch_write(&table.links[table.untouched])
    return number


cdef void flow_give_back(FlowTable* table, uint32_t number) noexcept nogil:
    table.flows[number].protocol = 0
    table.links[number].older = table.free
    table.free = number


cdef void flow_enter(FlowTable* table, uint32_t number, uint32_t which) noexcept nogil:
    cdef const Flow* flow = &table.flows[number]
    index_insert(&table.index, original_hash(table, flow), number << 2 | ORIGINAL)
    index_insert(&table.index, reply_hash(table, flow), number << 2 | REPLY)
    list_put(table, number, which)
    table.count += 1
    table.counters.opened += 1


cdef void flow_end(FlowTable* table, uint32_t number) noexcept nogil:
    cdef Flow* flow = &table.flows[number]
    mapping_leave(table, number)
    index_remove(&table.index, original_hash(table, flow), number << 2 | ORIGINAL)
    index_remove(&table.index, reply_hash(table, flow), number << 2 | REPLY)
    list_drop(table, number)
    if flow.new_source:
        addresses_release(&table.addresses, &table.secrets, flow.new_source)
    if flow.new_target:
        addresses_release(&table.addresses, &table.secrets, flow.new_target)
    table.count -= 1
    memset(flow, 0, sizeof(Flow))
    flow_give_back(table, number)


cdef uint32_t expire_some(FlowTable* table, int64_t now) noexcept nogil:
    cdef uint32_t tick = flow_tick(now)
    cdef uint32_t which, number
    cdef uint32_t ended = 0
    if table.looked_at != now:
        table.looked_at = now
        table.looked = 0
    for which in range(N_LISTS):
        while table.looked < EXPIRE_LOOK:
            number = table.lists[which].oldest
            if number == NOBODY:
                break
            table.looked += 1
            if not flow_old(table, &table.flows[number], tick):
                break
            flow_end(table, number)
            ended += 1
    table.counters.expired += ended
    return ended


cdef int64_t next_expiry(const FlowTable* table, int64_t now) noexcept nogil:
    cdef int64_t due = NEVER
    cdef int64_t end
    cdef uint32_t which, number
    cdef uint32_t tick = <uint32_t>(now >> FLOW_TICK)
    for which in range(N_LISTS):
        number = table.lists[which].oldest
        if number != NOBODY:
            # The first tick at which it is old; ticks are counted modulo 2^32.
            end = <int64_t>table.timeouts[which] + 1 - <int64_t>(tick - table.flows[number].seen)
            due = min(due, ((now >> FLOW_TICK) + end) << FLOW_TICK)
    return due if due > now else now + MORE_SOON
