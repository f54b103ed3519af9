"""Datagrams that came, as the outer frames they were in: headers made of what the kernel tells, payloads where they are.

The kernel may hand over datagrams of one flow in one piece (UDP_GRO), equally long but for the last. Each is a frame again: its first
octets are copied behind headers of its own, as a clone's are; the rest stays where it was received.

A kernel on the same machine leaves the checksum of a single inner packet to a card that never comes, and a UDP socket has no way to
say so: where it is the pseudo-header's sum and nothing else, it is taken for unfinished (NEEDS_CSUM), as in captures (see facts).
It hands over VXLAN super-frames as one datagram, too: of TCP without a segment size (udp(7) has words for UDP's only), of UDP with the
inner one's, as if it were the outer's. The inner packet's length tells them from several datagrams.
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

from fastpath.frame cimport Frame
from fastpath.udpcontrol cimport msghdr

cdef enum:
    UDP_WHOLE = 512               # datagrams up to this are copied whole
    UDP_HEAD = 136                # of longer ones: a VXLAN header and what a clone has of its own (arena.HEAD)
    OUTER_MAX = 62                # Ethernet, IPv6, UDP

cdef struct Arrived:              # a message received: one datagram, or several of one flow
    uint32_t octets
    uint32_t size                 # of each datagram but the last
    uint32_t done                 # octets that are frames already
    uint32_t segment              # of UDP in a super-frame, octets of payload; 0: not told
    uint32_t header               # octets of outer headers; 0: the kernel did not tell what they were
    uint8_t[OUTER_MAX] headers    # as each datagram had them, but for lengths

# `family`: 0 IPv4, 1 IPv6; `mac`: whom it is for, unless a group; `port`: received at.
cdef void arrived_read(Arrived* arrived, uint32_t octets, uint32_t family, const msghdr* message, uint64_t mac,
                       uint16_t port) noexcept nogil
# The next datagram as a frame in this slot. `mtu`: of an outer IP packet, which segments of a super-frame are to fill.
cdef void arrived_next(Arrived* arrived, Frame* frame, const uint8_t* place, uint32_t mtu) noexcept nogil

cdef inline uint32_t arrived_length(const Arrived* arrived) noexcept nogil:
    """Octets of the next frame."""
    return arrived.header + min(arrived.size, arrived.octets - arrived.done)
