"""A file being written, through a buffer, without the GIL."""

from libc.stdint cimport uint32_t

cdef enum:
    SINK_BUFFER = 1 << 16

cdef struct Sink:
    int fd                        # -1: none
    int error                     # errno of the write that failed; nothing is written after it
    uint32_t used
    char* buffer                  # made when first needed: most ports of a large lab stay silent

cdef bint sink_flush(Sink* sink) noexcept nogil
# Append n octets. False: the file cannot be written, see `error`.
cdef bint sink_put(Sink* sink, const void* octets, uint32_t n) noexcept nogil
cdef bint sink_has_room(Sink* sink, uint32_t n) noexcept nogil
cdef int sink_open(Sink* sink, path) except -1
# Flush and close. Errors: OSError if anything could not be written.
cdef int sink_close(Sink* sink, path) except -1
cdef void sink_abandon(Sink* sink) noexcept
