"""The option is looked for in the SYN's header only (RFC 9293, 3.1), octet by octet, because options lie where they like."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t

from fastpath.arena cimport HEAD
from fastpath.frame cimport NEEDS_CSUM, SHARED
from fastpath.ip cimport Packet
from fastpath.layout cimport PROTOCOL_TCP
from fastpath.wire cimport load16, store16, update16, wire_likely, wire_swap16

cdef enum:
    OPTION_END = 0
    OPTION_NOTHING = 1
    OPTION_MSS = 2
    TCP_HEADER = 20


cdef bint mss_clamp(Packet* packet, uint32_t mss) noexcept nogil:
    cdef uint8_t* header = packet.frame.data + packet.transport
    cdef uint32_t own = packet.network + packet.length
    cdef uint32_t at = TCP_HEADER
    cdef uint32_t end
    if packet.protocol != PROTOCOL_TCP or packet.fragment or packet.transport + TCP_HEADER > min(own, packet.frame.head):
        return False
    if wire_likely(not header[13] & SYN):
        return False
    # Of a frame that others read only the first octets are ours to write; no ordinary SYN is longer.
    own = min(own, packet.frame.head)
    if packet.frame.flags & SHARED:
        own = min(own, <uint32_t>HEAD)
    end = (header[12] >> 4) * 4
    if packet.transport + end > own:
        return False
    while at + 4 <= end:
        if header[at] == OPTION_END:
            return False
        if header[at] == OPTION_NOTHING:
            at += 1
        elif header[at] == OPTION_MSS:
            return header[at + 1] == 4 and lower(packet, header, at + 2, mss)
        elif header[at + 1] < 2:
            return False
        else:
            at += header[at + 1]
    return False


cdef bint lower(Packet* packet, uint8_t* header, uint32_t at, uint32_t mss) noexcept nogil:
    """Write the smaller value and tell the checksum, unless that holds the pseudo-header's sum only (NEEDS_CSUM)."""
    cdef uint16_t old = load16(header + at)
    cdef uint16_t new = <uint16_t>mss
    if mss >= old:
        return False
    store16(header + at, new)
    if packet.frame.flags & NEEDS_CSUM and packet.frame.csum_start == packet.transport:
        return True
    if at & 1:
        # At an odd offset its octets stand in two words, each in the other half.
        old = wire_swap16(old)
        new = wire_swap16(new)
    store16(header + 16, update16(load16(header + 16), old, new))
    return True
