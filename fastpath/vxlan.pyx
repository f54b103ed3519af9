"""What a push or a pop seldom needs: checksums, what is inherited, offload facts, tags; and ECN's table."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy, memmove, memset

from fastpath.counters cimport RUNT, TRANSPORT_CHECKSUM, TRANSPORT_HEADER, VXLAN_HEADER
from fastpath.ethernet cimport store48
from fastpath.frame cimport (
    CSUM_VALID, ETHERNET_HEADER, GSO_TUNNEL_V4, GSO_TUNNEL_V6, MIN_FRAME, NEEDS_CSUM, OUTER_CSUM, SHARED, Frame,
)
from fastpath.ip cimport FINE, WHOLE, Address, Packet, is_mapped
from fastpath.layout cimport PROTOCOL_UDP
from fastpath.transport cimport transport_copy, transport_sum
from fastpath.wire cimport fold, load16, load32, store16, store32, sum_octets, update16, wire_swap16

cdef enum:
    TUNNEL = GSO_TUNNEL_V4 | GSO_TUNNEL_V6
    OWNED_PAST = 128              # octets that a clone has of its own (arena.HEAD)

# The pairs that RFC 6040 marks "(!!!)", an anomaly, go on as it says all the same.
ECN_TABLE = [
    0, 0, 0, ECN_DROP,            # inner Not-ECT: it could not tell of congestion
    1, 1, 1, ECN_CE,              # ECT(1)
    2, 1, 2, ECN_CE,              # ECT(0): ECT(1) outside wins
    3, 3, 3, ECN_CE,              # CE
]


# -- preparing --------------------------------------------------------------------------------------------------------------


cdef void vxlan_prepare(Outer* outer, const Address* source, const Address* target, uint32_t vni, uint16_t port, uint8_t ttl,
                        uint8_t service, uint8_t flags) noexcept nogil:
    cdef uint8_t* end = <uint8_t*>&outer.words[9]
    cdef uint8_t* ip
    memset(outer, 0, sizeof(Outer))
    outer.service = service
    outer.flags = flags
    (end - 8)[0] = 0x08
    store32(end - 4, vni << 8)
    store16(end - 14, port)
    outer.udp_sum = sum_octets(end - 16, 16, wire_swap16(PROTOCOL_UDP))
    if is_mapped(target):
        outer.size = PUSHED_IPV4
        ip = end - 36
        store16(ip - 2, 0x0800)
        ip[0] = 0x45
        ip[6] = 0x40              # don't fragment: so it needs no identification (RFC 6864, 4.1)
        ip[8] = ttl
        ip[9] = PROTOCOL_UDP
        memcpy(ip + 12, <const uint8_t*>source + 12, 4)
        memcpy(ip + 16, <const uint8_t*>target + 12, 4)
        outer.ip_sum = fold(sum_octets(ip, 20, 0))
        outer.udp_sum = fold(sum_octets(ip + 12, 8, outer.udp_sum))
    else:
        outer.size = PUSHED_IPV6
        ip = end - 56
        store16(ip - 2, 0x86DD)
        ip[0] = 0x60
        ip[6] = PROTOCOL_UDP
        ip[7] = ttl
        memcpy(ip + 8, source, 16)
        memcpy(ip + 24, target, 16)
        outer.udp_sum = fold(sum_octets(ip + 8, 32, outer.udp_sum))


cdef void vxlan_macs(Outer* outer, uint64_t target, uint64_t source) noexcept nogil:
    cdef uint8_t* start = <uint8_t*>&outer.words[9] - outer.size
    store48(start, target)
    store48(start + 6, source)


# -- pushing ----------------------------------------------------------------------------------------------------------------


cdef void inherit(const Outer* outer, uint8_t* end, const Inner* inner) noexcept nogil:
    cdef uint8_t service = outer.service
    cdef uint8_t* ip = end - (outer.size - ETHERNET_HEADER)
    cdef uint16_t checksum
    if outer.flags & INHERIT_DSCP:
        service = inner.service
    service = (service & ~ECN) | (inner.service & ECN)
    if outer.size == PUSHED_IPV6:
        store16(ip, <uint16_t>(0x6000 | service << 4))
        if outer.flags & INHERIT_TTL and inner.ttl:
            ip[7] = inner.ttl
        return
    ip[1] = service
    if outer.flags & INHERIT_TTL and inner.ttl:
        ip[8] = inner.ttl
    store16(ip + 10, 0)
    checksum = <uint16_t>~fold(sum_octets(ip, 20, 0))
    memcpy(ip + 10, &checksum, 2)


cdef uint64_t inner_sum(const Frame* frame, uint32_t size) noexcept nogil:
    """The sum of the inner frame as it will be when its own checksum is complete: from there on it adds up to the complement of what
    the sender has put in (the pseudo-header's sum), whatever the payload is."""
    cdef uint32_t n = frame.csum_start - size
    cdef uint16_t pseudo = 0
    cdef uint64_t rest
    if not frame.flags & NEEDS_CSUM:
        return transport_sum(frame, size, frame.length - size, 0)
    transport_copy(<uint8_t*>&pseudo, frame, frame.csum_start + frame.csum_offset, 2)
    rest = <uint16_t>~pseudo
    return transport_sum(frame, size, n, 0) + (wire_swap16(<uint16_t>rest) if n & 1 else rest)


cdef void vxlan_push_rest(const Outer* outer, Frame* frame, const Inner* inner, uint16_t port) noexcept nogil:
    cdef uint8_t* end = frame.data + outer.size
    cdef uint16_t length, checksum
    cdef uint64_t total
    if outer.flags & (INHERIT_TTL | INHERIT_DSCP):
        inherit(outer, end, inner)
    frame.flags &= ~CSUM_VALID
    if frame.flags & NEEDS_CSUM:
        frame.csum_start += <uint16_t>outer.size
    if frame.gso_type:
        frame.gso_type |= GSO_TUNNEL_V4 if outer.size == PUSHED_IPV4 else GSO_TUNNEL_V6
        frame.header += <uint16_t>outer.size
        frame.outer_transport = <uint16_t>(outer.size - 16)
        frame.inner_network = <uint16_t>(outer.size + ETHERNET_HEADER)
        while vxlan_tagged(frame.data + frame.inner_network - ETHERNET_HEADER):
            frame.inner_network += 4
    if not outer.flags & WITH_CHECKSUM:
        return
    length = wire_swap16(<uint16_t>(frame.length - outer.size + 16))
    total = outer.udp_sum + length
    if frame.gso_type:
        # Segments get their own; until then it holds the pseudo-header's sum, as Linux has it.
        frame.flags |= OUTER_CSUM
        checksum = fold(total - fold(sum_octets(<const uint8_t*>&outer.words[7], 16, 0)) + 0xFFFF)
    else:
        checksum = <uint16_t>~fold(total + length + wire_swap16(port) + inner_sum(frame, outer.size))
        if checksum == 0:
            checksum = 0xFFFF
    memcpy(end - 10, &checksum, 2)


# -- popping ----------------------------------------------------------------------------------------------------------------


cdef void vxlan_pop_facts(Frame* frame, uint32_t pushed) noexcept nogil:
    frame.flags &= ~(CSUM_VALID | OUTER_CSUM)
    if frame.flags & NEEDS_CSUM:
        if frame.csum_start < pushed:
            # It was the outer checksum that was left to do.
            frame.flags &= ~NEEDS_CSUM
        else:
            frame.csum_start -= <uint16_t>pushed
    if frame.gso_type:
        frame.gso_type &= ~TUNNEL
        frame.header -= <uint16_t>pushed
        frame.outer_transport = frame.inner_network = 0
    if frame.flags & SHARED and frame.tail == NULL and frame.head > OWNED_PAST - pushed:
        # Others read what lies further on: what is ours to write is now a part of its own.
        frame.tail = frame.data + (OWNED_PAST - pushed)
        frame.head = OWNED_PAST - pushed


cdef bint vxlan_checksum_good(const Frame* frame, uint32_t network, uint32_t transport, uint8_t version) noexcept nogil:
    cdef const uint8_t* octets = frame.data
    cdef uint32_t n = load16(octets + transport + 4)
    cdef uint16_t pseudo = 0
    cdef uint32_t before
    cdef uint64_t total
    if (octets[transport + 6] == 0 and octets[transport + 7] == 0) or frame.flags & CSUM_VALID:
        return True
    if frame.gso_type & TUNNEL or (frame.flags & NEEDS_CSUM and frame.csum_start <= transport):
        # The sender's kernel left it to whoever puts the frame on a wire.
        return True
    total = wire_swap16(PROTOCOL_UDP) + wire_swap16(<uint16_t>n)
    if version == 4:
        total = sum_octets(octets + network + 12, 8, total)
    else:
        total = sum_octets(octets + network + 8, 32, total)
    if not frame.flags & NEEDS_CSUM:
        return fold(transport_sum(frame, transport, n, total)) == 0xFFFF
    # The inner checksum is still to be completed; see inner_sum.
    before = frame.csum_start - transport
    transport_copy(<uint8_t*>&pseudo, frame, frame.csum_start + frame.csum_offset, 2)
    pseudo = ~pseudo
    total = transport_sum(frame, transport, before, total) + (wire_swap16(pseudo) if before & 1 else pseudo)
    return fold(total) == 0xFFFF


cdef int vxlan_read(Tunneled* tunneled, const Packet* packet, uint16_t port, bint strict) noexcept nogil:
    cdef const uint8_t* octets = packet.frame.data
    cdef uint32_t at = packet.transport
    cdef uint32_t end = packet.network + packet.length
    cdef uint32_t length
    if packet.protocol != PROTOCOL_UDP or packet.fragment != WHOLE:
        return OTHER_PORT
    if at + 8 > end or at + 8 > packet.frame.head:
        return TRANSPORT_HEADER
    if load16(octets + at + 2) != port:
        return OTHER_PORT
    length = load16(octets + at + 4)
    if length < 8 or at + length > end:
        return TRANSPORT_HEADER
    if length < 16 or at + 16 > packet.frame.head:
        return VXLAN_HEADER
    if not vxlan_checksum_good(packet.frame, packet.network, at, packet.version):
        return TRANSPORT_CHECKSUM
    if not octets[at + 8] & 0x08 or (strict and (octets[at + 8] != 0x08 or load32(octets + at + 9) >> 8 or octets[at + 15])):
        return VXLAN_HEADER
    if length < 16 + MIN_FRAME or at + 16 + MIN_FRAME > packet.frame.head:
        return RUNT
    tunneled.vni = load32(octets + at + 12) >> 8
    tunneled.pushed = at + 16
    tunneled.service = octets[packet.network + 1] if packet.version == 4 else <uint8_t>(load16(octets + packet.network) >> 4)
    return FINE


cdef bint vxlan_ecn(uint8_t* octets, uint32_t own, uint8_t outer) noexcept nogil:
    cdef uint32_t network = ETHERNET_HEADER
    cdef uint8_t service, told
    cdef uint16_t kind, before, after, checksum
    while network + 4 <= own and vxlan_tagged(octets + network - ETHERNET_HEADER):
        network += 4
    kind = load16(octets + network - 2)
    if not (kind == 0x0800 and network + 20 <= own and octets[network] >> 4 == 4) and not (
            kind == 0x86DD and network + 40 <= own and octets[network] >> 4 == 6):
        return True               # nothing that could be told, and nothing that asks to be dropped instead
    memcpy(&before, octets + network, 2)
    service = octets[network + 1] if kind == 0x0800 else <uint8_t>(wire_swap16(before) >> 4)
    told = ECN_TABLE[(service & ECN) << 2 | (outer & ECN)]
    if told == ECN_DROP:
        return False
    if told == service & ECN:
        return True
    service = (service & ~ECN) | told
    if kind == 0x86DD:
        store16(octets + network, (wire_swap16(before) & 0xF00F) | <uint16_t>service << 4)
        return True
    octets[network + 1] = service
    memcpy(&after, octets + network, 2)
    memcpy(&checksum, octets + network + 10, 2)
    checksum = update16(checksum, before, after)
    memcpy(octets + network + 10, &checksum, 2)
    return True


cdef bint vxlan_strip(Frame* frame) noexcept nogil:
    cdef uint32_t tags = 0
    while tags + 18 <= frame.head and vxlan_tagged(frame.data + tags):
        tags += 4
    if vxlan_tagged(frame.data + tags):
        return False
    if tags == 0:
        return True
    memmove(frame.data + tags, frame.data, 12)
    frame.data += tags
    frame.length -= tags
    frame.head -= tags
    frame.room += tags
    if frame.flags & NEEDS_CSUM:
        frame.csum_start -= <uint16_t>tags
    if frame.gso_type:
        frame.header -= <uint16_t>tags
    return True
