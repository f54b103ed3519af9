"""The long way first, then the short cut.

In a burst all targets are read first and the lines of their ways fetched; then the packets are gone through in order.
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy

from fastpath.address cimport LINK_LOCAL, MULTICAST, ORDINARY, Kind, kind_of
from fastpath.arp cimport TYPE_ARP, arp_read
from fastpath.counters cimport (
    GROUP_FRAME, MARTIAN_SOURCE, MARTIAN_TARGET, NO_ROUTE, NOT_IP, RUNT, SPOOFED_SOURCE, TOO_BIG, TRANSPORT_HEADER, TTL_EXCEEDED,
    Reason,
)
from fastpath.deliver cimport deliver
from fastpath.egress cimport complain, link_size, send_ours, send_sized
from fastpath.ethernet cimport MAC_WORD, store48
from fastpath.frame cimport ETHERNET_HEADER, Frame
from fastpath.gateway cimport Gateway, Interface, Source, Way, generation_of, place_of, place_of_ipv4
from fastpath.graph cimport Edge, drop, emit
from fastpath.icmp cimport BIG, LIFETIME, NO_HOST, NO_WAY
from fastpath.ip cimport (
    FINE, IPV4_HEADER, IPV6_HEADER, PROTOCOL_ICMPV6, WHOLE, Address, Packet, ip_read, ip_transport, is_mapped, mapped, same,
)
from fastpath.nd cimport NEIGHBOR_ADVERTISEMENT, NEIGHBOR_SOLICITATION
from fastpath.neighbor cimport STALE, Neighbor
from fastpath.resolve cimport arp_receive, nd_receive, resolve
from fastpath.routes cimport BROADCAST, GATEWAY, LOCAL, Route, routes_find, routes_prefetch
from fastpath.wire cimport fold, load16, wire_likely, wire_prefetch, wire_swap16

cdef enum:
    PREFETCH_FROM = 4         # below so many frames the second pass follows too soon for a prefetch to help
    PLAIN_IPV4 = 0x450008     # type and version, header length, as they lie in memory
    PLAIN_IPV6 = 0x60DD86

# Extension headers that ip_read has to look at, as bits: 0, 43, 44, 51, 60.
cdef uint64_t EXTENSIONS = <uint64_t>1 | <uint64_t>1 << 43 | <uint64_t>1 << 44 | <uint64_t>1 << 51 | <uint64_t>1 << 60
# IPv6 addresses of which a first octet of 0, FE or FF says that they may not be ordinary go the long way.


# -- the long way ---------------------------------------------------------------------------------------------------------


cdef void ignore(Gateway* gateway) noexcept nogil:
    gateway.counters.ignored += 1
    gateway.head.counters.consumed += 1


cdef void receive(Gateway* gateway, Frame* frame) noexcept nogil:
    """A frame as it came in; it may be anything."""
    cdef Interface* interface = &gateway.interfaces[frame.input]
    cdef Packet packet
    cdef uint64_t word
    cdef uint16_t kind
    cdef int reason
    if frame.head < ETHERNET_HEADER:
        drop(gateway.head, frame, RUNT)
        return
    memcpy(&word, frame.data, 8)
    kind = load16(frame.data + 12)
    packet.interface = frame.input
    if not interface.used or (word ^ interface.mac_word) & MAC_WORD and not frame.data[0] & 1:
        ignore(gateway)
    elif kind == TYPE_ARP:
        arp_receive(gateway, frame.input, frame)
    elif kind != 0x0800 and kind != 0x86DD:
        if frame.data[0] & 1:
            ignore(gateway)
        else:
            drop(gateway.head, frame, NOT_IP)
    else:
        reason = ip_read(&packet, frame)
        if reason != FINE:
            drop(gateway.head, frame, <Reason>reason)
        elif frame.data[0] & 1:
            receive_group(gateway, &packet)
        else:
            forward(gateway, &packet)


cdef void receive_group(Gateway* gateway, Packet* packet) noexcept nogil:
    """In a frame for many: neighbor discovery is for us, an IP packet for one is an error of its sender (RFC 1812, 5.3.4)."""
    cdef const Route* route
    cdef uint8_t kind
    if kind_of(&packet.target) == ORDINARY or kind_of(&packet.target) == LINK_LOCAL:
        route = routes_find(&gateway.routes, &packet.target)
        if route == NULL or route.kind != BROADCAST:
            drop(gateway.head, packet.frame, GROUP_FRAME)
            return
    elif packet.protocol == PROTOCOL_ICMPV6 and packet.version == 6 and packet.fragment == WHOLE:
        if ip_transport(packet) != FINE:
            drop(gateway.head, packet.frame, TRANSPORT_HEADER)
            return
        kind = packet.frame.data[packet.transport]
        if kind == NEIGHBOR_SOLICITATION or kind == NEIGHBOR_ADVERTISEMENT:
            nd_receive(gateway, packet.interface, packet)
            return
    ignore(gateway)


cdef int source_refused(Gateway* gateway, const Packet* packet, Kind kind) noexcept nogil:
    """FINE, or why nobody may send from that source here (RFC 1812, 5.3.7 and 5.3.8). What is fine is remembered."""
    cdef Source* source = &gateway.sources[place_of(gateway, &packet.source)]
    cdef const Interface* interface = &gateway.interfaces[packet.interface]
    cdef const Route* route
    if same(&source.source, &packet.source) and source.interface == packet.interface and source.generation == generation_of(gateway):
        return FINE
    if kind == LINK_LOCAL and packet.version == 6:
        # Good for talking to us; who wants to be forwarded is refused later.
        return FINE
    if kind != ORDINARY:
        return MARTIAN_SOURCE
    route = routes_find(&gateway.routes, &packet.source)
    if route != NULL and (route.kind == LOCAL or route.kind == BROADCAST):
        return MARTIAN_SOURCE
    if interface.reverse_path and (route == NULL or route.interface != packet.interface):
        return SPOOFED_SOURCE
    source.source = packet.source
    source.interface = packet.interface
    source.generation = generation_of(gateway)
    return FINE


cdef void forward(Gateway* gateway, Packet* packet) noexcept nogil:
    """An IP packet in a frame for us."""
    cdef Kind source = kind_of(&packet.source)
    cdef Kind target = kind_of(&packet.target)
    cdef const Route* route = NULL
    cdef int reason = source_refused(gateway, packet, source)
    if reason != FINE:
        drop(gateway.head, packet.frame, <Reason>reason)
        return
    if target == ORDINARY:
        route = routes_find(&gateway.routes, &packet.target)
        if route != NULL and route.kind == LOCAL:
            deliver(gateway, packet)
            return
    elif target == LINK_LOCAL and same(&packet.target, &gateway.interfaces[packet.interface].link_local):
        deliver(gateway, packet)
        return
    if target != ORDINARY or (route != NULL and route.kind == BROADCAST):
        drop(gateway.head, packet.frame, MARTIAN_TARGET)
    elif source == LINK_LOCAL:
        drop(gateway.head, packet.frame, MARTIAN_SOURCE)
    elif packet.ttl <= 1:
        complain(gateway, packet, LIFETIME, 0)
        drop(gateway.head, packet.frame, TTL_EXCEEDED)
    elif route == NULL:
        complain(gateway, packet, NO_WAY, 0)
        drop(gateway.head, packet.frame, NO_ROUTE)
    else:
        pass_on(gateway, packet, route)


cdef void pass_on(Gateway* gateway, Packet* packet, const Route* route) noexcept nogil:
    """The packet goes that way, if it fits, as soon as the next hop is known."""
    cdef uint16_t egress = route.interface
    cdef uint32_t mtu = gateway.interfaces[egress].mtu
    cdef uint8_t* header = packet.frame.data + ETHERNET_HEADER
    cdef const Neighbor* neighbor
    # Don't Fragment (RFC 791, 3.1); in IPv6 only sources fragment.
    if link_size(packet.frame, packet.length) > mtu and (packet.version == 6 or header[6] & 0x40):
        complain(gateway, packet, BIG, mtu)
        drop(gateway.head, packet.frame, TOO_BIG)
        return
    neighbor = resolve(gateway, egress, &route.gateway if route.kind == GATEWAY else &packet.target, packet.frame, packet.interface, False)
    if neighbor == NULL:
        return
    if neighbor.state != STALE or not gateway.interfaces[egress].arp:
        keep_way(gateway, &packet.target, egress, neighbor)
    lower_ttl(header, packet.version)
    gateway.counters.forwarded += 1
    send_sized(gateway, egress, neighbor, packet.frame, packet.length, mtu)


cdef inline void lower_ttl(uint8_t* header, uint8_t version) noexcept nogil:
    """RFC 1812, 5.3.1; the checksum as RFC 1624 has it, for one less in the high octet: it was right, so it never is 0xFFFF after."""
    cdef uint16_t checksum
    cdef uint32_t total
    if version == 6:
        header[7] -= 1
        return
    header[8] -= 1
    memcpy(&checksum, header + 10, 2)
    total = checksum + 1u
    checksum = <uint16_t>(total + (total >= 0xFFFF))
    memcpy(header + 10, &checksum, 2)


cdef void keep_way(Gateway* gateway, const Address* target, uint16_t egress, const Neighbor* neighbor) noexcept nogil:
    cdef Way* way = &gateway.ways[place_of(gateway, target)]
    cdef Interface* interface = &gateway.interfaces[egress]
    way.target = target[0]
    way.edge = interface.edge
    store48(way.macs, neighbor.mac)
    store48(way.macs + 6, interface.mac)
    way.mtu = interface.mtu
    way.interface = egress
    way.generation = generation_of(gateway)


cdef void forward_resume(void* gateway, Frame* frame, uint16_t interface, bint ours) noexcept nogil:
    if ours:
        send_ours(<Gateway*>gateway, frame, interface)
    else:
        frame.input = interface
        receive(<Gateway*>gateway, frame)


cdef void forward_unreachable(void* gateway, Frame* frame, uint16_t interface, bint ours) noexcept nogil:
    cdef Packet packet
    if not ours and ip_read(&packet, frame) == FINE:
        packet.interface = interface
        complain(<Gateway*>gateway, &packet, NO_HOST, 0)


# -- the short cut --------------------------------------------------------------------------------------------------------


cdef inline bint short_ipv4(Gateway* gateway, const Interface* interface, Frame* frame, uint64_t* latest) noexcept nogil:
    """Forward a plain IPv4 packet whose way is known; False: nothing was done. `latest`: source and target of the one before, if it came
    by the same interface and went this way."""
    cdef uint8_t* octets = frame.data
    cdef uint64_t first, second, pair
    cdef uint32_t target
    cdef uint32_t length
    cdef uint16_t checksum
    cdef const Way* way
    memcpy(&first, octets + 14, 8)
    memcpy(&second, octets + 22, 8)
    memcpy(&target, octets + 30, 4)
    pair = second >> 32 | <uint64_t>target << 32
    length = wire_swap16(<uint16_t>(first >> 16))
    way = &gateway.ways[place_of_ipv4(gateway, target)]
    if fold(<uint64_t><uint32_t>first + (first >> 32) + <uint32_t>second + (second >> 32) + target) != 0xFFFF:
        return False
    if length < IPV4_HEADER or length > frame.length - ETHERNET_HEADER or length > way.mtu or <uint8_t>second <= 1:
        return False
    if way.target.low != (<uint64_t>target << 32 | 0xFFFF0000u) or way.target.high or way.generation != generation_of(gateway):
        return False
    if pair != latest[0]:
        if not source_known(gateway, mapped(<uint32_t>(second >> 32)), frame.input):
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


cdef inline bint source_known(const Gateway* gateway, Address address, uint32_t interface) noexcept nogil:
    cdef const Source* source = &gateway.sources[place_of(gateway, &address)]
    return same(&source.source, &address) and source.interface == interface and source.generation == generation_of(gateway)


cdef inline bint short_ipv6(Gateway* gateway, const Interface* interface, Frame* frame) noexcept nogil:
    """The same for IPv6 without extension headers."""
    cdef uint8_t* octets = frame.data
    cdef Address source, target
    cdef uint32_t length = load16(octets + 18) + IPV6_HEADER
    cdef const Way* way
    memcpy(&source, octets + 22, 16)
    memcpy(&target, octets + 38, 16)
    if octets[20] < 64 and EXTENSIONS >> octets[20] & 1:
        return False
    way = &gateway.ways[place_of(gateway, &target)]
    if length > frame.length - ETHERNET_HEADER or length > way.mtu or octets[21] <= 1:
        return False
    # In an IPv6 packet the form of IPv4 is nobody's: ip_read says so.
    if not same(&way.target, &target) or way.generation != generation_of(gateway) or is_mapped(&target) or is_mapped(&source):
        return False
    if not source_known(gateway, source, frame.input):
        return False
    memcpy(octets, way.macs, 12)
    octets[21] -= 1
    emit(<Edge*>&way.edge, frame)
    return True


cdef inline void fetch(const Gateway* gateway, const Frame* frame) noexcept nogil:
    """Have the way of the frame's target fetched, and what a look-up would read if it has none."""
    cdef Address target, source
    cdef uint32_t word
    if load16(frame.data + 12) == 0x86DD:
        memcpy(&target, frame.data + 38, 16)
        memcpy(&source, frame.data + 22, 16)
    else:
        memcpy(&word, frame.data + 30, 4)
        target = mapped(word)
        memcpy(&word, frame.data + 26, 4)
        source = mapped(word)
    wire_prefetch(&gateway.ways[place_of(gateway, &target)])
    wire_prefetch(&gateway.sources[place_of(gateway, &source)])
    routes_prefetch(&gateway.routes, &target)


