"""Unicast goes straight through; what a bridge floods takes the way round by flood.pyx."""

from libc.stdint cimport uint8_t, uint32_t

from fastpath.arena cimport HEAD, HEADROOM, LARGE, SMALL, take
from fastpath.claims cimport claims_hear
from fastpath.counters cimport INNER_VLAN, NO_PEER, RUNT, TOO_BIG, TURN_BUDGET, Reason
from fastpath.endpoints cimport may_ask
from fastpath.flood cimport flood
from fastpath.frame cimport GSO_TUNNEL_V4, GSO_TUNNEL_V6, MAX_FRAME, MIN_FRAME, SHARED, Frame
from fastpath.gateway cimport generation_of
from fastpath.graph cimport drop, emit
from fastpath.ip cimport FINE, Packet, ip_read, ip_transport
from fastpath.mss cimport mss_clamp, mss_may_say
from fastpath.offload cimport WILL_DO, offload_split
from fastpath.pathmtu cimport path_forgotten
from fastpath.pieces cimport Pieces, pieces_begin, pieces_next
from fastpath.toobig cimport tell_too_big
from fastpath.transport cimport transport_copy
from fastpath.tunnels cimport FLOODS, FREE, SPARE, Overlay, Tunnel, handed_now
from fastpath.underlay cimport underlay_send
from fastpath.vxlan cimport PUSHED_IPV6, Inner, vxlan_inner, vxlan_plain, vxlan_port_of, vxlan_push, vxlan_strip, vxlan_tagged
from fastpath.wire cimport wire_likely, wire_unlikely

cdef enum:
    ROOM = 72                 # octets in front of a frame that a push may write
    LONGEST = MAX_FRAME - PUSHED_IPV6    # octets of an inner frame for which the outer one is none too long, of either family


cdef inline void push_and_send(TunnelEnd* end, Tunnel* tunnel, Frame* frame) noexcept nogil:
    cdef Inner inner
    vxlan_inner(&inner, frame.data, frame.head, end.secret0, end.secret1)
    tunnel.out_frames += 1
    tunnel.out_octets += frame.length
    end.counters.encapsulated += 1
    vxlan_push(&tunnel.outer, frame, &inner, vxlan_port_of(inner.flow))
    if wire_unlikely(tunnel.generation != generation_of(&end.gateway)):
        underlay_send(end, tunnel, frame)
        return
    end.gateway.head.counters.left += 1
    emit(&end.gateway.interfaces[0].edge, frame)


cdef void encap_into(TunnelEnd* end, Tunnel* tunnel, Frame* frame) noexcept nogil:
    cdef Frame* copy
    if frame.room < ROOM:
        # It has been in tunnels already.
        copy = moved(end, frame)
        if copy == NULL:
            drop(end.gateway.head, frame, TURN_BUDGET)
            return
        frame = copy
    push_and_send(end, tunnel, frame)


cdef Frame* moved(TunnelEnd* end, const Frame* frame) noexcept nogil:
    """The same frame in another slot, with all of its headroom, in one part."""
    cdef Frame* copy = NULL
    cdef uint8_t* data
    if frame.length <= SMALL:
        copy = take(&end.gateway.head.core.arena.small, HEADROOM)
    elif frame.length <= LARGE:
        copy = take(&end.gateway.head.core.arena.large, HEADROOM)
    if copy == NULL:
        return NULL
    data = copy.data
    copy[0] = frame[0]
    copy.data = data
    copy.room = HEADROOM
    copy.head = frame.length
    copy.tail = NULL
    copy.flags &= ~SHARED
    transport_copy(data, frame, 0, frame.length)
    end.counters.bytes_copied += frame.length
    return copy


cdef inline void go(TunnelEnd* end, Tunnel* tunnel, Frame* frame) noexcept nogil:
    if tunnel.kind == FLOODS:
        flood(end, tunnel, frame)
    else:
        encap_into(end, tunnel, frame)


