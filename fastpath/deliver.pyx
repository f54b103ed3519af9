"""What ends here."""

from libc.stdint cimport uint8_t, uint32_t

from fastpath.counters cimport NO_SERVICE, TRANSPORT_CHECKSUM, Reason
from fastpath.egress cimport complain, send_ours
from fastpath.frame cimport Frame
from fastpath.gateway cimport Gateway
from fastpath.graph cimport drop
from fastpath.icmp cimport NO_PORT, NO_PROTOCOL, icmp_echo, icmp_take
from fastpath.ip cimport FINE, PROTOCOL_ICMP, PROTOCOL_ICMPV6, WHOLE, Packet, ip_read, ip_transport
from fastpath.layout cimport PROTOCOL_TCP, PROTOCOL_UDP
from fastpath.learn cimport nd_receive
from fastpath.nd cimport NEIGHBOR_ADVERTISEMENT, NEIGHBOR_SOLICITATION
from fastpath.reassembly cimport reassembly_add
from fastpath.transport cimport transport_good, transport_reset

cdef enum:
    PROTOCOL_IGMP = 2
    ECHO_REQUEST_IPV4 = 8
    ECHO_REQUEST_IPV6 = 128
    PROTOCOL_FIELD_IPV6 = 6       # where an IPv6 header says what follows


cdef void deliver(Gateway* gateway, Packet* packet) noexcept nogil:
    cdef Packet whole
    cdef Frame* frame
    cdef uint32_t largest = 0
    cdef int reason
    if packet.fragment != WHOLE:
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
    reason = icmp_echo(&gateway.interfaces[packet.interface].icmp, packet, NULL)
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
