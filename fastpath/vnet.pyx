"""Claims become facts only when `offload` has checked them against the octets."""

from libc.stdint cimport uint8_t, uint32_t
from libc.string cimport memcpy, memset

from fastpath.facts cimport offload_check
from fastpath.frame cimport (
    CSUM_VALID, ETHERNET_HEADER, GSO_NONE, GSO_TUNNEL_V4, GSO_TUNNEL_V6, NEEDS_CSUM, OUTER_CSUM, Frame,
)
from fastpath.wire cimport wire_likely


cdef bint vnet_read(const Vnet* vnet, uint32_t size, Frame* frame) noexcept nogil:
    if wire_likely(vnet.flags == 0 and vnet.gso_type == GSO_NONE):
        return True
    frame.flags |= vnet.flags & <uint8_t>(NEEDS_CSUM | CSUM_VALID)
    frame.csum_start = vnet.csum_start
    frame.csum_offset = vnet.csum_offset
    frame.gso_type = vnet.gso_type
    frame.gso_size = vnet.gso_size
    if vnet.gso_type & (GSO_TUNNEL_V4 | GSO_TUNNEL_V6):
        if size < VNET_TUNNEL:
            return False
        frame.flags |= vnet.flags & OUTER_CSUM
        frame.outer_transport = vnet.outer_th_offset
        frame.inner_network = vnet.inner_nh_offset
    return offload_check(frame)


cdef void vnet_write(uint8_t* to, uint32_t size, const Frame* frame) noexcept nogil:
    cdef Vnet vnet
    memset(&vnet, 0, sizeof(Vnet))
    if frame.flags & NEEDS_CSUM:
        vnet.flags = NEEDS_CSUM
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
