"""An Engine is a Graph with Ports and a verb: `turn(now)` polls, drains, and every frame has met its end."""

from libc.stdint cimport int64_t, uint32_t, uint64_t

from fastpath.graph cimport Graph

cdef class Engine(Graph):
    cdef readonly dict ports          # by name
    cdef uint32_t burst               # frames polled per turn at most
    cdef uint32_t burst_wanted
    cdef uint32_t turn_nogil(self, int64_t now) noexcept nogil
    cdef int measure_fanout(self) except -1
