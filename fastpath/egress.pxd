"""The last step: what is larger than the link goes as fragments; what we say ourselves finds its way."""

from libc.stdint cimport int64_t, uint16_t, uint32_t

from fastpath.frame cimport ETHERNET_HEADER, Frame
from fastpath.gateway cimport Gateway
from fastpath.icmp cimport Trouble
from fastpath.ip cimport Packet
from fastpath.neighbor cimport Neighbor

cdef enum:
    OWN_ID = -2                   # send_sized: fragments have an identification of our own; or KEEP_ID (fragment.pxd)

cdef inline uint32_t link_size(const Frame* frame, uint32_t length) noexcept nogil:
    """Octets of the largest IP packet that this one of `length` octets will be on a link: of a super-frame, a segment."""
    if frame.gso_type:
        return min(length, <uint32_t>frame.header - ETHERNET_HEADER + frame.gso_size)
    return length

# Emits the finished packet by the interface to the neighbor, in fragments of at most `mtu` octets if it is larger.
cdef void send_sized(Gateway* gateway, uint16_t egress, const Neighbor* neighbor, Frame* frame, uint32_t length, uint32_t mtu,
                     int64_t identification) noexcept nogil
# A packet of our own, finished but for MAC addresses, already counted: routed, resolved, sent. `interface`: where link-local targets are.
cdef void send_ours(Gateway* gateway, Frame* frame, uint16_t interface) noexcept nogil
# An ICMP error about the packet to its source, from our address where it came in; does nothing with the packet itself.
cdef void complain(Gateway* gateway, const Packet* packet, Trouble trouble, uint32_t parameter) noexcept nogil
