"""The long way first, then the short cut.

In a burst all targets are read first and the lines of their ways fetched; then the packets are gone through in order.
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy

from fastpath.address cimport LINK_LOCAL, ORDINARY, Kind, kind_of
from fastpath.arp cimport TYPE_ARP
from fastpath.counters cimport (
    GROUP_FRAME, HEADER_CHAIN, MARTIAN_SOURCE, MARTIAN_TARGET, NO_ROUTE, NOT_IP, RUNT, TRANSPORT_HEADER, TTL_EXCEEDED, Reason,
)
from fastpath.deliver cimport deliver, refuse_chain
from fastpath.egress cimport complain, send_ours
from fastpath.ethernet cimport MAC_WORD
from fastpath.flows cimport flows_hash, flows_prefetch
from fastpath.frame cimport ETHERNET_HEADER, Frame
from fastpath.gateway cimport SOURCE_BITS, WAY_BITS, Gateway, Interface, Way, generation_of, place_of, routes_of
from fastpath.graph cimport drop
from fastpath.icmp cimport LIFETIME, NO_HOST, NO_WAY
from fastpath.ip cimport (
    FINE, IPV4_HEADER, IPV6_HEADER, PROTOCOL_ICMPV6, WHOLE, Address, Packet, ip_read, ip_transport, is_mapped, mapped,
    same,
)
from fastpath.learn cimport arp_receive, nd_receive
from fastpath.nd cimport NEIGHBOR_ADVERTISEMENT, NEIGHBOR_SOLICITATION
from fastpath.routes cimport BROADCAST, LARGE, LOCAL, Route, Routes, routes_find, routes_prefetch, routes_prefetch_route
from fastpath.shortcut cimport PLAIN_IPV4, PLAIN_IPV6, short_ipv4, short_ipv6
from fastpath.track cimport track, track_whole
from fastpath.ways cimport pass_on, source_refused
from fastpath.wire cimport load16, wire_likely, wire_prefetch

cdef enum:
    PREFETCH_FROM = 4         # below so many frames the second pass follows too soon for a prefetch to help
    TRACKED = 32              # packets read ahead: they stay in the first-level cache
    NOWHERE = 0xFFFFFFFF      # no interface


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
        if reason == HEADER_CHAIN:
            refuse_chain(gateway, &packet)
        elif reason != FINE:
            drop(gateway.head, frame, <Reason>reason)
        elif frame.data[0] & 1:
            receive_group(gateway, &packet)
        elif gateway.flows != NULL:
            track(gateway, &packet)
        else:
            forward(gateway, &packet)


cdef void receive_group(Gateway* gateway, Packet* packet) noexcept nogil:
    """In a frame for many: neighbor discovery is for us, an IP packet for one is an error of its sender (RFC 1812, 5.3.4)."""
    cdef const Route* route
    cdef uint8_t kind
    if kind_of(&packet.target) == ORDINARY or kind_of(&packet.target) == LINK_LOCAL:
        route = routes_find(routes_of(gateway, packet.interface), &packet.target)
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
        route = routes_find(routes_of(gateway, packet.interface), &packet.target)
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
        pass_on(gateway, packet, route, &packet.target, True)


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


cdef inline Address target_of(const Frame* frame) noexcept nogil:
    """Where the frame's packet goes, if it is one; else anything."""
    cdef Address target
    cdef uint32_t word
    if load16(frame.data + 12) == 0x86DD:
        memcpy(&target, frame.data + 38, 16)
        return target
    memcpy(&word, frame.data + 30, 4)
    return mapped(word)


cdef inline void fetch(const Gateway* gateway, const Way* ways, const Routes* routes, const Frame* frame) noexcept nogil:
    """Have what is kept for the frame's target and source fetched, and what a look-up would read if there is nothing."""
    cdef Address target = target_of(frame)
    cdef Address source
    cdef uint32_t word
    if is_mapped(&target):
        memcpy(&word, frame.data + 26, 4)
        source = mapped(word)
    else:
        memcpy(&source, frame.data + 22, 16)
    if not routes.is_dense or not is_mapped(&target):
        wire_prefetch(&ways[place_of(gateway, &target)])
    wire_prefetch(&gateway.sources[place_of(gateway, &source) >> (WAY_BITS - SOURCE_BITS)])
    routes_prefetch(routes, &target)


