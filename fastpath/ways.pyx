"""Sources judged, ways kept, packets passed on."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t

from fastpath.address cimport LINK_LOCAL, ORDINARY, Kind
from fastpath.counters cimport MARTIAN_SOURCE, SPOOFED_SOURCE, TOO_BIG, UNTRANSLATABLE
from fastpath.egress cimport OWN_ID, complain, link_size, send_sized
from fastpath.ethernet cimport store48
from fastpath.flows cimport flows_translate, flows_way
from fastpath.fragment cimport KEEP_ID
from fastpath.frame cimport ETHERNET_HEADER
from fastpath.gateway cimport CLAMP, HOP_WAYS, SOURCE_BITS, WAY_BITS, Gateway, Interface, Source, Way, generation_of, place_of, routes_of
from fastpath.graph cimport drop
from fastpath.hops cimport Hop
from fastpath.icmp cimport BIG
from fastpath.ip cimport ERROR, FINE, NO_FLOW, WHOLE, Address, Packet, ip_transport
from fastpath.layout cimport PROTOCOL_TCP
from fastpath.mss cimport mss_clamp, mss_of
from fastpath.neighbor cimport STALE, Neighbor
from fastpath.resolve cimport resolve
from fastpath.routes cimport BROADCAST, GATEWAY, LOCAL, Route, routes_hop


cdef int source_refused(Gateway* gateway, const Packet* packet, Kind kind) noexcept nogil:
    cdef Source* source = &gateway.sources[place_of(gateway, &packet.source) >> (WAY_BITS - SOURCE_BITS)]
    cdef const Interface* interface = &gateway.interfaces[packet.interface]
    cdef const Hop* hop
    if source_known(gateway, &packet.source, packet.interface):
        return FINE
    if kind == LINK_LOCAL and packet.version == 6:
        # Good for talking to us; who wants to be forwarded is refused later.
        return FINE
    if kind != ORDINARY:
        return MARTIAN_SOURCE
    hop = routes_hop(routes_of(gateway, packet.interface), &packet.source)
    if hop != NULL and (hop.kind == LOCAL or hop.kind == BROADCAST):
        return MARTIAN_SOURCE
    if interface.reverse_path and (hop == NULL or hop.interface != packet.interface):
        return SPOOFED_SOURCE
    source.source = packet.source
    source.interface = packet.interface
    source.generation = generation_of(gateway)
    return FINE


cdef bint fits(Gateway* gateway, Packet* packet, uint32_t mtu) noexcept nogil:
    cdef const uint8_t* header = packet.frame.data + ETHERNET_HEADER
    # What we put together goes on in pieces no larger than those it came in; only those have to fit.
    cdef uint32_t size = gateway.largest if gateway.largest else link_size(packet.frame, packet.length)
    # Don't Fragment (RFC 791, 3.1); in IPv6 only sources fragment.
    if size > mtu and (packet.version == 6 or header[6] & 0x40):
        complain(gateway, packet, BIG, mtu)
        drop(gateway.head, packet.frame, TOO_BIG)
        return False
    return True


cdef inline uint32_t mss_between(const Gateway* gateway, const Packet* packet, uint16_t egress) noexcept nogil:
    if gateway.mss != CLAMP:
        return gateway.mss
    return mss_of(packet.version, min(gateway.interfaces[packet.interface].mtu, gateway.interfaces[egress].mtu))


cdef void pass_on(Gateway* gateway, Packet* packet, const Route* route, const Address* goal, bint usual) noexcept nogil:
    cdef uint16_t egress = route.interface
    cdef uint32_t mtu = gateway.interfaces[egress].mtu
    cdef const Neighbor* neighbor
    if not fits(gateway, packet, mtu):
        return
    if gateway.largest:
        mtu = min(mtu, gateway.largest)
    neighbor = resolve(gateway, egress, &route.gateway if route.kind == GATEWAY else goal, packet.frame, packet.interface, False)
    if neighbor == NULL:
        return
    if usual and (neighbor.state != STALE or not gateway.interfaces[egress].arp):
        keep_way(gateway, packet, goal, egress, neighbor)
        if route.kind == GATEWAY and route.hop < HOP_WAYS and gateway.interfaces[packet.interface].routes == NULL:
            fill_way(gateway, &gateway.hop_ways[route.hop], &route.gateway, egress, neighbor)
    if packet.flow != NO_FLOW and not flows_translate(gateway.flows, packet):
        drop(gateway.head, packet.frame, UNTRANSLATABLE)
        return
    if gateway.mss and packet.protocol == PROTOCOL_TCP and packet.fragment == WHOLE and ip_transport(packet) == FINE:
        mss_clamp(packet, mss_between(gateway, packet, egress))
    lower_ttl(packet.frame.data + ETHERNET_HEADER, packet.version)
    gateway.counters.forwarded += 1
    # Behind one address two hosts' identifications could meet (RFC 6864, 5.3.1).
    send_sized(gateway, egress, neighbor, packet.frame, packet.length, mtu, KEEP_ID if packet.flow == NO_FLOW else OWN_ID)


cdef void keep_way(Gateway* gateway, const Packet* packet, const Address* target, uint16_t egress, const Neighbor* neighbor) noexcept nogil:
    cdef uint32_t place = place_of(gateway, target)
    fill_way(gateway, &gateway.interfaces[packet.interface].ways[place], target, egress, neighbor)
    if packet.flow != NO_FLOW and packet.kind != ERROR:
        flows_way(gateway.flows, packet)[0] = <uint16_t>(place + 1)


cdef void fill_way(Gateway* gateway, Way* way, const Address* target, uint16_t egress, const Neighbor* neighbor) noexcept nogil:
    cdef Interface* interface = &gateway.interfaces[egress]
    way.target = target[0]
    way.edge = interface.edge
    store48(way.macs, neighbor.mac)
    store48(way.macs + 6, interface.mac)
    way.mtu = interface.mtu
    way.interface = egress
    way.generation = generation_of(gateway)
