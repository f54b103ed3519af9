"""Offload facts against octets: see facts.pxd. Nothing here writes but to the descriptor, and, when guessing, the checksum field."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t
from libc.string cimport memcpy

from fastpath.frame cimport (
    ETHERNET_HEADER, GSO_ECN, GSO_NONE, GSO_TCPV4, GSO_TCPV6, GSO_TUNNEL_V4, GSO_TUNNEL_V6, GSO_UDP_L4, NEEDS_CSUM, OUTER_CSUM, Frame,
)
from fastpath.layout cimport HEADERS_MAX, PROTOCOL_TCP, PROTOCOL_UDP, Layout, layout_pseudo, layout_read, layout_read_ip
from fastpath.port cimport TAKES_CSUM, TAKES_TSO4, TAKES_TSO6, TAKES_TUNNEL, TAKES_TUNNEL_CSUM, TAKES_USO4, TAKES_USO6
from fastpath.sample cimport Sample
from fastpath.wire cimport load16

cdef enum:
    VXLAN_HEADER = 8
    TUNNEL = GSO_TUNNEL_V4 | GSO_TUNNEL_V6


cdef bint read_facts(const Frame* frame, const uint8_t* octets, uint32_t n, Layout* outer, Layout* inner) noexcept nogil:
    cdef uint8_t kind = frame.gso_type & ~(GSO_ECN | TUNNEL)
    cdef uint32_t start
    if frame.gso_size == 0 or not frame.flags & NEEDS_CSUM:
        return False
    outer.network = 0
    if frame.gso_type & TUNNEL:
        if not layout_read(outer, octets, n) or outer.protocol != PROTOCOL_UDP or outer.fragment:
            return False
        if frame.gso_type & TUNNEL != (GSO_TUNNEL_V4 if outer.version == 4 else GSO_TUNNEL_V6):
            return False
        if frame.outer_transport != outer.transport or frame.inner_network < outer.payload:
            return False
        if not layout_read_ip(inner, octets, n, frame.inner_network):
            return False
    elif not layout_read(inner, octets, n):
        return False
    if kind == GSO_TCPV4 or kind == GSO_TCPV6:
        if inner.protocol != PROTOCOL_TCP or inner.version != (4 if kind == GSO_TCPV4 else 6):
            return False
    elif kind != GSO_UDP_L4 or inner.protocol != PROTOCOL_UDP or frame.gso_type & GSO_ECN:
        return False
    if inner.fragment or frame.csum_start != inner.transport or frame.csum_offset != checksum_at(inner.protocol):
        return False
    # The length fields of the largest segment must be able to say its length.
    start = outer.network if outer.network else inner.network
    return min(inner.payload + frame.gso_size, frame.length) - start <= 0xFFFF


cdef bint checksum_fits(const Frame* frame) noexcept nogil:
    cdef uint32_t end = <uint32_t>frame.csum_start + frame.csum_offset + 2
    return frame.csum_start >= ETHERNET_HEADER and end <= frame.length and end <= HEADERS_MAX


cdef bint offload_check(Frame* frame) noexcept nogil:
    cdef Layout outer, inner
    if not frame.gso_type:
        return not frame.flags & NEEDS_CSUM or checksum_fits(frame)
    if not read_facts(frame, frame.data, min(frame.head, HEADERS_MAX), &outer, &inner):
        return False
    frame.header = <uint16_t>inner.payload
    if frame.length - inner.payload <= frame.gso_size and not frame.flags & OUTER_CSUM:
        frame.gso_type = GSO_NONE
    return True


cdef bint offload_taken(const Frame* frame, uint32_t takes) noexcept nogil:
    cdef uint8_t kind = frame.gso_type & ~(GSO_ECN | TUNNEL)
    cdef uint32_t wanted = TAKES_CSUM if frame.flags & NEEDS_CSUM else 0
    if frame.gso_type & TUNNEL:
        wanted |= TAKES_TUNNEL_CSUM if frame.flags & OUTER_CSUM else TAKES_TUNNEL
    if kind == GSO_TCPV4:
        wanted |= TAKES_TSO4
    elif kind == GSO_TCPV6:
        wanted |= TAKES_TSO6
    elif kind == GSO_UDP_L4:
        wanted |= TAKES_USO4 | TAKES_USO6
    elif kind != GSO_NONE:
        return False
    return takes & wanted == wanted


cdef void offload_guess(Frame* frame, uint32_t mtu, bint complete, bint segment) noexcept nogil:
    cdef Layout layout
    cdef uint8_t* field
    cdef uint16_t found, pseudo
    cdef uint32_t length = frame.length
    cdef uint32_t said
    if not layout_read(&layout, frame.data, min(frame.head, HEADERS_MAX)) or layout.fragment or layout.routed:
        return
    if layout.version == 4:
        said = load16(frame.data + layout.network + 2)
    else:
        said = load16(frame.data + layout.network + 4) + 40
    # Padding behind the packet means that a wire was passed, and checksums with it. Length 0: left to the card.
    if said != length - layout.network and not (layout.version == 4 and said == 0):
        return
    field = frame.data + layout.transport + checksum_at(layout.protocol)
    pseudo = layout_pseudo(&layout, frame.data, length - layout.transport)
    memcpy(&found, field, 2)
    if segment and length - layout.network > mtu and mtu > layout.payload - layout.network:
        memcpy(field, &pseudo, 2)
        frame.header = <uint16_t>layout.payload
        frame.gso_size = <uint16_t>(mtu - (layout.payload - layout.network))
        frame.gso_type = GSO_UDP_L4
        if layout.protocol == PROTOCOL_TCP:
            frame.gso_type = GSO_TCPV4 if layout.version == 4 else GSO_TCPV6
    elif not complete or found != pseudo:
        return
    frame.flags |= NEEDS_CSUM
    frame.csum_start = <uint16_t>layout.transport
    frame.csum_offset = <uint16_t>checksum_at(layout.protocol)


cdef bint offload_tunnel(Frame* frame) noexcept nogil:
    cdef Layout outer, inner
    cdef uint32_t n = min(frame.head, <uint32_t>HEADERS_MAX)
    cdef uint32_t start
    if frame.gso_type == GSO_NONE or frame.gso_type & TUNNEL:
        return False
    if not layout_read(&outer, frame.data, n) or outer.protocol != PROTOCOL_UDP or outer.fragment:
        return False
    start = outer.payload + VXLAN_HEADER
    if start >= n or not layout_read(&inner, frame.data + start, n - start):
        return False
    frame.gso_type |= GSO_TUNNEL_V4 if outer.version == 4 else GSO_TUNNEL_V6
    frame.outer_transport = <uint16_t>outer.transport
    frame.inner_network = <uint16_t>(start + inner.network)
    if load16(frame.data + outer.transport + 6) != 0:
        frame.flags |= OUTER_CSUM
    return offload_check(frame)


def tunnel_facts(const uint8_t[::1] octets not None, *, int gso_type, int gso_size, int csum_start,
                 int csum_offset) -> dict[str, int] | None:
    """What `offload_tunnel` makes of such a frame of at least one octet: its facts by name, or None (used for testing)."""
    cdef Sample sample = Sample(octets)
    cdef Frame* frame = &sample.frame
    frame.flags = NEEDS_CSUM
    frame.gso_type, frame.gso_size = <uint8_t>gso_type, <uint16_t>gso_size
    frame.csum_start, frame.csum_offset = <uint16_t>csum_start, <uint16_t>csum_offset
    return {
        "outer_csum": frame.flags & OUTER_CSUM != 0, "gso_type": frame.gso_type, "header": frame.header,
        "outer_transport": frame.outer_transport, "inner_network": frame.inner_network,
    } if offload_tunnel(frame) else None