cdef void fetch_routes(const Gateway* gateway, Frame** burst, uint32_t n) noexcept nogil:
    """A second time, in a large table: the routes of those targets for which nothing is kept."""
    cdef const Way* ways = NULL
    cdef const Way* way
    cdef const Routes* routes = NULL
    cdef Address target
    cdef uint32_t i
    cdef uint32_t came_by = NOWHERE
    for i in range(n):
        if burst[i].input != came_by:
            came_by = burst[i].input
            ways = gateway.interfaces[came_by].ways
            routes = routes_of(gateway, came_by)
        target = target_of(burst[i])
        if routes.is_dense and is_mapped(&target):
            continue
        way = &ways[place_of(gateway, &target)]
        if not same(&way.target, &target) or way.generation != generation_of(gateway):
            routes_prefetch_route(routes, &target)


cdef inline bint read_ahead(Gateway* gateway, Packet* packet, Frame* frame) noexcept nogil:
    """A whole IP packet for us, read; anything else is left to `receive`."""
    cdef const Interface* interface = &gateway.interfaces[frame.input]
    cdef uint64_t word
    memcpy(&word, frame.data, 8)
    if frame.head < ETHERNET_HEADER or (word ^ interface.mac_word) & MAC_WORD or not interface.used:
        return False
    packet.interface = frame.input
    return ip_read(packet, frame) == FINE and packet.fragment == WHOLE and ip_transport(packet) == FINE


cdef void forward_tracked(Gateway* gateway, Frame** burst, uint32_t n) noexcept nogil:
    """With flows: some packets are read ahead, so that the lines of their flows come while others are worked on."""
    cdef Packet[TRACKED] packets
    cdef bint[TRACKED] read
    cdef uint32_t first = 0
    cdef uint32_t some, i
    while first < n:
        some = min(n - first, <uint32_t>TRACKED)
        for i in range(some):
            read[i] = read_ahead(gateway, &packets[i], burst[first + i])
            if read[i]:
                flows_hash(gateway.flows, &packets[i])
        if some >= PREFETCH_FROM:
            for i in range(some):
                if read[i]:
                    flows_prefetch(gateway.flows, &packets[i])
        for i in range(some):
            if wire_likely(read[i]):
                track_whole(gateway, &packets[i])
            else:
                receive(gateway, burst[first + i])
        first += some


cdef inline void forward_some(Gateway* gateway, Frame** burst, uint32_t n) noexcept nogil:
    cdef uint64_t latest = 0
    cdef uint64_t word, pair
    cdef uint64_t before = 0
    cdef uint32_t i, kind
    cdef uint32_t passed = 0
    cdef uint32_t came_by = NOWHERE
    cdef const Interface* interface = NULL
    cdef Way* ways = gateway.ways
    cdef const Routes* routes = &gateway.routes
    cdef bint tables = gateway.n_tables != 0
    cdef Frame* frame
    cdef bint done
    if n >= PREFETCH_FROM:
        for i in range(n):
            memcpy(&pair, burst[i].data + 26, 8)
            if pair != before:
                before = pair
                if tables and burst[i].input != came_by:
                    came_by = burst[i].input
                    ways = gateway.interfaces[came_by].ways
                    routes = routes_of(gateway, came_by)
                fetch(gateway, ways, routes, burst[i])
        if gateway.routes.count >= LARGE:
            fetch_routes(gateway, burst, n)
        came_by = NOWHERE
    for i in range(n):
        frame = burst[i]
        if frame.input != came_by:
            came_by = frame.input
            interface = &gateway.interfaces[came_by]
            ways = interface.ways
            latest = 0
        memcpy(&word, frame.data, 8)
        memcpy(&kind, frame.data + 12, 4)
        done = False
        if wire_likely((word ^ interface.mac_word) & MAC_WORD == 0 and frame.head >= ETHERNET_HEADER + IPV4_HEADER):
            if kind & 0xFFFFFF == PLAIN_IPV4:
                done = short_ipv4(gateway, ways, frame, &latest)
            elif kind & 0xF0FFFF == PLAIN_IPV6 and frame.head >= ETHERNET_HEADER + IPV6_HEADER:
                done = short_ipv6(gateway, ways, frame)
        if wire_likely(done):
            passed += 1
        else:
            # It may change what is known of sources.
            latest = 0
            receive(gateway, frame)
    gateway.counters.forwarded += passed
    gateway.head.counters.left += passed


cdef void forward_burst(Gateway* gateway, Frame** burst, uint32_t n) noexcept nogil:
    cdef uint32_t some
    if gateway.routes.count < LARGE:
        forward_some(gateway, burst, n)
        return
    # Several lines of a large table for each packet: those of a whole burst would drive one another out.
    while n:
        some = min(n, <uint32_t>TRACKED)
        forward_some(gateway, burst, some)
        burst += some
        n -= some
