"""What a record becomes as an Ethernet frame: Linux cooked captures and raw IP get an Ethernet header.

Addresses that the capture does not hold are made of the IP addresses as this project makes MACs: 02:42 and the IPv4 address
(of IPv6 the last four octets), and for groups as RFC 1112, 6.4 and RFC 2464, 7 map them. So a capture of ours taken on `any`
replays to the stations that it came from.
"""

from libc.stdint cimport uint8_t, uint32_t

from fastpath.source cimport Packet

cdef enum:                    # https://www.tcpdump.org/linktypes.html
    LINK_NULL = 0
    LINK_ETHERNET = 1
    LINK_RAW_OLD = 12
    LINK_RAW_OLD_BSD = 14
    LINK_RAW = 101
    LINK_LOOP = 108
    LINK_SLL = 113
    LINK_IPV4 = 228
    LINK_IPV6 = 229
    LINK_SLL2 = 276

# Ethernet frames can be made of such records.
cdef bint link_known(uint32_t link) noexcept nogil
# Write the header to put in front into the 14 octets at `header`; return how many octets of the record it replaces, or -1 if the
# record is too short for its own link header.
cdef int link_header(const Packet* packet, uint8_t* header) noexcept nogil
