"""Frames from the underlay by the long way, and frames to it whose next hop has to be found."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy

from fastpath.address cimport LINK_LOCAL, MULTICAST, ORDINARY, Kind, kind_of
from fastpath.arena cimport HEAD
from fastpath.arp cimport TYPE_ARP
from fastpath.counters cimport (
    MARTIAN_SOURCE, MARTIAN_TARGET, NOT_IP, NOT_OURS, NO_ROUTE, OUTER_FRAGMENT, RUNT, Reason,
)
from fastpath.decap cimport decap_packet
from fastpath.deliver cimport deliver
from fastpath.egress cimport send_ours
from fastpath.ethernet cimport MAC_WORD, group_mac
from fastpath.frame cimport CSUM_VALID, ETHERNET_HEADER, GSO_TUNNEL_V4, GSO_TUNNEL_V6, GSO_UDP_L4, Frame
from fastpath.gateway cimport Gateway, Interface, generation_of
from fastpath.graph cimport drop, emit
from fastpath.igmp cimport memberships_hear
from fastpath.igmpreport cimport REPORT_MAX
from fastpath.igmpsay cimport memberships_next
from fastpath.ip cimport FINE, PROTOCOL_ICMPV6, WHOLE, Address, Packet, ip_read, ip_transport, is_mapped, unmapped
from fastpath.layout cimport PROTOCOL_UDP
from fastpath.learn cimport arp_receive, nd_receive
from fastpath.nd cimport NEIGHBOR_ADVERTISEMENT, NEIGHBOR_SOLICITATION
from fastpath.neighbor cimport Neighbor
from fastpath.pathmtu cimport path_hear
from fastpath.pieces cimport Pieces, pieces_begin, pieces_next
from fastpath.resolve cimport blank, is_ours, originate, resolve
from fastpath.routes cimport BROADCAST, GATEWAY, LINK, Route, routes_find
from fastpath.tunnels cimport FLOODS
from fastpath.vxlan cimport OTHER_PORT, PUSHED_IPV6, Tunneled, vxlan_macs, vxlan_read
from fastpath.wire cimport load16, wire_swap32


# -- in ---------------------------------------------------------------------------------------------------------------------


cdef void ignore(Gateway* gateway) noexcept nogil:
    gateway.counters.ignored += 1
    gateway.head.counters.consumed += 1


cdef void underlay_receive(TunnelEnd* end, Frame* frame) noexcept nogil:
    cdef Gateway* gateway = &end.gateway
    cdef Pieces pieces
    cdef Frame* piece
    cdef Packet packet
    cdef uint64_t word
    cdef uint16_t kind
    cdef int reason
    if frame.head < ETHERNET_HEADER:
        drop(gateway.head, frame, RUNT)
        return
    if frame.gso_type & ~(GSO_TUNNEL_V4 | GSO_TUNNEL_V6) == GSO_UDP_L4 and not frame.gso_type & (GSO_TUNNEL_V4 | GSO_TUNNEL_V6):
        # Tunnel packets that their sender's kernel left in one: each is read on its own.
        if pieces_begin(&pieces, gateway.head, frame, HEAD + PUSHED_IPV6):
            piece = pieces_next(&pieces)
            while piece != NULL:
                piece.flags |= CSUM_VALID
                end.counters.bytes_copied += piece.head
                underlay_receive(end, piece)
                piece = pieces_next(&pieces)
        return
    memcpy(&word, frame.data, 8)
    kind = load16(frame.data + 12)
    packet.interface = 0
    if (word ^ gateway.interfaces[0].mac_word) & MAC_WORD and not frame.data[0] & 1 and not end.any_hop:
        ignore(gateway)
    elif kind == TYPE_ARP:
        arp_receive(gateway, 0, frame)
    elif kind != 0x0800 and kind != 0x86DD:
        if frame.data[0] & 1:
            ignore(gateway)
        else:
            drop(gateway.head, frame, NOT_IP)
    else:
        reason = ip_read(&packet, frame)
        if reason != FINE:
            drop(gateway.head, frame, <Reason>reason)
        else:
            receive_packet(end, &packet)


cdef bint is_discovery(const Packet* packet) noexcept nogil:
    """A neighbor solicitation or advertisement."""
    cdef uint8_t kind
    if packet.version != 6 or packet.protocol != PROTOCOL_ICMPV6 or packet.fragment != WHOLE or ip_transport(<Packet*>packet) != FINE:
        return False
    kind = packet.frame.data[packet.transport]
    return kind == NEIGHBOR_SOLICITATION or kind == NEIGHBOR_ADVERTISEMENT


cdef void receive_packet(TunnelEnd* end, Packet* packet) noexcept nogil:
    cdef Gateway* gateway = &end.gateway
    cdef Kind source = kind_of(&packet.source)
    cdef Tunneled tunneled
    cdef bint ours = is_ours(&gateway.interfaces[0], &packet.target)
    cdef bint group = kind_of(&packet.target) == MULTICAST
    cdef const Route* route
    cdef int reason
    if not ours and not group:
        if packet.frame.data[0] & 1:
            ignore(gateway)
        else:
            drop(gateway.head, packet.frame, NOT_OURS)
        return
    if group and memberships_hear(&end.groups, packet.frame, gateway.head.core.now):
        gateway.head.counters.consumed += 1
        return
    if is_discovery(packet):
        nd_receive(gateway, 0, packet)
        return
    route = routes_find(&gateway.routes, &packet.source)
    if (source != ORDINARY and (source != LINK_LOCAL or packet.version == 4)) or is_ours(&gateway.interfaces[0], &packet.source) or (
            route != NULL and route.kind == BROADCAST):
        drop(gateway.head, packet.frame, MARTIAN_SOURCE)
        return
    if packet.fragment != WHOLE and packet.protocol == PROTOCOL_UDP:
        drop(gateway.head, packet.frame, OUTER_FRAGMENT)
        return
    reason = vxlan_read(&tunneled, packet, end.tunnels.port, end.strict)
    if reason == FINE:
        decap_packet(end, packet, &tunneled)
    elif reason != OTHER_PORT:
        drop(gateway.head, packet.frame, <Reason>reason)
    elif group:
        ignore(gateway)
    elif not path_hear(end, packet):
        deliver(gateway, packet)


# -- out --------------------------------------------------------------------------------------------------------------------


cdef uint64_t group_mac_of(const Address* group) noexcept nogil:
    """Of IPv4: 01:00:5e and the last 23 bits (RFC 1112, 6.4)."""
    if is_mapped(group):
        return <uint64_t>0x01005E000000 | (wire_swap32(unmapped(group)) & 0x7FFFFF)
    return group_mac(group)


cdef void underlay_send(TunnelEnd* end, Tunnel* tunnel, Frame* frame) noexcept nogil:
    cdef Gateway* gateway = &end.gateway
    cdef Interface* interface = &gateway.interfaces[0]
    cdef const Route* route
    cdef const Neighbor* neighbor
    cdef uint64_t mac = 0
    if tunnel.kind == FLOODS:
        mac = group_mac_of(&tunnel.peer)
    elif not end.any_hop:
        route = routes_find(&gateway.routes, &tunnel.peer)
        if route == NULL:
            drop(gateway.head, frame, NO_ROUTE)
            return
        if route.kind != LINK and route.kind != GATEWAY:
            drop(gateway.head, frame, MARTIAN_TARGET)
            return
        neighbor = resolve(gateway, 0, &route.gateway if route.kind == GATEWAY else &tunnel.peer, frame, 0, True)
        if neighbor == NULL:
            return
        mac = neighbor.mac
    vxlan_macs(&tunnel.outer, mac, interface.mac)
    memcpy(frame.data, <const uint8_t*>&tunnel.outer.words[9] - tunnel.outer.size, 12)
    # A change that follows, as when the neighbor's confirmation ages, changes the generation.
    tunnel.generation = generation_of(gateway)
    gateway.head.counters.left += 1
    emit(&interface.edge, frame)


cdef void underlay_say(TunnelEnd* end, int64_t now) noexcept nogil:
    cdef Frame* frame
    cdef uint32_t n
    while True:
        frame = blank(&end.gateway, REPORT_MAX)
        if frame == NULL:
            return
        n = memberships_next(&end.groups, now, frame.data)
        if n == 0:
            return
        frame.head = frame.length = n
        originate(&end.gateway, &end.gateway.interfaces[0], frame)


cdef void underlay_resume(void* gateway, Frame* frame, uint16_t interface, bint ours) noexcept nogil:
    """All that waits here is ours: tunnel packets and answers."""
    send_ours(<Gateway*>gateway, frame, interface)


cdef void underlay_unreachable(void* gateway, Frame* frame, uint16_t interface, bint ours) noexcept nogil:
    pass
