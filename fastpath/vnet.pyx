"""Claims checked against octets. Nearly every small frame claims nothing, or one checksum; super-frames are walked in full."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t
from libc.string cimport memcpy, memset

from fastpath.frame cimport (
    CSUM_VALID, ETHERNET_HEADER, GSO_ECN, GSO_NONE, GSO_TCPV4, GSO_TCPV6, GSO_TUNNEL_V4, GSO_TUNNEL_V6, GSO_UDP_L4,
    NEEDS_CSUM, OUTER_CSUM, Frame,
)
from fastpath.wire cimport load16, wire_likely, wire_unlikely

cdef enum:
    TCP = 6
    UDP = 17
    EXTENSIONS = 8            # IPv6 extension headers walked at most


cdef uint32_t behind_ip(const uint8_t* octets, uint32_t length, uint32_t at, uint32_t version, uint8_t* protocol) noexcept nogil:
    """Where the transport header begins behind the IP header at `at`, and which it is; 0: no whole, unfragmented IP header."""
    cdef uint32_t header
    cdef uint32_t _
    if version == 4:
        if at + 20 > length or octets[at] >> 4 != 4:
            return 0
        header = (octets[at] & 15) * 4
        # MF and the fragment offset (RFC 791): a super-frame is a whole packet.
        if header < 20 or load16(octets + at + 6) & 0x3FFF:
            return 0
        protocol[0] = octets[at + 9]
        return at + header
    if at + 40 > length or octets[at] >> 4 != 6:
        return 0
    protocol[0] = octets[at + 6]
    at += 40
    for _ in range(EXTENSIONS):
        # Hop-by-hop options, routing, destination options (RFC 8200, section 4).
        if protocol[0] != 0 and protocol[0] != 43 and protocol[0] != 60:
            return at
        if at + 8 > length:
            return 0
        protocol[0] = octets[at]
        at += (octets[at + 1] + <uint32_t>1) * 8
    return 0


cdef uint32_t ip_version(const uint8_t* octets, uint32_t length, uint32_t* at) noexcept nogil:
    """4 or 6 by the EtherType behind up to two VLAN tags, and where the IP header begins; 0: neither."""
    cdef uint16_t kind = load16(octets + 12)
    at[0] = ETHERNET_HEADER
    while kind == 0x8100 or kind == 0x88A8:
        if at[0] > ETHERNET_HEADER + 4 or at[0] + 4 > length:
            return 0
        kind = load16(octets + at[0] + 2)
        at[0] += 4
    return 4 if kind == 0x0800 else 6 if kind == 0x86DD else 0


cdef bint read_gso(const Vnet* vnet, uint32_t size, Frame* frame) noexcept nogil:
    """A super-frame: a whole TCP or UDP packet, maybe inside a UDP tunnel, whose headers stand where the claims say."""
    cdef const uint8_t* octets = frame.data
    cdef uint8_t kind = vnet.gso_type & <uint8_t>~(GSO_ECN | GSO_TUNNEL_V4 | GSO_TUNNEL_V6)
    cdef uint8_t tunnel = vnet.gso_type & <uint8_t>(GSO_TUNNEL_V4 | GSO_TUNNEL_V6)
    cdef uint8_t protocol = 0
    cdef uint32_t at = 0
    cdef uint32_t version = ip_version(octets, frame.length, &at)
    cdef uint32_t transport
    if version == 0 or vnet.gso_size == 0 or not vnet.flags & VNET_NEEDS_CSUM:
        return False
    if tunnel:
        if size < VNET_TUNNEL or tunnel != (GSO_TUNNEL_V4 if version == 4 else GSO_TUNNEL_V6):
            return False
        transport = behind_ip(octets, frame.length, at, version, &protocol)
        if protocol != UDP or transport != vnet.outer_th_offset or transport == 0:
            return False
        at = vnet.inner_nh_offset
        if at < transport + 8 or at >= frame.length:
            return False
        version = octets[at] >> 4
        if version != 4 and version != 6:
            return False
        frame.outer_transport = vnet.outer_th_offset
        frame.inner_network = vnet.inner_nh_offset
        if vnet.flags & VNET_TUNNEL_CSUM:
            frame.flags |= OUTER_CSUM
    transport = behind_ip(octets, frame.length, at, version, &protocol)
    if transport == 0 or transport != vnet.csum_start:
        return False
    if kind == GSO_UDP_L4:
        if protocol != UDP or vnet.csum_offset != 6 or vnet.gso_type & GSO_ECN:
            return False
        transport += 8
    elif kind == (GSO_TCPV4 if version == 4 else GSO_TCPV6):
        if protocol != TCP or vnet.csum_offset != 16 or transport + 20 > frame.length or octets[transport + 12] >> 4 < 5:
            return False
        transport += (octets[transport + 12] >> 4) * 4
    else:
        return False
    if transport >= frame.length:
        return False
    frame.header = <uint16_t>transport
    frame.gso_size = vnet.gso_size
    frame.gso_type = vnet.gso_type
    return True


cdef bint vnet_read(const Vnet* vnet, uint32_t size, Frame* frame) noexcept nogil:
    if wire_likely(vnet.flags == 0 and vnet.gso_type == GSO_NONE):
        return True
    if vnet.flags & VNET_DATA_VALID:
        frame.flags |= CSUM_VALID
    if vnet.flags & VNET_NEEDS_CSUM:
        if wire_unlikely(vnet.csum_start < ETHERNET_HEADER or
                         <uint32_t>vnet.csum_start + vnet.csum_offset + 2 > frame.length):
            return False
        frame.flags |= NEEDS_CSUM
        frame.csum_start = vnet.csum_start
        frame.csum_offset = vnet.csum_offset
    return vnet.gso_type == GSO_NONE or (frame.length >= ETHERNET_HEADER and read_gso(vnet, size, frame))


cdef void vnet_write(uint8_t* to, uint32_t size, const Frame* frame) noexcept nogil:
    cdef Vnet vnet
    memset(&vnet, 0, sizeof(Vnet))
    if frame.flags & NEEDS_CSUM:
        vnet.flags = VNET_NEEDS_CSUM
        vnet.csum_start = frame.csum_start
        vnet.csum_offset = frame.csum_offset
    if frame.gso_type:
        vnet.gso_type = frame.gso_type
        vnet.gso_size = frame.gso_size
        vnet.hdr_len = frame.header
        if frame.gso_type & (GSO_TUNNEL_V4 | GSO_TUNNEL_V6):
            vnet.flags |= frame.flags & OUTER_CSUM
            vnet.outer_th_offset = frame.outer_transport
            vnet.inner_nh_offset = frame.inner_network
    if size == VNET_TUNNEL:
        memcpy(to, &vnet, VNET_TUNNEL)
    else:
        memcpy(to, &vnet, VNET_SHORT)


def claims(const uint8_t[::1] header not None, const uint8_t[::1] octets not None) -> dict[str, int] | None:
    """What a header of 10 or 24 octets makes of a frame: its facts by name; None: they do not fit. For inspection and tests.

    Errors: ValueError for another length of header, or no octets.
    """
    cdef Vnet vnet
    cdef Frame frame
    cdef uint32_t size = <uint32_t>header.shape[0]
    if size not in (VNET_SHORT, VNET_TUNNEL) or octets.shape[0] < ETHERNET_HEADER:
        raise ValueError("a header has 10 or 24 octets, and stands before an Ethernet frame")
    memset(&vnet, 0, sizeof(Vnet))
    memcpy(&vnet, &header[0], size)
    memset(&frame, 0, sizeof(Frame))
    frame.data = <uint8_t*>&octets[0]
    frame.head = frame.length = <uint32_t>octets.shape[0]
    return {
        "flags": frame.flags, "gso_type": frame.gso_type, "gso_size": frame.gso_size, "header": frame.header,
        "csum_start": frame.csum_start, "csum_offset": frame.csum_offset,
        "outer_transport": frame.outer_transport, "inner_network": frame.inner_network,
    } if vnet_read(&vnet, size, &frame) else None
