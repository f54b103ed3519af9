"""Where the headers of a frame begin: Ethernet, VLAN tags, IPv4 or IPv6 with its extension headers, then TCP or UDP.

Nothing here trusts a length field: every offset is checked against the octets at hand.
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t

cdef enum:
    HEADERS_MAX = 512         # headers that end later than this are not followed
    PROTOCOL_TCP = 6
    PROTOCOL_UDP = 17

cdef struct Layout:           # offsets from the first octet that was given
    uint32_t network          # IP header
    uint32_t transport        # TCP or UDP header
    uint32_t payload          # what follows it
    uint8_t version           # of IP: 4 or 6
    uint8_t protocol          # PROTOCOL_TCP or PROTOCOL_UDP
    bint fragment             # only a part of a packet (RFC 791, 3.2; RFC 8200, 4.5)
    bint routed               # a routing header names another final destination (RFC 8200, 8.1)

# True if the n octets begin with Ethernet and lead to a whole TCP or UDP header.
cdef bint layout_read(Layout* layout, const uint8_t* octets, uint32_t n) noexcept nogil
# The same from an IP header at `network` on.
cdef bint layout_read_ip(Layout* layout, const uint8_t* octets, uint32_t n, uint32_t network) noexcept nogil
# The pseudo-header's sum (RFC 9293, 3.1; RFC 8200, 8.1) for `length` octets of TCP or UDP, in machine order.
cdef uint16_t layout_pseudo(const Layout* layout, const uint8_t* octets, uint32_t length) noexcept nogil
