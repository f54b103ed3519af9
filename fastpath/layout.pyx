"""Walking from header to header."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

from fastpath.wire cimport fold, load16, sum_octets, wire_swap16

cdef enum:                    # IPv6 extension headers (RFC 8200, 4; RFC 4302)
    HOP_BY_HOP = 0
    ROUTING = 43
    FRAGMENT = 44
    AUTHENTICATION = 51
    DESTINATION = 60


cdef bint layout_read(Layout* layout, const uint8_t* octets, uint32_t n) noexcept nogil:
    cdef uint32_t at = 12
    cdef uint16_t kind
    if n < 14:
        return False
    kind = load16(octets + 12)
    while kind == 0x8100 or kind == 0x88A8 or kind == 0x9100:
        at += 4
        if at + 2 > n:
            return False
        kind = load16(octets + at)
    if kind != 0x0800 and kind != 0x86DD:
        return False
    return layout_read_ip(layout, octets, n, at + 2) and layout.version == (4 if kind == 0x0800 else 6)


cdef bint layout_read_ip(Layout* layout, const uint8_t* octets, uint32_t n, uint32_t network) noexcept nogil:
    layout.network = network
    layout.fragment = False
    layout.routed = False
    if network >= n:
        return False
    layout.version = octets[network] >> 4
    if layout.version == 4:
        if not read_ipv4(layout, octets, n):
            return False
    elif layout.version != 6 or not read_ipv6(layout, octets, n):
        return False
    if layout.protocol == PROTOCOL_UDP:
        layout.payload = layout.transport + 8
    elif layout.protocol == PROTOCOL_TCP and layout.transport + 20 <= n and octets[layout.transport + 12] >> 4 >= 5:
        layout.payload = layout.transport + (octets[layout.transport + 12] >> 4) * 4
    else:
        return False
    return layout.payload <= n


cdef bint read_ipv4(Layout* layout, const uint8_t* octets, uint32_t n) noexcept nogil:
    cdef const uint8_t* header = octets + layout.network
    cdef uint32_t length = (header[0] & 15) * 4
    if length < 20 or layout.network + length > n:
        return False
    layout.protocol = header[9]
    layout.fragment = load16(header + 6) & 0x3FFF != 0
    layout.transport = layout.network + length
    return True


cdef bint read_ipv6(Layout* layout, const uint8_t* octets, uint32_t n) noexcept nogil:
    cdef uint32_t at = layout.network + 40
    cdef uint8_t following
    if at > n:
        return False
    following = octets[layout.network + 6]
    while following in (HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, DESTINATION):
        if at + 8 > n:
            return False
        if following == FRAGMENT:
            # An "atomic" fragment is a whole packet all the same (RFC 6946).
            layout.fragment = load16(octets + at + 2) & 0xFFF9 != 0
        if following == ROUTING and octets[at + 3] != 0:
            layout.routed = True
        if following == AUTHENTICATION:
            following, at = octets[at], at + (octets[at + 1] + 2) * 4
        elif following == FRAGMENT:
            following, at = octets[at], at + 8
        else:
            following, at = octets[at], at + (octets[at + 1] + 1) * 8
        if at > n:
            return False
    layout.protocol = following
    layout.transport = at
    return True


cdef uint16_t layout_pseudo(const Layout* layout, const uint8_t* octets, uint32_t length) noexcept nogil:
    cdef uint64_t total = wire_swap16(layout.protocol) + wire_swap16(<uint16_t>length) + wire_swap16(<uint16_t>(length >> 16))
    if layout.version == 4:
        return fold(sum_octets(octets + layout.network + 12, 8, total))
    return fold(sum_octets(octets + layout.network + 8, 32, total))
