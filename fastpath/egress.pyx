"""Fragments and our own packets."""

from libc.stdint cimport int64_t, uint16_t, uint32_t

from fastpath.address cimport LINK_LOCAL, kind_of
from fastpath.counters cimport IP_HEADER, NO_ROUTE, TURN_BUDGET, Reason
from fastpath.fragment cimport KEEP_ID, Fragmenter, fragmenter_begin, fragmenter_next
from fastpath.frame cimport ETHERNET_HEADER, Frame
from fastpath.gateway cimport Gateway, routes_of
from fastpath.graph cimport drop
from fastpath.icmp cimport Trouble, icmp_error
from fastpath.identification cimport identification_next
from fastpath.ip cimport FINE, Address, Packet, ip_read, is_mapped
from fastpath.neighbor cimport Neighbor
from fastpath.offload cimport WILL_DO, Segmenter, segmenter_begin, segmenter_next
from fastpath.resolve cimport our_address, resolve, send
from fastpath.routes cimport GATEWAY, LINK, Route, routes_find


cdef void send_sized(Gateway* gateway, uint16_t egress, const Neighbor* neighbor, Frame* frame, uint32_t length, uint32_t mtu,
                     int64_t identification) noexcept nogil:
    cdef Segmenter segmenter
    cdef Frame* segment
    cdef int reason
    if link_size(frame, length) <= mtu:
        send(gateway, egress, neighbor, frame)
        return
    if not frame.gso_type:
        send_fragments(gateway, egress, neighbor, frame, mtu, identification, True)
        return
    reason = segmenter_begin(&segmenter, frame)
    if reason != WILL_DO:
        drop(gateway.head, frame, <Reason>reason)
        return
    gateway.head.counters.cloned += segmenter.count - 1
    segment = segmenter_next(&segmenter)
    while segment != NULL:
        send_fragments(gateway, egress, neighbor, segment, mtu, identification, False)
        segment = segmenter_next(&segmenter)


cdef void send_fragments(Gateway* gateway, uint16_t egress, const Neighbor* neighbor, Frame* frame, uint32_t mtu, int64_t identification,
                         bint lasting) noexcept nogil:
    """`lasting`: the frame stays as it is for the turn; a segment does not."""
    cdef Fragmenter fragmenter
    cdef Packet packet
    cdef Frame* fragment
    cdef int reason
    if identification == OWN_ID or frame.data[ETHERNET_HEADER] >> 4 == 6:
        # As the packet leaves, translated: it is outside that two must not meet (RFC 6864, 5.3.1).
        if ip_read(&packet, frame) != FINE:
            drop(gateway.head, frame, IP_HEADER)
            return
        identification = identification_next(&gateway.identifications, &packet.source, &packet.target, packet.protocol)
    reason = fragmenter_begin(&fragmenter, frame, ETHERNET_HEADER, mtu, identification)
    if reason != WILL_DO:
        drop(gateway.head, frame, <Reason>reason)
        return
    fragmenter.lasting = lasting
    gateway.head.counters.cloned += fragmenter.count - 1
    fragment = fragmenter_next(&fragmenter, &gateway.head.core.arena)
    while fragment != NULL:
        send(gateway, egress, neighbor, fragment)
        fragment = fragmenter_next(&fragmenter, &gateway.head.core.arena)
    for _ in range(fragmenter.count):
        drop(gateway.head, frame, TURN_BUDGET)


cdef void send_ours(Gateway* gateway, Frame* frame, uint16_t interface) noexcept nogil:
    cdef Packet packet
    cdef const Route* route
    cdef const Neighbor* neighbor
    cdef const Address* hop
    cdef uint16_t egress = interface
    cdef int reason = ip_read(&packet, frame)
    if reason != FINE:
        drop(gateway.head, frame, <Reason>reason)
        return
    hop = &packet.target
    if is_mapped(hop) or kind_of(hop) != LINK_LOCAL:
        route = routes_find(routes_of(gateway, interface), hop)
        if route == NULL or (route.kind != LINK and route.kind != GATEWAY):
            drop(gateway.head, frame, NO_ROUTE)
            return
        egress = route.interface
        if route.kind == GATEWAY:
            hop = &route.gateway
    neighbor = resolve(gateway, egress, hop, frame, egress, True)
    if neighbor != NULL:
        send_sized(gateway, egress, neighbor, frame, packet.length, gateway.interfaces[egress].mtu, KEEP_ID)


cdef void complain(Gateway* gateway, const Packet* packet, Trouble trouble, uint32_t parameter) noexcept nogil:
    cdef const Address* ours = our_address(&gateway.interfaces[packet.interface], &packet.source)
    cdef Frame* frame
    if ours == NULL:
        return
    frame = icmp_error(&gateway.interfaces[packet.interface].icmp, &gateway.head.core.arena, packet, trouble, parameter, ours,
                       gateway.head.core.now)
    if frame == NULL:
        return
    gateway.head.counters.originated += 1
    send_ours(gateway, frame, packet.interface)
