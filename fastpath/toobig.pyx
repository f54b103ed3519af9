"""An error for whoever sends what does not fit."""

from fastpath.frame cimport ETHERNET_HEADER
from fastpath.graph cimport emit
from fastpath.icmp cimport BIG, icmp_error
from fastpath.ip cimport FINE, Packet, ip_read


cdef void tell_too_big(TunnelEnd* end, Tunnel* tunnel, Frame* frame) noexcept nogil:
    cdef Packet packet
    cdef Frame* error
    if ip_read(&packet, frame) != FINE:
        return
    error = icmp_error(&end.icmp, &end.gateway.head.core.arena, &packet, BIG, tunnel.longest - ETHERNET_HEADER,
                       &packet.target, end.gateway.head.core.now)
    if error == NULL:
        return
    end.counters.told += 1
    end.gateway.head.counters.originated += 1
    end.gateway.head.counters.left += 1
    emit(&tunnel.edge, error)
