"""Stores and checksums. See translate.pxd."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy

from fastpath.crc cimport crc_difference
from fastpath.flowtable cimport reply_source, reply_target
from fastpath.frame cimport NEEDS_CSUM, OUTER_CSUM
from fastpath.ip cimport ANSWER, PROTOCOL_ICMP, PROTOCOL_ICMPV6, PROTOCOL_SCTP, QUERY
from fastpath.layout cimport PROTOCOL_TCP, PROTOCOL_UDP
from fastpath.wire cimport fold, sum_octets, wire_unlikely

cdef enum:
    PROTOCOL_DCCP = 33            # a checksum over addresses where UDP has it, the ports stay (RFC 4340, 9)
    PROTOCOL_UDPLITE = 136        # … (RFC 3828, 3.1)


cdef void rewrite_of(const FlowTable* table, const Flow* flow, uint32_t direction, Rewrite* rewrite) noexcept nogil:
    if direction:
        rewrite.source = flow.target
        rewrite.target = flow.source
        rewrite.source_port = flow.target_port
        rewrite.target_port = flow.source_port
        rewrite.address_delta = ~flow.address_delta
        rewrite.delta = ~flow.delta
    else:
        rewrite.source = reply_target(table, flow)[0]
        rewrite.target = reply_source(table, flow)[0]
        rewrite.source_port = flow.new_source_port
        rewrite.target_port = flow.new_target_port
        rewrite.address_delta = flow.address_delta
        rewrite.delta = flow.delta


cdef void deltas_make(const FlowTable* table, Flow* flow) noexcept nogil:
    cdef Address[2] old
    cdef Address[2] new
    cdef uint64_t total, ports
    cdef uint32_t i
    cdef uint64_t* words = <uint64_t*>old
    old[0] = flow.source
    old[1] = flow.target
    new[0] = reply_target(table, flow)[0]
    new[1] = reply_source(table, flow)[0]
    for i in range(4):
        words[i] = ~words[i]
    total = sum_octets(<uint8_t*>new, 32, sum_octets(<uint8_t*>old, 32, 0))
    ports = (<uint64_t><uint16_t>~flow.source_port + <uint16_t>~flow.target_port + flow.new_source_port + flow.new_target_port)
    flow.address_delta = fold(total)
    # ICMP's checksum has no pseudo-header, ICMPv6's has (RFC 4443, 2.3).
    flow.delta = fold(ports if flow.protocol == PROTOCOL_ICMP else total + ports)


cdef void translate_addresses(uint8_t* ip, uint32_t version, const Rewrite* rewrite) noexcept nogil:
    cdef uint16_t checksum
    if version == 4:
        memcpy(ip + 12, <const uint8_t*>&rewrite.source + 12, 4)
        memcpy(ip + 16, <const uint8_t*>&rewrite.target + 12, 4)
        memcpy(&checksum, ip + 10, 2)
        checksum = adjusted(checksum, rewrite.address_delta)
        memcpy(ip + 10, &checksum, 2)
    else:
        memcpy(ip + 8, &rewrite.source, 16)
        memcpy(ip + 24, &rewrite.target, 16)


cdef inline void adjust(uint8_t* at, uint16_t delta) noexcept nogil:
    cdef uint16_t checksum
    memcpy(&checksum, at, 2)
    checksum = adjusted(checksum, delta)
    memcpy(at, &checksum, 2)


cdef inline void adjust_udp(uint8_t* at, uint16_t delta) noexcept nogil:
    cdef uint16_t checksum
    memcpy(&checksum, at, 2)
    if checksum:
        checksum = adjusted(checksum, delta)
        if checksum == 0:
            checksum = 0xFFFF
        memcpy(at, &checksum, 2)


cdef inline void adjust_partial(uint8_t* at, uint16_t delta) noexcept nogil:
    """A sum of the pseudo-header, not inverted."""
    cdef uint16_t partial
    memcpy(&partial, at, 2)
    partial = summed(<uint32_t>partial + delta)
    memcpy(at, &partial, 2)


cdef inline bint partial(const Packet* packet) noexcept nogil:
    """This header's checksum is still to be completed; in a tunnel's super-frame the inner one's usually is."""
    return ((packet.frame.flags & NEEDS_CSUM and packet.frame.csum_start == packet.transport)
            or (packet.frame.flags & OUTER_CSUM and packet.frame.outer_transport == packet.transport))


cdef bint translate_transport(uint8_t* header, uint32_t room, const Packet* packet, const Rewrite* rewrite) noexcept nogil:
    cdef uint16_t[2] ports
    cdef uint32_t before, change
    ports[0] = rewrite.source_port
    ports[1] = rewrite.target_port
    if packet.protocol == PROTOCOL_TCP:
        memcpy(header, ports, 4)
        if wire_unlikely(partial(packet)):
            adjust_partial(header + 16, rewrite.address_delta)
        else:
            adjust(header + 16, rewrite.delta)
    elif packet.protocol == PROTOCOL_UDP:
        memcpy(header, ports, 4)
        if wire_unlikely(partial(packet)):
            adjust_partial(header + 6, rewrite.address_delta)
        else:
            adjust_udp(header + 6, rewrite.delta)
    elif packet.kind == QUERY or packet.kind == ANSWER:
        memcpy(header + 4, &ports[packet.kind == ANSWER], 2)
        adjust(header + 2, rewrite.delta)
    elif packet.protocol == PROTOCOL_SCTP:
        memcpy(&before, header, 4)
        memcpy(header, ports, 4)
        memcpy(&change, header, 4)
        change ^= before
        if change:
            memcpy(&before, header + 8, 4)
            before ^= crc_difference(change, packet.length - (packet.transport - packet.network))
            memcpy(header + 8, &before, 4)
    elif packet.protocol == PROTOCOL_UDPLITE or packet.protocol == PROTOCOL_DCCP:
        if room < 8:
            return False
        adjust(header + 6, rewrite.address_delta)
    elif packet.protocol == PROTOCOL_ICMPV6 and room >= 4:
        adjust(header + 2, rewrite.address_delta)
    return True
