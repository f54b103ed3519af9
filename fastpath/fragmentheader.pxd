"""What a fragment says of itself (RFC 791, 3.1; RFC 8200, 4.5), and whether that can be."""

from libc.stdint cimport uint8_t, uint32_t

from fastpath.ip cimport Packet

cdef enum:
    HEADER_MAX = 256          # octets of link, IP and extension headers in front of a fragment that we take
    MORE_FRAGMENTS = 0x2000   # IPv4
    DONT_FRAGMENT = 0x4000
    PLACE = 0x1FFF
    FRAGMENT_PROTOCOL = 44    # IPv6
    FRAGMENT_HEADER = 8       # octets

cdef struct FragmentHeader:
    uint32_t id
    uint32_t offset           # of its octets in the datagram, and where they end
    uint32_t end
    bint more                 # others follow
    bint dont                 # IPv4: DF
    uint8_t protocol          # IPv4: part of the key; 0 in IPv6
    uint8_t ecn
    uint32_t header           # octets of the frame that stand in front, an IPv6 Fragment header not counted
    uint32_t data             # where its octets begin in the frame
    uint32_t following        # IPv6: offset of the number of the Fragment header
    uint8_t next              # and the number that takes its place in the whole packet

# False: offset or length are impossible; `pointer` is the offset in the packet of the field to blame in an answer, 0: none is sent.
cdef bint fragment_read(FragmentHeader* fragment, const Packet* packet, uint32_t* pointer) noexcept nogil
