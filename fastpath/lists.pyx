"""Doubly linked lists through the records."""

from libc.stdint cimport uint8_t, uint32_t

from fastpath.flowtable cimport CLOSING, List, N_LISTS, OTHERS, flow_old


cdef void list_put(FlowTable* table, uint32_t number, uint32_t which) noexcept nogil:
    cdef List* lst = &table.lists[which]
    table.flows[number].flags = <uint8_t>((table.flows[number].flags & ~LIST) | which)
    table.links[number].older = lst.newest
    table.links[number].newer = NOBODY
    if lst.newest == NOBODY:
        lst.oldest = number
    else:
        table.links[lst.newest].newer = number
    lst.newest = number
    lst.count += 1


cdef void list_drop(FlowTable* table, uint32_t number) noexcept nogil:
    cdef List* lst = &table.lists[table.flows[number].flags & LIST]
    cdef uint32_t older = table.links[number].older
    cdef uint32_t newer = table.links[number].newer
    if older == NOBODY:
        lst.oldest = newer
    else:
        table.links[older].newer = newer
    if newer == NOBODY:
        lst.newest = older
    else:
        table.links[newer].older = older
    lst.count -= 1


cdef uint32_t list_victim(const FlowTable* table, uint32_t tick) noexcept nogil:
    """An expired flow; else of the half-open ones the oldest of the longest list, so that who floods pays; else a closed one."""
    cdef uint32_t which, number
    cdef uint32_t longest = 0
    for which in range(N_LISTS):
        number = table.lists[which].oldest
        if number != NOBODY and flow_old(table, &table.flows[number], tick):
            return number
    for which in range(OTHERS + 1):
        if table.lists[which].count > table.lists[longest].count:
            longest = which
    if table.lists[longest].count:
        return table.lists[longest].oldest
    return table.lists[<uint32_t>CLOSING].oldest
