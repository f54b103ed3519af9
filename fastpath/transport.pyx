"""Sums are taken in machine order throughout (RFC 1071, 2 B).

An IPv4 address in its 16-octet form adds 0xFFFF to a sum, which in one's complement is nothing: so one pseudo-header serves both families.
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset

from fastpath.arena cimport HEADROOM, SMALL, Arena, take
from fastpath.frame cimport CSUM_VALID, ETHERNET_HEADER, NEEDS_CSUM, Frame
from fastpath.ip cimport PROTOCOL_ICMP, PROTOCOL_ICMPV6, Address, Packet
from fastpath.layout cimport PROTOCOL_TCP, PROTOCOL_UDP
from fastpath.wire cimport fold, load16, load32, store16, store32, sum_octets, wire_swap16

cdef enum:
    FIN = 0x01
    SYN = 0x02
    RST = 0x04
    ACK = 0x10
    DONT_FRAGMENT = 0x4000
    TCP_HEADER = 20


cdef uint64_t transport_sum(const Frame* frame, uint32_t at, uint32_t n, uint64_t start) noexcept nogil:
    cdef uint32_t own
    if at >= frame.head:
        return sum_octets(frame.tail + (at - frame.head), n, start) if n else start
    own = min(n, frame.head - at)
    start = sum_octets(frame.data + at, own, start)
    if own == n:
        return start
    if own & 1:
        # What follows an odd octet stands in the other half of its 16-bit words.
        return start + wire_swap16(fold(sum_octets(frame.tail, n - own, 0)))
    return sum_octets(frame.tail, n - own, start)


cdef uint64_t transport_pseudo(const Address* source, const Address* target, uint32_t length, uint32_t protocol) noexcept nogil:
    cdef uint64_t total = wire_swap16(<uint16_t>protocol) + wire_swap16(<uint16_t>length) + wire_swap16(<uint16_t>(length >> 16))
    return sum_octets(<const uint8_t*>target, 16, sum_octets(<const uint8_t*>source, 16, total))


cdef bint transport_good(const Packet* packet) noexcept nogil:
    cdef const Frame* frame = packet.frame
    cdef const uint8_t* header = frame.data + packet.transport
    cdef uint32_t n = packet.length - (packet.transport - packet.network)
    cdef uint64_t total = 0
    if packet.protocol == PROTOCOL_UDP:
        if n < 8 or packet.transport + 8 > frame.head or not 8 <= load16(header + 4) <= n:
            return False
        if header[6] == 0 and header[7] == 0:
            return packet.version == 4
        n = load16(header + 4)
    elif packet.protocol == PROTOCOL_TCP:
        if n < TCP_HEADER or packet.transport + TCP_HEADER > frame.head or not TCP_HEADER <= (header[12] >> 4) * 4 <= n:
            return False
    elif packet.protocol == PROTOCOL_ICMP or packet.protocol == PROTOCOL_ICMPV6:
        if n < 8:
            return False
    else:
        return True
    if frame.flags & CSUM_VALID:
        return True
    # Of a packet in a tunnel the inner checksum may be the one that is left to do.
    if frame.flags & NEEDS_CSUM and frame.csum_start == packet.transport and packet.protocol in (PROTOCOL_UDP, PROTOCOL_TCP):
        return True
    if packet.protocol != PROTOCOL_ICMP:
        total = transport_pseudo(&packet.source, &packet.target, n, packet.protocol)
    return fold(transport_sum(frame, packet.transport, n, total)) == 0xFFFF


cdef Frame* transport_answer(Arena* arena, const Packet* packet, const Address* source, uint8_t protocol, uint8_t service,
                             int identification, uint32_t length, uint8_t** payload) noexcept nogil:
    cdef const Frame* to = packet.frame
    cdef uint32_t header = 20 if packet.version == 4 else 40
    cdef Frame* frame
    cdef uint8_t* ip
    cdef uint16_t checksum
    if ETHERNET_HEADER + header + length > SMALL:
        return NULL
    frame = take(&arena.small, HEADROOM)
    if frame == NULL:
        return NULL
    frame.head = frame.length = ETHERNET_HEADER + header + length
    frame.ingress = to.ingress
    frame.input = to.input
    frame.family = to.family
    frame.hops = to.hops
    frame.record = to.record
    memcpy(frame.data, to.data + 6, 6)
    memcpy(frame.data + 6, to.data, 6)
    ip = frame.data + ETHERNET_HEADER
    memset(ip, 0, header)
    if packet.version == 4:
        store16(frame.data + 12, 0x0800)
        ip[0] = 0x45
        ip[1] = service
        store16(ip + 2, <uint16_t>(header + length))
        # Without an identification it may not be fragmented, so none is needed (RFC 6864, 4.1).
        store16(ip + 4, <uint16_t>identification if identification >= 0 else 0)
        store16(ip + 6, 0 if identification >= 0 else DONT_FRAGMENT)
        ip[8] = ANSWER_TTL
        ip[9] = protocol
        memcpy(ip + 12, <const uint8_t*>source + 12, 4)
        memcpy(ip + 16, <const uint8_t*>&packet.source + 12, 4)
        checksum = <uint16_t>~fold(sum_octets(ip, 20, 0))
        memcpy(ip + 10, &checksum, 2)
    else:
        store16(frame.data + 12, 0x86DD)
        store32(ip, <uint32_t>6 << 28 | <uint32_t>service << 20)
        store16(ip + 4, <uint16_t>length)
        ip[6] = protocol
        ip[7] = ANSWER_TTL
        memcpy(ip + 8, source, 16)
        memcpy(ip + 24, &packet.source, 16)
    payload[0] = ip + header
    return frame


cdef Frame* transport_reset(Arena* arena, const Packet* packet) noexcept nogil:
    cdef const uint8_t* segment = packet.frame.data + packet.transport
    cdef uint32_t n = packet.length - (packet.transport - packet.network)
    cdef uint8_t* header = NULL
    cdef uint8_t flags
    cdef uint16_t checksum
    cdef Frame* frame
    if packet.protocol != PROTOCOL_TCP or packet.fragment or not transport_good(packet):
        return NULL
    flags = segment[13]
    if flags & RST or packet.frame.data[0] & 1 or not one_host(&packet.source) or not one_host(&packet.target):
        return NULL
    frame = transport_answer(arena, packet, &packet.target, PROTOCOL_TCP, 0, -1, TCP_HEADER, &header)
    if frame == NULL:
        return NULL
    memset(header, 0, TCP_HEADER)
    memcpy(header, segment + 2, 2)
    memcpy(header + 2, segment, 2)
    header[12] = 5 << 4
    if flags & ACK:
        memcpy(header + 4, segment + 8, 4)
        header[13] = RST
    else:
        # What it took of the sequence space: its octets, SYN and FIN.
        n = n - (segment[12] >> 4) * 4 + (flags & FIN != 0) + (flags & SYN != 0)
        store32(header + 8, load32(segment + 4) + n)
        header[13] = RST | ACK
    checksum = <uint16_t>~fold(sum_octets(header, TCP_HEADER, transport_pseudo(&packet.target, &packet.source, TCP_HEADER, PROTOCOL_TCP)))
    memcpy(header + 16, &checksum, 2)
    return frame
