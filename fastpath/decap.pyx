"""The short way first. The tunnel of the packet before is tried before the table: two words say whether it is the same."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy

from fastpath.claims cimport claims_hear
from fastpath.counters cimport ECN_LOST, INNER_VLAN, SOURCE_INVALID, UNKNOWN_PEER, UNKNOWN_VNI
from fastpath.endpoints cimport may_ask
from fastpath.ethernet cimport MAC_WORD
from fastpath.frame cimport CSUM_VALID, ETHERNET_HEADER, Frame
from fastpath.graph cimport drop, emit
from fastpath.ip cimport FINE, Address, Packet, ip_read, ip_transport, same
from fastpath.mss cimport mss_clamp, mss_may_say
from fastpath.table cimport table_find, table_home
from fastpath.tunnels cimport (
    NO_OVERLAY, NO_TUNNEL, Overlay, Tunnel, handed_now, heard_stamp, overlay_find, tunnels_find, tunnels_hear, tunnels_touch,
)
from fastpath.underlay cimport underlay_receive
from fastpath.vxlan cimport ECN, PUSHED_IPV4, PUSHED_IPV6, vxlan_checksum_good, vxlan_ecn, vxlan_plain, vxlan_pop, vxlan_tagged
from fastpath.wire cimport fold, load16, wire_likely, wire_swap16, wire_swap32, wire_unlikely

cdef enum:
    SHORTEST = PUSHED_IPV4 + 21   # over IPv4: an inner Ethernet header, and what is read behind it
    LEAST = 8 + 8 + 21            # octets of such a UDP datagram

cdef extern from *:
    """
    /* Of the VXLAN header as it lies in memory: the VNI; the I flag; all that is reserved. */
    #define DECAP_VNI 0x00FFFFFF00000000ull
    #define DECAP_RESERVED 0xFF000000FFFFFFF7ull
    """
    const uint64_t DECAP_VNI
    const uint64_t DECAP_RESERVED


# -- the long way's end -----------------------------------------------------------------------------------------------------


cdef void clamp(TunnelEnd* end, Frame* frame, uint32_t mss) noexcept nogil:
    cdef Packet packet
    if ip_read(&packet, frame) == FINE and ip_transport(&packet) == FINE and mss_clamp(&packet, mss):
        end.counters.clamped += 1


cdef void decap_packet(TunnelEnd* end, const Packet* packet, const Tunneled* tunneled) noexcept nogil:
    cdef Frame* frame = packet.frame
    cdef uint8_t* inner = frame.data + tunneled.pushed
    cdef uint16_t number = overlay_find(&end.tunnels, tunneled.vni)
    cdef uint32_t stamp = heard_stamp(end.gateway.head.core.now)
    cdef uint32_t length
    cdef uint64_t source
    cdef Overlay* overlay
    cdef Tunnel* tunnel
    if number == NO_OVERLAY:
        drop(end.gateway.head, frame, UNKNOWN_VNI)
        return
    overlay = &end.tunnels.overlays[number]
    if not same(&overlay.local, &packet.target) and not same(&overlay.group, &packet.target):
        drop(end.gateway.head, frame, UNKNOWN_VNI)
        return
    number = tunnels_find(&end.tunnels, tunneled.vni, &packet.source)
    if number == NO_TUNNEL and overlay.permitted_only:
        drop(end.gateway.head, frame, UNKNOWN_PEER)
        return
    memcpy(&source, inner + 4, 8)
    source >>= 16
    if source & 1 or source == 0:
        drop(end.gateway.head, frame, SOURCE_INVALID)
        return
    if vxlan_tagged(inner) and not overlay.keep_vlan:
        drop(end.gateway.head, frame, INNER_VLAN)
        return
    if not vxlan_ecn(inner, frame.head - tunneled.pushed, tunneled.service):
        drop(end.gateway.head, frame, ECN_LOST)
        return
    if number == NO_TUNNEL:
        if overlay.learn:
            number = tunnels_hear(&end.tunnels, overlay, &packet.source, end.gateway.head.core.now, end.gateway.head.core.turns + 1)
        if number == NO_TUNNEL:
            # Nothing is learned there: it enters as what came from any of them.
            end.counters.unlearned += 1
            number = overlay.floods
    tunnel = &end.tunnels.tunnels[number]
    handed_now(tunnel, overlay, end.gateway.head.core.turns + 1)
    if tunnel.heard != stamp:
        tunnels_touch(&end.tunnels, tunnel, stamp)
    # What lies behind the UDP datagram is padding.
    length = packet.transport + load16(frame.data + packet.transport + 4)
    frame.length = length
    frame.head = min(frame.head, length)
    if frame.head == length:
        frame.tail = NULL
    vxlan_pop(frame, tunneled.pushed)
    if may_ask(frame):
        claims_hear(&end.claims, tunnel.overlay, frame, end.gateway.head.core.now)
    if overlay.mss:
        clamp(end, frame, overlay.mss)
    tunnel.in_frames += 1
    tunnel.in_octets += frame.length
    end.counters.decapsulated += 1
    end.gateway.head.counters.left += 1
    emit(&tunnel.edge, frame)


# -- the short way ----------------------------------------------------------------------------------------------------------


cdef inline uint32_t vni_number(uint64_t header) noexcept nogil:
    return wire_swap32(<uint32_t>(header >> 32)) >> 8


cdef inline bint enter(TunnelEnd* end, Frame* frame, Tunnel* tunnel, uint32_t pushed, uint8_t service, uint32_t length,
                       uint32_t stamp) noexcept nogil:
    """The inner frame of a tunnel packet that ends after `length` octets into the bridge, if it is a plain one."""
    cdef uint8_t* inner = frame.data + pushed
    cdef uint64_t source
    memcpy(&source, inner + 4, 8)
    source >>= 16
    if wire_unlikely(source & 1 or source == 0 or not tunnel.direct or not vxlan_plain(inner, frame.head - pushed)
                     or (tunnel.clamps and mss_may_say(inner, frame.head - pushed))):
        return False
    if wire_unlikely(service & ECN) and not vxlan_ecn(inner, frame.head - pushed, service):
        drop(end.gateway.head, frame, ECN_LOST)
        return True
    if wire_unlikely(length != frame.length):
        frame.length = length
        if frame.head >= length:
            frame.head = length
            frame.tail = NULL
    vxlan_pop(frame, pushed)
    if wire_unlikely(tunnel.heard != stamp):
        tunnels_touch(&end.tunnels, tunnel, stamp)
    tunnel.in_frames += 1
    tunnel.in_octets += frame.length
    end.counters.decapsulated += 1
    end.gateway.head.counters.left += 1
    emit(&tunnel.edge, frame)
    return True


cdef inline bint for_us(TunnelEnd* end, const Frame* frame, uint64_t udp, uint64_t header) noexcept nogil:
    """Our MAC address, our port, the I flag, and no reserved bits if those are an error."""
    cdef uint64_t word
    memcpy(&word, frame.data, 8)
    if wire_unlikely((word ^ end.gateway.interfaces[0].mac_word) & MAC_WORD and not end.any_hop):
        return False
    if wire_unlikely(wire_swap16(<uint16_t>(udp >> 16)) != end.tunnels.port or not header & 0x08):
        return False
    return not (end.strict and header & DECAP_RESERVED)


cdef inline bint short_ipv4(TunnelEnd* end, Frame* frame, Tunnel** latest, uint32_t stamp) noexcept nogil:
    """A whole, plain tunnel packet over IPv4 of a tunnel that is known. False: nothing was done."""
    cdef uint8_t* octets = frame.data
    cdef uint64_t first, second, udp, header, addresses, key
    cdef uint32_t kind, target, length, datagram
    cdef const uint64_t* value
    cdef Tunnel* tunnel = latest[0]
    memcpy(&kind, octets + 12, 4)
    memcpy(&first, octets + 14, 8)
    memcpy(&second, octets + 22, 8)
    memcpy(&target, octets + 30, 4)
    memcpy(&udp, octets + 34, 8)
    memcpy(&header, octets + 42, 8)
    # Type and version; not fragmented; UDP.
    if wire_unlikely(kind & 0xFFFFFF != 0x450008 or first >> 48 & 0xFF3F or <uint8_t>(second >> 8) != 17):
        return False
    if wire_unlikely(not for_us(end, frame, udp, header)):
        return False
    length = wire_swap16(<uint16_t>(first >> 16))
    datagram = wire_swap16(<uint16_t>(udp >> 32))
    if wire_unlikely(length > frame.length - ETHERNET_HEADER or datagram + 20 > length or datagram < LEAST):
        return False
    if wire_unlikely(fold(<uint64_t><uint32_t>first + (first >> 32) + <uint32_t>second + (second >> 32) + target) != 0xFFFF):
        return False
    # As the header that we would send back has them: ours, the peer's.
    addresses = target | (second & <uint64_t>0xFFFFFFFF00000000)
    if addresses != tunnel.outer.words[6] or (header ^ tunnel.outer.words[8]) & DECAP_VNI:
        key = <uint64_t>1 << 62 | <uint64_t>vni_number(header) << 32 | second >> 32
        value = table_find(&end.tunnels.by_peer, key, table_home(&end.tunnels.by_peer, key))
        if value == NULL:
            return False
        tunnel = &end.tunnels.tunnels[value[0]]
        if addresses != tunnel.outer.words[6]:
            return False
        latest[0] = tunnel
    if wire_unlikely(udp >> 48 and not frame.flags) and not vxlan_checksum_good(frame, ETHERNET_HEADER, 34, 4):
        return False
    return enter(end, frame, tunnel, PUSHED_IPV4, <uint8_t>(kind >> 24), datagram + 34, stamp)


cdef inline bint short_ipv6(TunnelEnd* end, Frame* frame, Tunnel** latest, uint32_t stamp) noexcept nogil:
    """The same over IPv6, where the checksum is there as a rule."""
    cdef uint8_t* octets = frame.data
    cdef Address source, target
    cdef uint64_t udp, header, fixed
    cdef uint32_t length, datagram
    cdef uint16_t number
    cdef Tunnel* tunnel = latest[0]
    memcpy(&fixed, octets + 14, 8)
    memcpy(&source, octets + 22, 16)
    memcpy(&target, octets + 38, 16)
    memcpy(&udp, octets + 54, 8)
    memcpy(&header, octets + 62, 8)
    if wire_unlikely(fixed & 0xF0 != 0x60 or <uint8_t>(fixed >> 48) != 17 or not for_us(end, frame, udp, header)):
        return False
    length = wire_swap16(<uint16_t>(fixed >> 32))
    datagram = wire_swap16(<uint16_t>(udp >> 32))
    if wire_unlikely(length + 54 > frame.length or datagram > length or datagram < LEAST):
        return False
    if not same(&target, <const Address*>&tunnel.outer.words[3]) or not same(&source, <const Address*>&tunnel.outer.words[5]) or (
            header ^ tunnel.outer.words[8]) & DECAP_VNI:
        number = tunnels_find(&end.tunnels, vni_number(header), &source)
        if number == NO_TUNNEL:
            return False
        tunnel = &end.tunnels.tunnels[number]
        if not same(&target, <const Address*>&tunnel.outer.words[3]):
            return False
        latest[0] = tunnel
    if udp >> 48 and not frame.flags and not vxlan_checksum_good(frame, ETHERNET_HEADER, 54, 6):
        return False
    return enter(end, frame, tunnel, PUSHED_IPV6, <uint8_t>(wire_swap16(<uint16_t>fixed) >> 4), datagram + 54, stamp)


cdef inline bint short_way(TunnelEnd* end, Frame* frame, Tunnel** latest, uint32_t stamp) noexcept nogil:
    cdef uint16_t kind
    if wire_unlikely(frame.head < SHORTEST or frame.flags & ~CSUM_VALID or frame.gso_type):
        return False
    memcpy(&kind, frame.data + 12, 2)
    if wire_likely(kind == 0x0008):
        return short_ipv4(end, frame, latest, stamp)
    return kind == 0xDD86 and frame.head >= SHORTEST + 20 and short_ipv6(end, frame, latest, stamp)


cdef void decap_burst(TunnelEnd* end, Frame** burst, uint32_t n) noexcept nogil:
    cdef uint32_t stamp = heard_stamp(end.gateway.head.core.now)
    cdef uint32_t i
    # Number 0 is no tunnel: it takes no frames.
    cdef Tunnel* latest = &end.tunnels.tunnels[0]
    for i in range(n):
        if wire_unlikely(not short_way(end, burst[i], &latest, stamp)):
            underlay_receive(end, burst[i])
            # A tunnel may have been given to somebody else.
            latest = &end.tunnels.tunnels[0]
