"""Packets that wait for a neighbor (RFC 1122, 2.3.2.2): copied into memory of our own, counted as held, sent in the order they came."""

from libc.stdint cimport uint16_t, uint32_t

from fastpath.frame cimport Frame
from fastpath.neighbor cimport Held, Neighbor, Neighbors

cdef enum:
    HELD_OCTETS = 4 << 20         # of all that wait, their descriptors included

# Copies the packet to wait. Beyond 16 the oldest is dropped as NEIGHBOR_QUEUE, and this one if the memory is used up.
cdef void neighbor_hold(Neighbors* neighbors, uint32_t number, const Frame* frame, uint16_t interface, uint32_t largest,
                        bint ours) noexcept nogil
# The packet that waits longest, no longer counted as held, or NULL. The caller frees it.
cdef Held* neighbor_take(Neighbors* neighbors, uint32_t number) noexcept nogil
# The same without counting, for whoever forgets all of them.
cdef Held* unlink_held(Neighbor* neighbor) noexcept nogil
