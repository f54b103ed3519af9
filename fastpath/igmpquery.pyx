"""What a query asks. Whoever is not on the link, or a mere host, cannot ask MLD: RFC 3810, 5.1.14 says how to tell."""

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset

from fastpath.address cimport LINK_LOCAL, MULTICAST, UNSPECIFIED, kind_of
from fastpath.frame cimport Frame
from fastpath.igmpreport cimport PROTOCOL_IGMP, mld_sum
from fastpath.ip cimport FINE, PROTOCOL_ICMPV6, WHOLE, Packet, ip_read, mapped, unmapped
from fastpath.wire cimport fold, load16, sum_octets, wire_swap32

cdef enum:
    IGMP_QUERY = 0x11
    MLD_QUERY = 130
    MLD_REPORT_V1 = 131
    MLD_DONE = 132
    MLD_REPORT = 143
    MS = 1000000


cdef int64_t response_time(uint32_t code, uint32_t bits) noexcept nogil:
    """The code as a number, in its unit: from half of its range on a floating point number (RFC 3376, 4.1.1; RFC 3810, 5.1.3)."""
    cdef uint32_t mantissa = bits - 4
    if code < <uint32_t>1 << (bits - 1):
        return code
    return <int64_t>(code & ((1 << mantissa) - 1) | 1 << mantissa) << ((code >> mantissa & 7) + 3)


cdef Heard query_read(Query* query, Frame* frame) noexcept nogil:
    cdef Packet packet
    cdef const uint8_t* octets = frame.data
    if frame.head < 34 or not ((octets[12] == 8 and octets[23] == PROTOCOL_IGMP) or (octets[12] == 0x86 and octets[20] == 0)):
        return NOT_OURS
    if ip_read(&packet, frame) != FINE or packet.fragment != WHOLE:
        return NOT_OURS
    memset(query, 0, sizeof(Query))
    if packet.version == 4 and packet.protocol == PROTOCOL_IGMP:
        return read_igmp(query, &packet)
    if packet.version == 6 and packet.protocol == PROTOCOL_ICMPV6:
        return read_mld(query, &packet)
    return NOT_OURS


cdef Heard read_igmp(Query* query, const Packet* packet) noexcept nogil:
    cdef const uint8_t* octets = packet.frame.data + packet.transport
    cdef uint32_t n = packet.length + packet.network - packet.transport
    cdef uint32_t word
    if n < 8 or packet.transport + n > packet.frame.head or octets[0] != IGMP_QUERY or fold(sum_octets(octets, n, 0)) != 0xFFFF:
        return NO_QUERY
    memcpy(&word, octets + 4, 4)
    query.group = mapped(word)
    query.general = word == 0
    if n == 8:
        query.version = 2 if octets[1] else 1
        query.within = octets[1] * 100 * <int64_t>MS if octets[1] else 10000 * <int64_t>MS
        # Version 1 knows no other; the group is not looked at (RFC 1112, appendix I).
        query.general = query.general or query.version == 1
    elif n < 12 or 12 + load16(octets + 10) * 4 > n:
        return NO_QUERY
    else:
        query.version = 3
        query.within = response_time(octets[1], 8) * 100 * MS
        query.robustness = octets[8] & 7
        query.n_sources = load16(octets + 10)
        query.sources = octets + 12
    # A query of all goes to all hosts, or to one (RFC 3376, 9.1).
    if query.general and kind_of(&packet.target) == MULTICAST and unmapped(&packet.target) != wire_swap32(0xE0000001):
        return NO_QUERY
    return A_QUERY


cdef bint has_router_alert(const Packet* packet) noexcept nogil:
    """In the hop-by-hop options, which ip_read has measured (RFC 2711)."""
    cdef const uint8_t* octets = packet.frame.data + packet.network
    cdef uint32_t at = 42
    cdef uint32_t end = 40 + (octets[41] + 1) * 8
    while at < end:
        if octets[at] == 0:
            at += 1
            continue
        if at + 2 > end:
            return False
        if octets[at] == 5:
            return octets[at + 1] == 2
        at += 2 + octets[at + 1]
    return False


cdef Heard read_mld(Query* query, const Packet* packet) noexcept nogil:
    cdef const uint8_t* octets = packet.frame.data + packet.transport
    cdef uint32_t n = packet.length + packet.network - packet.transport
    if n < 4 or packet.transport + n > packet.frame.head:
        return NOT_OURS
    if octets[0] != MLD_QUERY:
        return NO_QUERY if octets[0] in (MLD_REPORT_V1, MLD_DONE, MLD_REPORT) else NOT_OURS
    if packet.ttl != 1 or kind_of(&packet.source) != LINK_LOCAL or n < 24 or not has_router_alert(packet):
        return NO_QUERY
    if fold(sum_octets(octets, n, mld_sum(packet.frame.data + packet.network + 8, n))) != 0xFFFF:
        return NO_QUERY
    query.ipv6 = True
    memcpy(&query.group, octets + 8, 16)
    query.general = kind_of(&query.group) == UNSPECIFIED
    if n == 24:
        query.version = 1
        query.within = load16(octets + 4) * <int64_t>MS
    elif n < 28 or 28 + load16(octets + 26) * 16 > n:
        return NO_QUERY
    else:
        query.version = 2
        query.within = response_time(load16(octets + 4), 16) * MS
        query.robustness = octets[24] & 7
        query.n_sources = load16(octets + 26)
        query.sources = octets + 28
    # To all nodes, or to one (RFC 3810, 10.1).
    if query.general and kind_of(&packet.target) == MULTICAST and (packet.target.high != 0x02FF or packet.target.low != <uint64_t>1 << 56):
        return NO_QUERY
    return A_QUERY
