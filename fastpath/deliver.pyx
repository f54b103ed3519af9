"""What ends here."""

from libc.stdint cimport uint8_t, uint32_t

from fastpath.address cimport kind_of
from fastpath.counters cimport HEADER_CHAIN, NO_SERVICE, TRANSPORT_CHECKSUM, Reason
from fastpath.egress cimport complain, send_ours
from fastpath.frame cimport Frame
from fastpath.gateway cimport Gateway, routes_of
from fastpath.graph cimport drop
from fastpath.icmp cimport CUT_CHAIN, NO_PORT, NO_PROTOCOL, icmp_echo, icmp_take
from fastpath.ip cimport FINE, PROTOCOL_ICMP, PROTOCOL_ICMPV6, WHOLE, Address, Packet, ip_chain_whole, ip_read, ip_transport
from fastpath.layout cimport PROTOCOL_TCP, PROTOCOL_UDP
from fastpath.learn cimport nd_receive
from fastpath.nd cimport NEIGHBOR_ADVERTISEMENT, NEIGHBOR_SOLICITATION
from fastpath.reassembly cimport reassembly_add
from fastpath.resolve cimport is_anycast, our_address
from fastpath.routes cimport Route, routes_find
from fastpath.transport cimport transport_good, transport_reset
from fastpath.ways cimport source_refused

cdef enum:
    PROTOCOL_IGMP = 2
    ECHO_REQUEST_IPV4 = 8
    ECHO_REQUEST_IPV6 = 128
    PROTOCOL_FIELD_IPV6 = 6       # where an IPv6 header says what follows


cdef void refuse_chain(Gateway* gateway, Packet* packet) noexcept nogil:
    if (packet.frame.data[0] & 1 == 0 and not from_outside(gateway, packet)
            and source_refused(gateway, packet, kind_of(&packet.source)) == FINE):
        complain(gateway, packet, CUT_CHAIN, 0)
    drop(gateway.head, packet.frame, HEADER_CHAIN)


cdef void deliver(Gateway* gateway, Packet* packet) noexcept nogil:
    cdef Packet whole
    cdef Frame* frame
    cdef uint32_t largest = 0
    cdef int reason
    if not ip_chain_whole(packet):
        refuse_chain(gateway, packet)
    elif packet.fragment != WHOLE:
        frame = reassembly_add(&gateway.reassembly, gateway.head, packet, gateway.head.core.now, &largest)
        if frame == NULL:
            return
        reason = ip_read(&whole, frame)
        if reason != FINE:
            drop(gateway.head, frame, <Reason>reason)
            return
        whole.interface = packet.interface
        gateway.largest = largest
        serve(gateway, &whole)
        gateway.largest = 0
    else:
        serve(gateway, packet)


cdef void serve(Gateway* gateway, Packet* packet) noexcept nogil:
    cdef int reason = ip_transport(packet)
    if reason != FINE:
        drop(gateway.head, packet.frame, <Reason>reason)
        return
    gateway.counters.delivered += 1
    if packet.protocol == (PROTOCOL_ICMP if packet.version == 4 else PROTOCOL_ICMPV6):
        serve_icmp(gateway, packet)
        return
    if packet.protocol == PROTOCOL_IGMP and packet.version == 4:
        gateway.head.counters.consumed += 1
        return
    if not transport_good(packet):
        drop(gateway.head, packet.frame, TRANSPORT_CHECKSUM)
        return
    if from_outside(gateway, packet):
        # Whoever knocks there learns nothing (RFC 5382, REQ-4).
        pass
    elif packet.protocol == PROTOCOL_TCP:
        if unicast_source(gateway, packet) == NULL:
            reset(gateway, packet)
    elif packet.protocol == PROTOCOL_UDP:
        complain(gateway, packet, NO_PORT, 0)
    else:
        complain(gateway, packet, NO_PROTOCOL, PROTOCOL_FIELD_IPV6)
    drop(gateway.head, packet.frame, NO_SERVICE)


cdef inline bint from_outside(const Gateway* gateway, const Packet* packet) noexcept nogil:
    """It came by an uplink, as rules have it."""
    return (gateway.rules != NULL and packet.interface < gateway.rules.n_interfaces
            and gateway.rules.interfaces[packet.interface].uplink)


cdef const Address* unicast_source(const Gateway* gateway, const Packet* packet) noexcept nogil:
    """The address of ours to answer from where that of a subnet's routers was asked (RFC 4291, 2.6.1), as Linux does; else NULL: that
    one itself."""
    cdef const Route* route
    if packet.version == 4:
        return NULL
    route = routes_find(routes_of(gateway, packet.interface), &packet.target)
    if route == NULL or not is_anycast(&gateway.interfaces[route.interface], &packet.target):
        return NULL
    return our_address(&gateway.interfaces[packet.interface], &packet.source)


cdef void serve_icmp(Gateway* gateway, Packet* packet) noexcept nogil:
    cdef uint8_t kind = packet.frame.data[packet.transport]
    cdef int reason
    if packet.version == 6 and (kind == NEIGHBOR_SOLICITATION or kind == NEIGHBOR_ADVERTISEMENT):
        nd_receive(gateway, packet.interface, packet)
        return
    if not transport_good(packet):
        drop(gateway.head, packet.frame, TRANSPORT_CHECKSUM)
        return
    if kind != (ECHO_REQUEST_IPV4 if packet.version == 4 else ECHO_REQUEST_IPV6):
        gateway.head.counters.consumed += 1
        return
    reason = icmp_echo(&gateway.interfaces[packet.interface].icmp, packet, unicast_source(gateway, packet))
    if reason != FINE:
        drop(gateway.head, packet.frame, <Reason>reason)
        return
    send_ours(gateway, packet.frame, packet.interface)


cdef void reset(Gateway* gateway, const Packet* packet) noexcept nogil:
    cdef Frame* frame
    if not icmp_take(&gateway.interfaces[packet.interface].icmp, gateway.head.core.now):
        return
    frame = transport_reset(&gateway.head.core.arena, packet)
    if frame == NULL:
        return
    gateway.head.counters.originated += 1
    send_ours(gateway, frame, packet.interface)
