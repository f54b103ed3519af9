"""Reads RFC 792, 3/4, and RFC 4443, 3.2."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t
from libc.string cimport memcpy

from fastpath.frame cimport ETHERNET_HEADER
from fastpath.ip cimport IPV4_HEADER, IPV6_HEADER, PROTOCOL_ICMP, PROTOCOL_ICMPV6, WHOLE, Address, mapped
from fastpath.layout cimport PROTOCOL_UDP
from fastpath.resolve cimport is_ours
from fastpath.tunnels cimport NO_TUNNEL, Overlay, tunnels_find
from fastpath.wire cimport load16, load32

cdef enum:
    ICMP_HEADER = 8
    LEAST = 128                   # no path is narrower than what a Vtep may have as its own MTU
    IN_FRONT = 16                 # UDP and VXLAN

cdef int64_t AGE = 600 * <int64_t>1000000000    # ns (RFC 1191, 6.3; Linux: mtu_expires)


cdef Address address_at(const uint8_t* octets, bint ipv4) noexcept nogil:
    cdef Address address
    cdef uint32_t short
    if ipv4:
        memcpy(&short, octets, 4)
        return mapped(short)
    memcpy(&address, octets, 16)
    return address


cdef void narrow(TunnelEnd* end, const Address* peer, uint32_t mtu, uint32_t header) noexcept nogil:
    cdef Overlay* overlay
    cdef Tunnel* tunnel
    cdef uint32_t number, longest = max(mtu, <uint32_t>LEAST) - header - IN_FRONT
    cdef uint16_t each
    for number in range(end.tunnels.n_overlays):
        overlay = &end.tunnels.overlays[number]
        if not overlay.used:
            continue
        each = tunnels_find(&end.tunnels, overlay.vni, peer)
        if each == NO_TUNNEL:
            continue
        tunnel = &end.tunnels.tunnels[each]
        tunnel.longest = min(longest, overlay.inner_mtu + ETHERNET_HEADER)
        tunnel.narrow_until = end.gateway.head.core.now + AGE
        end.counters.narrowed += 1


cdef bint path_hear(TunnelEnd* end, const Packet* packet) noexcept nogil:
    cdef bint ipv4 = packet.version == 4
    cdef uint32_t header = IPV4_HEADER if ipv4 else IPV6_HEADER
    cdef const uint8_t* icmp = packet.frame.data + packet.transport
    cdef const uint8_t* quoted = icmp + ICMP_HEADER
    cdef Address source, target
    if not end.any_hop or packet.fragment != WHOLE or packet.protocol != (PROTOCOL_ICMP if ipv4 else PROTOCOL_ICMPV6):
        return False
    if packet.transport + ICMP_HEADER + header + 4 > packet.frame.head:
        return False
    if load16(icmp) != (0x0304 if ipv4 else 0x0200):
        return False
    if quoted[0] != 0x45 if ipv4 else quoted[0] >> 4 != 6:
        return False
    source = address_at(quoted + (12 if ipv4 else 8), ipv4)
    target = address_at(quoted + (16 if ipv4 else 24), ipv4)
    if quoted[9 if ipv4 else 6] != PROTOCOL_UDP or load16(quoted + header + 2) != end.tunnels.port or not is_ours(
            &end.gateway.interfaces[0], &source):
        return False
    narrow(end, &target, load16(icmp + 6) if ipv4 else load32(icmp + 4), header)
    end.gateway.head.counters.consumed += 1
    return True


cdef bint path_forgotten(TunnelEnd* end, Tunnel* tunnel) noexcept nogil:
    if tunnel.narrow_until == 0 or end.gateway.head.core.now < tunnel.narrow_until:
        return False
    tunnel.narrow_until = 0
    tunnel.longest = end.tunnels.overlays[tunnel.overlay].inner_mtu + ETHERNET_HEADER
    return True