cdef void split(TunnelEnd* end, Tunnel* tunnel, Frame* frame) noexcept nogil:
    """A super-frame whose outer packet would be longer than an IP packet can be goes as several."""
    cdef Frame* rest
    cdef int reason = WILL_DO
    end.counters.segmented += 1
    while frame != NULL:
        rest = offload_split(&end.gateway.head.core.arena, frame, LONGEST, &reason)
        if reason != WILL_DO:
            drop(end.gateway.head, frame, <Reason>reason)
            return
        if rest != NULL:
            end.gateway.head.counters.cloned += 1
            end.counters.bytes_copied += rest.head
        go(end, tunnel, frame)
        frame = rest


cdef void in_pieces(TunnelEnd* end, Tunnel* tunnel, Frame* frame) noexcept nogil:
    """A super-frame that is in a tunnel already, which no header can say twice: each segment goes alone."""
    cdef Pieces pieces
    cdef Frame* piece
    if not pieces_begin(&pieces, end.gateway.head, frame, HEAD):
        return
    end.counters.segmented += 1
    piece = pieces_next(&pieces)
    while piece != NULL:
        end.counters.bytes_copied += piece.head
        go(end, tunnel, piece)
        piece = pieces_next(&pieces)


cdef bint fits(const Tunnel* tunnel, const Frame* frame) noexcept nogil:
    """The frame, or each segment of a super-frame, is within the underlay's MTU, or the path's."""
    cdef uint32_t length = frame.length
    if frame.gso_type:
        length = min(length, <uint32_t>frame.header + frame.gso_size)
    return length <= tunnel.longest


cdef void long_way(TunnelEnd* end, Tunnel* tunnel, Frame* frame) noexcept nogil:
    cdef Overlay* overlay = &end.tunnels.overlays[tunnel.overlay]
    cdef Packet packet
    if frame.head < MIN_FRAME:
        drop(end.gateway.head, frame, RUNT)
        return
    if handed_now(tunnel, overlay, end.gateway.head.core.turns + 1) or tunnel.kind == SPARE or tunnel.kind == FREE:
        # Its peer was given up for another in this very turn.
        drop(end.gateway.head, frame, NO_PEER)
        return
    if vxlan_tagged(frame.data) and not overlay.keep_vlan:
        if not vxlan_strip(frame):
            drop(end.gateway.head, frame, INNER_VLAN)
            return
        end.counters.stripped += 1
    if not fits(tunnel, frame) and not (path_forgotten(end, tunnel) and fits(tunnel, frame)):
        if overlay.too_big:
            tell_too_big(end, tunnel, frame)
        drop(end.gateway.head, frame, TOO_BIG)
        return
    if tunnel.kind != FLOODS and may_ask(frame):
        claims_hear(&end.claims, tunnel.overlay, frame, end.gateway.head.core.now)
    if overlay.mss and ip_read(&packet, frame) == FINE and ip_transport(&packet) == FINE and mss_clamp(&packet, overlay.mss):
        end.counters.clamped += 1
    if frame.gso_type & (GSO_TUNNEL_V4 | GSO_TUNNEL_V6):
        in_pieces(end, tunnel, frame)
    elif frame.length > LONGEST:
        split(end, tunnel, frame)
    else:
        go(end, tunnel, frame)


cdef void encap_burst(TunnelEnd* end, Frame** burst, uint32_t n) noexcept nogil:
    cdef Frame* frame
    cdef Tunnel* tunnel
    cdef uint32_t i
    for i in range(n):
        frame = burst[i]
        tunnel = &end.tunnels.tunnels[frame.input]
        if wire_likely(frame.length <= tunnel.longest and frame.head >= MIN_FRAME and frame.room >= ROOM and not frame.gso_type
                       and tunnel.direct and vxlan_plain(frame.data, frame.head)
                       and not (tunnel.clamps and mss_may_say(frame.data, frame.head))):
            push_and_send(end, tunnel, frame)
        else:
            long_way(end, tunnel, frame)