cdef void forward_burst(Gateway* gateway, Frame** burst, uint32_t n) noexcept nogil:
    cdef uint64_t latest = 0
    cdef uint64_t word, pair
    cdef uint64_t before = 0
    cdef uint32_t i, kind
    cdef uint32_t passed = 0
    cdef uint32_t came_by = 0xFFFFFFFF
    cdef const Interface* interface = NULL
    cdef Frame* frame
    cdef bint done
    if n >= PREFETCH_FROM:
        for i in range(n):
            memcpy(&pair, burst[i].data + 26, 8)
            if pair != before:
                before = pair
                fetch(gateway, burst[i])
    for i in range(n):
        frame = burst[i]
        if frame.input != came_by:
            came_by = frame.input
            interface = &gateway.interfaces[came_by]
            latest = 0
        memcpy(&word, frame.data, 8)
        memcpy(&kind, frame.data + 12, 4)
        done = False
        if wire_likely((word ^ interface.mac_word) & MAC_WORD == 0 and frame.head >= ETHERNET_HEADER + IPV4_HEADER):
            if kind & 0xFFFFFF == PLAIN_IPV4:
                done = short_ipv4(gateway, interface, frame, &latest)
            elif kind & 0xF0FFFF == PLAIN_IPV6 and frame.head >= ETHERNET_HEADER + IPV6_HEADER:
                done = short_ipv6(gateway, interface, frame)
        if wire_likely(done):
            passed += 1
        else:
            # It may change what is known of sources.
            latest = 0
            receive(gateway, frame)
    gateway.counters.forwarded += passed
    gateway.head.counters.left += passed
