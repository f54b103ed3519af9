"""What an end of a TCP, UDP or ICMP conversation must check and answer, for packets to the gateway itself."""

from libc.stdint cimport uint32_t, uint64_t

from fastpath.arena cimport Arena
from fastpath.frame cimport Frame
from fastpath.ip cimport Address, Packet

# The sum of `n` octets from offset `at` of the frame on, across its two parts, in machine order (unfolded).
cdef uint64_t transport_sum(const Frame* frame, uint32_t at, uint32_t n, uint64_t start) noexcept nogil
# The sum of the pseudo-header (RFC 9293, 3.1; RFC 8200, 8.1) for `length` octets of a protocol.
cdef uint64_t transport_pseudo(const Address* source, const Address* target, uint32_t length, uint32_t protocol) noexcept nogil
# The checksum of the TCP, UDP, ICMP or ICMPv6 message in a whole packet is right, or somebody we trust says so. Zero in UDP over
# IPv4 says "none" (RFC 768), over IPv6 it is wrong (RFC 8200, 8.1). Other protocols: True.
cdef bint transport_good(const Packet* packet) noexcept nogil
# The address can be that of one host: not unspecified, loopback, a group or reserved (RFC 1122, 3.2.1.3; RFC 4291, 2.4).
cdef bint one_host(const Address* address) noexcept nogil
# RST in answer to a segment for a port where nothing listens (RFC 9293, 3.10.7.1), as a frame like icmp_error's. NULL: the segment is
# a RST itself, its header or checksum is bad, its source is no host's, or no slot is free. Limit the rate: icmp_take first.
cdef Frame* transport_reset(Arena* arena, const Packet* packet) noexcept nogil
