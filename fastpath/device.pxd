"""A Port whose outside is a file descriptor, like a TAP. What the kernel answers becomes a link state or a named drop.

    LINK_UP     writes succeed, or nothing was written yet
    LINK_DOWN   the device is down: a write was refused, or `look` saw it; the next that succeeds makes it up again
    LINK_GONE   the device or its namespace is no more: nothing is read or written any longer; for good

Where the device takes super-frames, the TCP segments of a flow that are to be written in one burst are written as one (see merge.pxd).
"""

from libc.stdint cimport uint32_t, uint64_t

from fastpath.counters cimport Reason
from fastpath.frame cimport Frame
from fastpath.merge cimport Merge
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
    cdef uint32_t header      # octets of virtio header in front of each frame
    cdef bint merging         # segments are merged
    cdef uint64_t merged      # segments that went with an earlier one
    cdef void become(self, Link state) noexcept nogil
    cdef void look(self) noexcept nogil     # ask the kernel, where that can be asked
    cdef void refused(self, Frame* frame, int error) noexcept nogil
    cdef bint unreadable(self, int error) noexcept nogil
    cdef void write_burst(self, Frame** burst, uint32_t n) noexcept nogil       # each frame as it is
    cdef int write_run(self, const Merge* merge, Frame** burst, uint32_t i) noexcept nogil
    cdef void transmit_merged(self, Frame** burst, uint32_t n) noexcept nogil

cdef inline void sent(DevicePort port, uint32_t frames, uint64_t octets) noexcept nogil:
    """The kernel took so many frames of so many octets in all."""
    port.head.counters.left += frames
    port.traffic.out_frames += frames
    port.traffic.out_octets += octets
    if wire_unlikely(port.state == LINK_DOWN and frames):
        port.become(LINK_UP)
