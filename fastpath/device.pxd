"""A Port whose outside is a file descriptor, like a TAP. What the kernel answers becomes a link state or a named drop.

    LINK_UP     writes succeed, or nothing was written yet
    LINK_DOWN   the device is down: a write was refused, or `look` saw it; the next that succeeds makes it up again
    LINK_GONE   the device or its namespace is no more: nothing is read or written any longer; for good
"""

from libc.stdint cimport uint32_t, uint64_t

from fastpath.counters cimport Reason
from fastpath.frame cimport Frame
from fastpath.port cimport Port
from fastpath.wire cimport wire_unlikely

cdef enum Link:
    LINK_UP
    LINK_DOWN
    LINK_GONE

cdef class DevicePort(Port):
    cdef readonly int fd
    cdef Link state
    cdef Link reported        # what the run loop last told
    cdef object loop          # the run loop that watches it, or None
    cdef uint64_t* changes    # of states, counted there; NULL: nobody watches
    cdef void become(self, Link state) noexcept nogil
    cdef void look(self) noexcept nogil     # ask the kernel, where that can be asked
    cdef void refused(self, Frame* frame, int error) noexcept nogil
    cdef bint unreadable(self, int error) noexcept nogil

cdef inline void sent(DevicePort port, uint32_t frames, uint64_t octets) noexcept nogil:
    """The kernel took so many frames of so many octets in all."""
    port.head.counters.left += frames
    port.traffic.out_frames += frames
    port.traffic.out_octets += octets
    if wire_unlikely(port.state == LINK_DOWN and frames):
        port.become(LINK_UP)
