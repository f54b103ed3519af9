"""What an end of a TCP, UDP or ICMP conversation must check and answer, for packets to the gateway itself."""

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy

from fastpath.address cimport LINK_LOCAL, ORDINARY, kind_of
from fastpath.arena cimport Arena
from fastpath.frame cimport Frame
from fastpath.ip cimport Address, Packet

cdef enum:
    ANSWER_TTL = 64           # of packets of our own (RFC 1700)

cdef inline void transport_copy(uint8_t* to, const Frame* frame, uint32_t at, uint32_t n) noexcept nogil:
    """`n` octets from offset `at` of the frame on, across its two parts."""
    cdef uint32_t own = 0
    if at < frame.head:
        own = min(n, frame.head - at)
        memcpy(to, frame.data + at, own)
    if n > own:
        memcpy(to + own, frame.tail + (at + own - frame.head), n - own)

# The sum of `n` octets from offset `at` of the frame on, across its two parts, in machine order (unfolded).
cdef uint64_t transport_sum(const Frame* frame, uint32_t at, uint32_t n, uint64_t start) noexcept nogil
# The sum of the pseudo-header (RFC 9293, 3.1; RFC 8200, 8.1) for `length` octets of a protocol.
cdef uint64_t transport_pseudo(const Address* source, const Address* target, uint32_t length, uint32_t protocol) noexcept nogil
# The checksum of the TCP, UDP, ICMP or ICMPv6 message in a whole packet is right, or somebody we trust says so. Zero in UDP over
# IPv4 says "none" (RFC 768), over IPv6 it is wrong (RFC 8200, 8.1). Other protocols: True. Lengths that lie: False.
cdef bint transport_good(const Packet* packet) noexcept nogil

cdef inline bint one_host(const Address* address) noexcept nogil:
    """The address can be that of one host: not unspecified, loopback, a group or reserved (RFC 1122, 3.2.2; RFC 4443, 2.4 e.6)."""
    return kind_of(address) in (ORDINARY, LINK_LOCAL)

# A frame of our own in answer to the packet: MACs swapped, IP header complete, room for `length` octets behind it, at `payload`. It
# counts as the packet's descendant, so that hops and budgets end a loop. NULL: no slot is free.
cdef Frame* transport_answer(Arena* arena, const Packet* packet, const Address* source, uint8_t protocol, uint8_t service,
                             int identification, uint32_t length, uint8_t** payload) noexcept nogil
# RST in answer to a segment for a port where nothing listens (RFC 9293, 3.10.7.1), as a frame like icmp_error's. NULL: the segment is
# a RST itself, its header or checksum is bad, its source is no host's, or no slot is free. Limit the rate: icmp_take first.
cdef Frame* transport_reset(Arena* arena, const Packet* packet) noexcept nogil
