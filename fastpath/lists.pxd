"""The lists of flows by what will end them: within each, flows have one timeout, and the oldest stands first.

A flow that is seen moves to the end of its list, but at most about once a second (flowtable.MOVE), so a list is in order up to
a second. So expiry looks at heads only, and what is recycled at the limit is what was unused longest.
"""

from libc.stdint cimport uint32_t

from fastpath.flowtable cimport LIST, MOVE, NOBODY, Flow, FlowTable

cdef void list_put(FlowTable* table, uint32_t number, uint32_t which) noexcept nogil
cdef void list_drop(FlowTable* table, uint32_t number) noexcept nogil
# Who goes for a newcomer when the table is full; NOBODY: there is none that may.
cdef uint32_t list_victim(const FlowTable* table, uint32_t tick) noexcept nogil

cdef inline void list_move(FlowTable* table, uint32_t number, uint32_t which) noexcept nogil:
    """To the end of that list."""
    list_drop(table, number)
    list_put(table, number, which)

cdef inline void flow_refresh(FlowTable* table, uint32_t number, uint32_t tick) noexcept nogil:
    """The flow was seen."""
    cdef Flow* flow = &table.flows[number]
    cdef bint moves = (tick ^ flow.seen) >> MOVE != 0
    flow.seen = tick
    if moves:
        list_move(table, number, flow.flags & LIST)
