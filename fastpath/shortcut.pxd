"""The short cut of a mere router: a plain packet whose source and target are known goes on by a few dozen instructions, no call.

It knows no reasons: whatever is otherwise, it says False and has done nothing, and the packet goes the long way (forward.pyx).
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy

from fastpath.frame cimport ETHERNET_HEADER, Frame
from fastpath.gateway cimport Gateway, Way, generation_of, place_of, place_of_ipv4
from fastpath.graph cimport Edge, emit
from fastpath.ip cimport IPV4_HEADER, IPV6_HEADER, Address, is_mapped, mapped
from fastpath.layout cimport PROTOCOL_TCP
from fastpath.ways cimport routed_way, source_known, way_known
from fastpath.wire cimport fold, load16, wire_swap16

cdef enum:
    PLAIN_IPV4 = 0x450008     # type and version, header length, as they lie in memory
    PLAIN_IPV6 = 0x60DD86

cdef extern from *:
    """
    /* Extension headers that ip_read has to look at, as bits: 0, 43, 44, 51, 60. */
    #define SHORTCUT_EXTENSIONS (1ull | 1ull << 43 | 1ull << 44 | 1ull << 51 | 1ull << 60)
    """
    const uint64_t SHORTCUT_EXTENSIONS

cdef inline bint is_syn(const Frame* frame, uint8_t protocol, uint32_t transport) noexcept nogil:
    """It may open a TCP connection: its MSS is to be looked at."""
    return protocol == PROTOCOL_TCP and frame.head > transport + 13 and frame.data[transport + 13] & 2

cdef inline bint short_ipv4(Gateway* gateway, Way* ways, Frame* frame, uint64_t* latest) noexcept nogil:
    """Forward a plain IPv4 packet whose way is known; False: nothing was done. `ways`: those of the interface that it came by. `latest`:
    source and target of the one before, if it came by the same interface and went this way."""
    cdef uint8_t* octets = frame.data
    cdef uint64_t first, second, pair
    cdef uint32_t target
    cdef uint32_t length
    cdef uint16_t checksum
    cdef const Way* way
    cdef Address source, goal
    memcpy(&first, octets + 14, 8)
    memcpy(&second, octets + 22, 8)
    memcpy(&target, octets + 30, 4)
    pair = second >> 32 | <uint64_t>target << 32
    length = wire_swap16(<uint16_t>(first >> 16))
    # With many routes a target's own way has gone before it comes again.
    way = NULL if gateway.routes.is_dense else &ways[place_of_ipv4(gateway, target)]
    if (way == NULL or way.target.low != (<uint64_t>target << 32 | 0xFFFF0000u) or way.target.high
            or way.generation != generation_of(gateway)):
        goal = mapped(target)
        way = routed_way(gateway, ways, &goal)
        if way == NULL:
            return False
    if gateway.mss and is_syn(frame, <uint8_t>(second >> 8), 34):
        return False
    if fold(<uint64_t><uint32_t>first + (first >> 32) + <uint32_t>second + (second >> 32) + target) != 0xFFFF:
        return False
    if length < IPV4_HEADER or length > frame.length - ETHERNET_HEADER or length > way.mtu or <uint8_t>second <= 1:
        return False
    if pair != latest[0]:
        source = mapped(<uint32_t>(second >> 32))
        if not source_known(gateway, &source, frame.input):
            return False
        latest[0] = pair
    memcpy(octets, way.macs, 12)
    checksum = <uint16_t>(second >> 16)
    length = checksum + 1u
    checksum = <uint16_t>(length + (length >= 0xFFFF))
    octets[22] = <uint8_t>second - 1
    memcpy(octets + 24, &checksum, 2)
    emit(<Edge*>&way.edge, frame)
    return True

cdef inline bint short_ipv6(Gateway* gateway, Way* ways, Frame* frame) noexcept nogil:
    """The same for IPv6 without extension headers."""
    cdef uint8_t* octets = frame.data
    cdef Address source, target
    cdef uint32_t length = load16(octets + 18) + IPV6_HEADER
    cdef const Way* way
    memcpy(&source, octets + 22, 16)
    memcpy(&target, octets + 38, 16)
    if octets[20] < 64 and SHORTCUT_EXTENSIONS >> octets[20] & 1:
        return False
    if gateway.mss and is_syn(frame, octets[20], 54):
        return False
    # In an IPv6 packet the form of IPv4 is nobody's: ip_read says so.
    if is_mapped(&target) or is_mapped(&source):
        return False
    way = &ways[place_of(gateway, &target)]
    if not way_known(gateway, way, &target):
        way = routed_way(gateway, ways, &target)
        if way == NULL:
            return False
    if length > frame.length - ETHERNET_HEADER or length > way.mtu or octets[21] <= 1:
        return False
    if not source_known(gateway, &source, frame.input):
        return False
    memcpy(octets, way.macs, 12)
    octets[21] -= 1
    emit(<Edge*>&way.edge, frame)
    return True
