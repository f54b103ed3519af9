"""A Port is a Node with an outside. What it polls there it emits on `out`; what nodes emit to it, it sends out."""

from libc.stdint cimport uint16_t, uint32_t, uint64_t

from fastpath.counters cimport REASONS_MAX, RUNT, Reason
from fastpath.frame cimport MIN_FRAME, Frame
from fastpath.graph cimport Edge, Node, drop, emit
from fastpath.wire cimport wire_unlikely

cdef enum:                        # Port.takes: what the outside finishes for us (bits of linux/if_tun.h, TUN_F_*)
    TAKES_CSUM = 0x01
    TAKES_TSO4 = 0x02
    TAKES_TSO6 = 0x04
    TAKES_USO4 = 0x20
    TAKES_USO6 = 0x40
    TAKES_TUNNEL = 0x80
    TAKES_TUNNEL_CSUM = 0x100

cdef struct PortCounters:
    uint64_t in_frames            # came in from outside, dropped ones included
    uint64_t in_octets
    uint64_t out_frames           # went outside
    uint64_t out_octets

cdef class Port(Node):
    cdef Edge out
    cdef readonly uint16_t index
    cdef readonly uint32_t mtu    # octets of payload behind the Ethernet header, one VLAN tag not counted
    cdef uint32_t takes
    cdef PortCounters traffic
    cdef uint64_t[REASONS_MAX] drops
    cdef uint32_t poll(self, uint32_t room) noexcept nogil
    cdef void transmit(self, Frame** burst, uint32_t n) noexcept nogil
    cdef void finish_and_transmit(self, Frame* frame) noexcept nogil
    cdef bint fits(self, const Frame* frame) noexcept nogil

cdef inline void receive(Port port, Frame* frame) noexcept nogil:
    """A polled frame enters the graph; `count_in` must tell how many did, once per poll."""
    frame.ingress = port.index
    if wire_unlikely(frame.head < MIN_FRAME):
        # Counted as left with the others of the poll: take it back.
        port.head.counters.left -= 1
        drop(&port.head, frame, RUNT)
    else:
        emit(&port.out, frame)

cdef inline void refuse(Port port, Frame* frame, Reason reason) noexcept nogil:
    """A polled frame ends where it came in; `count_in` counts it with the others."""
    frame.ingress = port.index
    port.head.counters.left -= 1
    drop(&port.head, frame, reason)

cdef inline void count_in(Port port, uint32_t frames, uint64_t octets) noexcept nogil:
    """So many frames of so many octets in all were received."""
    port.head.counters.entered += frames
    port.head.counters.left += frames
    port.traffic.in_frames += frames
    port.traffic.in_octets += octets
