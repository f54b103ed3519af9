"""How records of flows come and go: taken from the free ones or recycled, entered into the index, ended, expired."""

from libc.stdint cimport int64_t, uint32_t

from fastpath.flowtable cimport FlowTable

cdef enum:
    EXPIRE_LOOK = 64              # flows looked at per turn
    MORE_SOON = 1000000           # ns until the next look when more have expired than that

# A free record, else an expired or half-open flow's; NOBODY: none may go. It is not in use until flow_enter.
cdef uint32_t flow_take(FlowTable* table, uint32_t tick) noexcept nogil
cdef void flow_give_back(FlowTable* table, uint32_t number) noexcept nogil
# The record is filled: into the index, and into this list.
cdef void flow_enter(FlowTable* table, uint32_t number, uint32_t which) noexcept nogil
# The flow is no more: out of mapping, index and list. Its record is free.
cdef void flow_end(FlowTable* table, uint32_t number) noexcept nogil
# Ends flows whose time is over, and returns how many; at most EXPIRE_LOOK are looked at in a turn, whoever asks (turns are told by `now`).
cdef uint32_t expire_some(FlowTable* table, int64_t now) noexcept nogil
# When the next flow's time is over; NEVER: there is no flow.
cdef int64_t next_expiry(const FlowTable* table, int64_t now) noexcept nogil
