"""Neighbor discovery messages read and written. Whoever is not on the link cannot send them: hop limit 255 says so."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset

from fastpath.address cimport MULTICAST, UNSPECIFIED, kind_of
from fastpath.counters cimport ND_INVALID
from fastpath.ethernet cimport GROUP, store48
from fastpath.ip cimport FINE, PROTOCOL_ICMPV6, Address, Packet
from fastpath.wire cimport fold, load48, store16, sum_octets, wire_swap16

cdef enum:
    SOURCE_MAC = 1                # options (RFC 4861, 4.6.1)
    TARGET_MAC = 2


cdef uint64_t pseudo_sum(const uint8_t* addresses, uint32_t length) noexcept nogil:
    """RFC 8200, 8.1; source and target lie side by side."""
    return sum_octets(addresses, 32, <uint64_t>wire_swap16(PROTOCOL_ICMPV6) + wire_swap16(<uint16_t>length))


cdef int nd_read(Nd* nd, const Packet* packet) noexcept nogil:
    cdef const uint8_t* octets = packet.frame.data + packet.transport
    cdef uint32_t n = packet.length + packet.network - packet.transport
    cdef uint32_t at = 24
    cdef uint8_t wanted
    # All of it in the first part: a clone's is longer than any of these messages has to be.
    if packet.ttl != 255 or n < 24 or packet.transport + n > packet.frame.head or octets[1] != 0 or packet.options:
        return ND_INVALID
    if fold(sum_octets(octets, n, pseudo_sum(packet.frame.data + packet.network + 8, n))) != 0xFFFF:
        return ND_INVALID
    nd.kind = octets[0]
    nd.flags = octets[4]
    nd.mac = 0
    memcpy(&nd.target, octets + 8, 16)
    if kind_of(&nd.target) == MULTICAST:
        return ND_INVALID
    wanted = SOURCE_MAC if nd.kind == NEIGHBOR_SOLICITATION else TARGET_MAC
    while at < n:
        if at + 8 > n or octets[at + 1] == 0 or at + octets[at + 1] * 8 > n:
            return ND_INVALID
        if octets[at] == wanted and octets[at + 1] == 1:
            nd.mac = load48(octets + at + 2)
            if nd.mac == 0 or nd.mac & GROUP:
                return ND_INVALID
        at += octets[at + 1] * 8
    if nd.kind == NEIGHBOR_SOLICITATION:
        # Somebody looks whether its address is free (RFC 4862, 5.4.2): it has none yet.
        if kind_of(&packet.source) == UNSPECIFIED and (nd.mac or not is_solicited_node(&packet.target)):
            return ND_INVALID
    elif kind_of(&packet.target) == MULTICAST and nd.flags & SOLICITED:
        return ND_INVALID
    return FINE


cdef bint is_solicited_node(const Address* address) noexcept nogil:
    cdef const uint8_t* octets = <const uint8_t*>address
    return (octets[0] == 0xFF and octets[1] == 2 and octets[11] == 1 and octets[12] == 0xFF
            and octets[2] | octets[3] | octets[4] | octets[5] | octets[6] | octets[7] | octets[8] | octets[9] | octets[10] == 0)


cdef void nd_write(uint8_t* octets, uint8_t kind, uint8_t flags, uint64_t our_mac, const Address* ours, uint64_t mac, const Address* to,
                   const Address* target) noexcept nogil:
    cdef uint8_t* message = octets + 54
    cdef uint16_t checksum
    memset(octets, 0, ND_FRAME)
    store48(octets, mac)
    store48(octets + 6, our_mac)
    store16(octets + 12, 0x86DD)
    octets[14] = 0x60
    store16(octets + 18, ND_FRAME - 54)
    octets[20] = PROTOCOL_ICMPV6
    octets[21] = 255
    memcpy(octets + 22, ours, 16)
    memcpy(octets + 38, to, 16)
    message[0] = kind
    message[4] = flags
    memcpy(message + 8, target, 16)
    message[24] = SOURCE_MAC if kind == NEIGHBOR_SOLICITATION else TARGET_MAC
    message[25] = 1
    store48(message + 26, our_mac)
    checksum = <uint16_t>~fold(sum_octets(message, ND_FRAME - 54, pseudo_sum(octets + 22, ND_FRAME - 54)))
    memcpy(message + 2, &checksum, 2)
