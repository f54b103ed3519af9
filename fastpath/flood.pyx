"""Copies are clones: each has a header of its own in front of octets that all share."""

from libc.stdint cimport uint32_t

from fastpath.arena cimport clone
from fastpath.counters cimport FLOOD_LIMIT, NO_PEER, TURN_BUDGET, UNKNOWN_STATION
from fastpath.encap cimport encap_into
from fastpath.frame cimport Frame
from fastpath.graph cimport drop
from fastpath.icmp cimport icmp_take
from fastpath.ip cimport Address
from fastpath.tunnels cimport Overlay, Tunnel
from fastpath.wire cimport wire_unlikely


cdef void flood(TunnelEnd* end, Tunnel* tunnel, Frame* frame) noexcept nogil:
    cdef Overlay* overlay = &end.tunnels.overlays[tunnel.overlay]
    if not frame.data[0] & 1 and not overlay.unknown:
        drop(end.gateway.head, frame, UNKNOWN_STATION)
        return
    if overlay.rate.interval and not icmp_take(&overlay.rate, end.gateway.head.core.now):
        drop(end.gateway.head, frame, FLOOD_LIMIT)
        return
    if tunnel.peer.high or tunnel.peer.low:
        encap_into(end, tunnel, frame)
    else:
        replicate(end, overlay, frame)


cdef void replicate(TunnelEnd* end, const Overlay* overlay, Frame* frame) noexcept nogil:
    cdef Frame* copy
    cdef uint32_t at
    if overlay.n_flooded == 0:
        drop(end.gateway.head, frame, NO_PEER)
        return
    for at in range(overlay.n_flooded - 1):
        end.gateway.head.counters.cloned += 1
        copy = clone(&end.gateway.head.core.arena, frame)
        if wire_unlikely(copy == NULL):
            # Counted as a clone that was dropped at once; the frame itself still goes to the last.
            drop(end.gateway.head, frame, TURN_BUDGET)
            continue
        end.counters.replicated += 1
        end.counters.bytes_copied += copy.head
        encap_into(end, &end.tunnels.tunnels[overlay.flooded[at]], copy)
    encap_into(end, &end.tunnels.tunnels[overlay.flooded[overlay.n_flooded - 1]], frame)
