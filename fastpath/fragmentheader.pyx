"""Finding the Fragment header, as ip_read went before; every length was checked there."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t

from fastpath.ip cimport Packet
from fastpath.wire cimport load16, load32

cdef enum:
    AUTHENTICATION = 51       # RFC 4302, 2.2: its length counts in fours


cdef bint read_ipv4(FragmentHeader* fragment, const Packet* packet) noexcept nogil:
    cdef const uint8_t* header = packet.frame.data + packet.network
    cdef uint16_t place = load16(header + 6)
    fragment.header = fragment.data = packet.transport
    fragment.offset = <uint32_t>(place & PLACE) * 8
    fragment.more = place & MORE_FRAGMENTS != 0
    fragment.dont = place & DONT_FRAGMENT != 0
    fragment.ecn = header[1] & 3
    fragment.id = load16(header + 4)
    fragment.protocol = header[9]
    return True


cdef bint read_ipv6(FragmentHeader* fragment, const Packet* packet) noexcept nogil:
    """From header to header up to the Fragment header, as ip_read went before; "atomic" ones are passed over (RFC 6946)."""
    cdef const uint8_t* octets = packet.frame.data
    cdef uint32_t end = min(packet.frame.head, packet.network + packet.length)
    cdef uint32_t at = packet.network + 40
    fragment.following = packet.network + 6
    while at + FRAGMENT_HEADER <= end:
        if octets[fragment.following] == FRAGMENT_PROTOCOL and load16(octets + at + 2) & 0xFFF9:
            fragment.header = at
            fragment.data = at + FRAGMENT_HEADER
            fragment.offset = load16(octets + at + 2) & 0xFFF8
            fragment.more = octets[at + 3] & 1
            fragment.next = octets[at]
            fragment.ecn = octets[packet.network + 1] >> 4 & 3
            fragment.dont = False
            fragment.id = load32(octets + at + 4)
            fragment.protocol = 0
            return True
        if octets[fragment.following] == AUTHENTICATION:
            fragment.following, at = at, at + (octets[at + 1] + 2) * 4
        elif octets[fragment.following] == FRAGMENT_PROTOCOL:
            fragment.following, at = at, at + FRAGMENT_HEADER
        else:
            fragment.following, at = at, at + (octets[at + 1] + 1) * 8
    return False


cdef bint fragment_read(FragmentHeader* fragment, const Packet* packet, uint32_t* pointer) noexcept nogil:
    cdef uint32_t fixed = 40 if packet.version == 6 else 0
    cdef uint32_t n
    pointer[0] = 0
    if not (read_ipv4(fragment, packet) if packet.version == 4 else read_ipv6(fragment, packet)):
        return False
    if fragment.data >= packet.network + packet.length or fragment.header > HEADER_MAX or fragment.header > packet.frame.head:
        return False
    n = packet.length + packet.network - fragment.data
    fragment.end = fragment.offset + n
    # Whose fault it is, RFC 8200, 4.5 says of IPv6.
    if fragment.more and n % 8:
        pointer[0] = 4 if packet.version == 6 else 0
        return False
    if fragment.header - packet.network - fixed + fragment.end > 0xFFFF:
        pointer[0] = fragment.header + 2 - packet.network if packet.version == 6 else 0
        return False
    return True
