"""Copies are clones: each has a header of its own in front of octets that all share."""

from libc.stdint cimport uint32_t

from fastpath.arena cimport clone
from fastpath.bucket cimport bucket_take
from fastpath.claims cimport claims_hear
from fastpath.counters cimport FLOOD_LIMIT, NO_PEER, TURN_BUDGET, UNKNOWN_STATION
from fastpath.encap cimport encap_into
from fastpath.endpoints cimport endpoint_answer, may_ask
from fastpath.frame cimport Frame
from fastpath.graph cimport drop, emit
from fastpath.tunnels cimport Overlay, Tunnel
from fastpath.wire cimport wire_unlikely


cdef void flood(TunnelEnd* end, Tunnel* tunnel, Frame* frame) noexcept nogil:
    cdef Overlay* overlay = &end.tunnels.overlays[tunnel.overlay]
    if not frame.data[0] & 1 and not overlay.unknown:
        drop(end.gateway.head, frame, UNKNOWN_STATION)
        return
    if may_ask(frame):
        claims_hear(&end.claims, tunnel.overlay, frame, end.gateway.head.core.now)
        if not overlay.unknown and answered(end, tunnel, frame):
            return
    if not bucket_take(&overlay.rate, end.gateway.head.core.now):
        drop(end.gateway.head, frame, FLOOD_LIMIT)
        return
    if tunnel.peer.high or tunnel.peer.low:
        encap_into(end, tunnel, frame)
    else:
        replicate(end, overlay, frame)


cdef bint answered(TunnelEnd* end, Tunnel* tunnel, Frame* frame) noexcept nogil:
    """It asks who has an address that a programmed station has: told here, the question goes nowhere."""
    cdef Frame* answer = endpoint_answer(&end.endpoints, &end.gateway.head.core.arena, tunnel.overlay, frame)
    if answer == NULL:
        return False
    end.counters.answered += 1
    end.gateway.head.counters.consumed += 1
    end.gateway.head.counters.originated += 1
    end.gateway.head.counters.left += 1
    emit(&tunnel.edge, answer)
    return True


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
