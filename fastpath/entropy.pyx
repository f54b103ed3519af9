"""Frames that are not plain IPv4: options, IPv6, tags, ARP, and what is no IP at all."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy

from fastpath.frame cimport ETHERNET_HEADER
from fastpath.layout cimport PROTOCOL_TCP, PROTOCOL_UDP
from fastpath.table cimport table_mix
from fastpath.wire cimport load16

cdef enum:
    PROTOCOL_SCTP = 132


cdef inline uint64_t mixed(const uint8_t* octets, uint32_t n, uint64_t start, uint64_t secret0, uint64_t secret1) noexcept nogil:
    """A keyed hash of a few octets, eight at a time, the last ones perhaps twice; n is 8 at least."""
    cdef uint64_t word
    cdef uint32_t at = 0
    while at < n:
        memcpy(&word, octets + min(at, n - 8), 8)
        start = table_mix(start ^ word ^ secret0, secret1 + at)
        at += 8
    return start


cdef void vxlan_inner_slowly(Inner* inner, const uint8_t* octets, uint32_t own, uint64_t secret0, uint64_t secret1) noexcept nogil:
    cdef uint32_t network = ETHERNET_HEADER
    cdef uint32_t transport
    cdef uint32_t ports = 0
    cdef uint16_t kind
    cdef uint8_t protocol
    while network + 4 <= own and vxlan_tagged(octets + network - ETHERNET_HEADER):
        network += 4
    kind = load16(octets + network - 2)
    inner.service = inner.ttl = 0
    if kind == 0x0800 and network + 20 <= own and octets[network] >> 4 == 4:
        inner.service = octets[network + 1]
        inner.ttl = octets[network + 8]
        protocol = octets[network + 9]
        transport = network + (octets[network] & 15) * 4
        # A fragment has no ports, but the protocol, which all of a datagram say.
        if protocol in (PROTOCOL_TCP, PROTOCOL_UDP, PROTOCOL_SCTP) and transport + 4 <= own and not load16(octets + network + 6) & 0x3FFF:
            memcpy(&ports, octets + transport, 4)
        # As vxlan_inner has it: options come and go within a flow.
        inner.flow = mixed(octets + network + 12, 8, 0, secret0, secret1 ^ (<uint64_t>ports << 8 | protocol))
    elif kind == 0x86DD and network + 40 <= own and octets[network] >> 4 == 6:
        inner.service = <uint8_t>(load16(octets + network) >> 4)
        inner.ttl = octets[network + 7]
        protocol = octets[network + 6]
        if protocol in (PROTOCOL_TCP, PROTOCOL_UDP, PROTOCOL_SCTP) and network + 44 <= own:
            memcpy(&ports, octets + network + 40, 4)
        # Behind an extension header may be a fragment, so the addresses have to do.
        inner.flow = mixed(octets + network + 8, 32, ports, secret0, secret1)
    elif kind == 0x0806 and network + 28 <= own:
        # Sender and target, MAC and IP addresses.
        inner.flow = mixed(octets + network + 8, 20, kind, secret0, secret1)
    else:
        inner.flow = mixed(octets, ETHERNET_HEADER, kind, secret0, secret1)
