"""Reading what an error quotes, and translating it in place. See quote.pxd."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset

from fastpath.arena cimport HEAD
from fastpath.counters cimport ICMP_UNMATCHED, TRANSPORT_CHECKSUM, TRANSPORT_HEADER
from fastpath.frame cimport CSUM_VALID, Frame, SHARED
from fastpath.ip cimport ANSWER, OTHER, PORTS, PROTOCOL_ICMP, PROTOCOL_ICMPV6, PROTOCOL_SCTP, QUERY, WHOLE
from fastpath.layout cimport PROTOCOL_TCP, PROTOCOL_UDP
from fastpath.translate cimport adjusted, translate_addresses, translate_transport
from fastpath.wire cimport fold, load16, sum_octets, wire_swap16

cdef enum:
    ICMP_HEADER = 8
    CHANGED = 20                  # octets of the quoted transport header that a translation may touch
    EXTENSIONS = 8                # IPv6 extension headers followed


cdef uint16_t sum_of(const Frame* frame, uint32_t at, uint32_t length, uint64_t start) noexcept nogil:
    """The folded sum of octets of a frame, which may lie in both of its parts."""
    cdef uint32_t here = min(length, frame.head - at)
    cdef uint16_t rest
    start = sum_octets(frame.data + at, here, start)
    if here < length:
        rest = fold(sum_octets(frame.tail, length - here, 0))
        # What begins at an odd place has its octets in the other halves of the words (RFC 1071, 2 B).
        start = <uint64_t>fold(start) + (wire_swap16(rest) if here & 1 else rest)
    return fold(start)


cdef bint checksum_right(const Packet* error) noexcept nogil:
    cdef uint32_t length = error.length - (error.transport - error.network)
    cdef uint64_t pseudo = 0
    if error.frame.flags & CSUM_VALID:
        return True
    if error.version == 6:
        pseudo = sum_octets(<const uint8_t*>&error.source, 32, <uint64_t>wire_swap16(<uint16_t>length) + wire_swap16(PROTOCOL_ICMPV6))
    return sum_of(error.frame, error.transport, length, pseudo) == 0xFFFF


cdef int read_ip4(Quote* quote, const uint8_t* ip, uint32_t room) noexcept nogil:
    cdef Packet* packet = &quote.packet
    cdef uint32_t header = (ip[0] & 15) << 2
    if header < 20 or room < header:
        return TRANSPORT_HEADER
    if fold(sum_octets(ip, header, 0)) != 0xFFFF:
        return TRANSPORT_CHECKSUM
    if load16(ip + 6) & 0x1FFF:
        return ICMP_UNMATCHED
    packet.version = 4
    packet.protocol = ip[9]
    packet.length = load16(ip + 2)
    packet.source.high = packet.target.high = 0
    memset(<uint8_t*>&packet.source + 10, 0xFF, 2)
    memset(<uint8_t*>&packet.target + 10, 0xFF, 2)
    memcpy(<uint8_t*>&packet.source + 12, ip + 12, 4)
    memcpy(<uint8_t*>&packet.target + 12, ip + 16, 4)
    packet.transport = <uint16_t>(packet.network + header)
    return QUOTED


cdef int read_ip6(Quote* quote, const uint8_t* ip, uint32_t room) noexcept nogil:
    cdef Packet* packet = &quote.packet
    cdef uint32_t at = 40
    cdef uint32_t length
    cdef uint8_t protocol
    if room < 40:
        return TRANSPORT_HEADER
    packet.version = 6
    packet.length = 40 + load16(ip + 4)
    memcpy(&packet.source, ip + 8, 16)
    memcpy(&packet.target, ip + 24, 16)
    protocol = ip[6]
    for _ in range(EXTENSIONS):
        if protocol not in (0, 43, 44, 60):
            break
        if room < at + 8:
            return TRANSPORT_HEADER
        if protocol == 44 and load16(ip + at + 2) >> 3:
            return ICMP_UNMATCHED
        length = 8 if protocol == 44 else (<uint32_t>ip[at + 1] + 1) << 3
        protocol = ip[at]
        at += length
    if at > room:
        return TRANSPORT_HEADER
    packet.protocol = protocol
    packet.transport = <uint16_t>(packet.network + at)
    return QUOTED


cdef int read_transport(Quote* quote, const uint8_t* header) noexcept nogil:
    """Ports or identifier: the first 8 octets at least are quoted (RFC 792)."""
    cdef Packet* packet = &quote.packet
    cdef uint8_t kind
    packet.kind = OTHER
    packet.source_port = packet.target_port = 0
    if packet.protocol in (PROTOCOL_TCP, PROTOCOL_UDP, PROTOCOL_SCTP):
        if quote.room < 8:
            return TRANSPORT_HEADER
        packet.kind = PORTS
        memcpy(&packet.source_port, header, 2)
        memcpy(&packet.target_port, header + 2, 2)
    elif (packet.protocol == PROTOCOL_ICMP and packet.version == 4) or (packet.protocol == PROTOCOL_ICMPV6 and packet.version == 6):
        if quote.room < 8:
            return TRANSPORT_HEADER
        kind = header[0]
        if kind == 128 or (packet.version == 4 and kind in (8, 13, 15, 17)):
            packet.kind = QUERY
            memcpy(&packet.source_port, header + 4, 2)
        elif kind == 129 or (packet.version == 4 and kind in (0, 14, 16, 18)):
            packet.kind = ANSWER
            memcpy(&packet.target_port, header + 4, 2)
        else:
            return ICMP_UNMATCHED
    return QUOTED


cdef int quote_read(Quote* quote, const Packet* error) noexcept nogil:
    cdef Packet* packet = &quote.packet
    cdef uint32_t end = min(error.network + error.length, error.frame.head)
    cdef const uint8_t* ip
    cdef int reason
    memset(quote, 0, sizeof(Quote))
    packet.frame = error.frame
    packet.network = <uint16_t>(error.transport + ICMP_HEADER)
    if end < packet.network + <uint32_t>20:
        return TRANSPORT_HEADER
    if not checksum_right(error):
        return TRANSPORT_CHECKSUM
    ip = error.frame.data + packet.network
    if ip[0] >> 4 != error.version:
        return ICMP_UNMATCHED
    reason = read_ip4(quote, ip, end - packet.network) if error.version == 4 else read_ip6(quote, ip, end - packet.network)
    if reason != QUOTED:
        return reason
    # Not into what follows a quote: its padding and extensions (RFC 4884, 4 and 5).
    end = min(end, packet.network + packet.length)
    quote.room = end - packet.transport if end > packet.transport else 0
    packet.fragment = WHOLE
    return read_transport(quote, error.frame.data + packet.transport)


cdef bint quote_translate(const Packet* error, const Rewrite* rewrite, bint changes_source) noexcept nogil:
    cdef Quote quote
    cdef Rewrite outer = rewrite[0]
    cdef Rewrite inner = rewrite[0]
    cdef uint8_t[CHANGED + 4] transport
    cdef uint8_t* octets = error.frame.data
    cdef uint32_t span, changed
    cdef uint64_t before, after
    cdef uint16_t checksum
    if quote_read(&quote, error) != QUOTED:
        return False
    changed = min(quote.room, <uint32_t>CHANGED)
    span = quote.packet.transport - quote.packet.network + changed
    if error.frame.flags & SHARED and quote.packet.transport + changed > HEAD:
        return False
    if not changes_source:
        outer.source = error.source
    before = sum_octets(octets + quote.packet.network, span, 0)
    after = 0
    if error.version == 6:
        before = sum_octets(<const uint8_t*>&error.source, 32, before)
        after = sum_octets(<const uint8_t*>&outer.source, 32, 0)
    outer.address_delta = delta_of(sum_octets(<const uint8_t*>&error.source, 32, 0), sum_octets(<const uint8_t*>&outer.source, 32, 0))
    # The quoted packet went the other way.
    inner.source = rewrite.target
    inner.target = rewrite.source
    inner.source_port = rewrite.target_port
    inner.target_port = rewrite.source_port
    translate_addresses(octets + quote.packet.network, error.version, &inner)
    # In a copy with room for all that a translation writes; what was quoted of it goes back.
    memset(transport, 0, sizeof(transport))
    memcpy(transport, octets + quote.packet.transport, changed)
    if not translate_transport(transport, changed, &quote.packet, &inner):
        return False
    memcpy(octets + quote.packet.transport, transport, changed)
    after = sum_octets(octets + quote.packet.network, span, after)
    memcpy(&checksum, octets + error.transport + 2, 2)
    checksum = adjusted(checksum, delta_of(before, after))
    memcpy(octets + error.transport + 2, &checksum, 2)
    translate_addresses(octets + error.network, error.version, &outer)
    return True


cdef inline uint16_t delta_of(uint64_t before, uint64_t after) noexcept nogil:
    return fold(<uint64_t>fold(after) + <uint16_t>~fold(before))
