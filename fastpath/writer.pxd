"""Writing captures: what leaves a port, as nanosecond pcap; dropped frames, as pcapng with the reason as a comment."""

from libc.stdint cimport int64_t, uint32_t, uint64_t

from fastpath.counters cimport Reason
from fastpath.frame cimport Frame
from fastpath.graph cimport Head
from fastpath.sink cimport Sink

cdef class PcapWriter:
    cdef Sink sink
    cdef readonly object path
    cdef bint put(self, int64_t time, const Frame* frame) noexcept nogil

cdef struct DropFile:
    Sink sink
    uint32_t* interfaces          # by port index: the interface that stands for it
    uint64_t written

cdef class DropWriter:
    cdef DropFile file
    cdef readonly object path

# For Core.on_drop; the context is a DropFile.
cdef void write_drop(void* context, Head* head, Frame* frame, Reason reason) noexcept nogil
