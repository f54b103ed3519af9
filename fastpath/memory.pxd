"""Ports without an outside world: frames come from Python and go to Python, in batches, with their times and ports."""

cimport cython

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from fastpath.port cimport Port

cdef struct Record:              # in front of each frame in an Outbox
    int64_t time
    uint32_t port
    uint32_t length

@cython.final
cdef class Outbox:
    """What the memory ports of one graph emitted, in order; bounded."""
    cdef uint8_t* octets
    cdef size_t used
    cdef size_t size
    cdef size_t limit
    cdef uint32_t count
    cdef bint put(self, int64_t time, uint32_t port, const uint8_t* head, uint32_t n, const uint8_t* tail, uint32_t rest) noexcept nogil

@cython.final
cdef class MemoryPort(Port):
    cdef Outbox outbox            # None: frames are counted and their first line is touched
    cdef uint8_t* octets          # of the frames to poll, each at a multiple of 64 and padded to one
    cdef size_t used
    cdef size_t size
    cdef size_t cursor
    cdef uint32_t* lengths        # of the frames to poll
    cdef uint32_t count
    cdef uint32_t room
    cdef uint32_t polled
    cdef bint cyclic              # benchmark: poll the same frames again and again
    cdef uint64_t touched
    cdef int make_room(self, size_t octets) except -1
