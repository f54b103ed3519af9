"""A port on a TAP device (linux/if_tun.h): a read or write is one frame, or one super-frame of up to 64 KiB, with its virtio header.

A read lands in a large slot of the arena, its header in the headroom in front; a write takes the header from there too. So a
frame costs one copy by the kernel each way and none by us. What a TAP can do is asked for, best first, and what the kernel
refuses is left out:

    UDP_TUNNEL_GSO, UDP_TUNNEL_GSO_CSUM   kernel 6.17, with a header of 24 octets
    USO4, USO6                            kernel 6.2
    TSO4, TSO6, CSUM                      long since

With those, the TCP segments of a flow that are to be written in one burst are written as one super-frame.
"""

from libc.stdint cimport uint32_t, uint64_t

from fastpath.device cimport DevicePort
from fastpath.frame cimport Frame

cdef enum:
    TAP_BURST = 64            # frames read in one poll at most: what arrives behind them meets the others' latency
    TAP_OCTETS = 65536        # octets read in one poll, about: one super-frame, so that it is in the cache still when it is written

# Asks the kernel for the offloads wanted (Port.takes bits; ~0: all; none without CSUM): which it gave, and the header's size (0: none).
cdef uint32_t tap_negotiate(int fd, uint32_t wanted, uint32_t* header) except? 0xFFFFFFFF

cdef class TapPort(DevicePort):
    cdef uint32_t budget      # frames the next poll reads at most: 1 after a pause, doubled while polls in a row use it up
    cdef uint64_t next_turn   # the one after that of the last poll
    cdef int write_parts(self, Frame* frame) noexcept nogil
