"""What a tunnel has to know of an inner frame: which flow it is of, its service octet and TTL; and whether it has a VLAN tag.

The source port says which inner flow it is, so that the underlay's routers spread flows over their paths (RFC 7348, 5): a hash of
the inner frame's addresses and ports that is keyed and knows direction. Fragments have no ports in it, or the parts of a datagram would
overtake each other.

    TCP, UDP, SCTP        addresses, protocol, ports; behind IPv6 extension headers addresses only
    other IPv4 and IPv6   addresses, protocol
    ARP                   addresses of sender and target
    anything else         MAC addresses and type
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy

from fastpath.table cimport table_mix
from fastpath.wire cimport wire_likely, wire_unlikely

cdef struct Inner:                # what a push has to know of the inner frame
    uint64_t flow                 # hash
    uint8_t service               # 0 if it is not IP
    uint8_t ttl                   # 0 if it is not IP

# Reads any inner frame. `own`: octets that may be read.
cdef void vxlan_inner_slowly(Inner* inner, const uint8_t* octets, uint32_t own, uint64_t secret0, uint64_t secret1) noexcept nogil

cdef inline bint vxlan_tagged(const uint8_t* octets) noexcept nogil:
    """The frame begins with a VLAN tag (802.1Q, 802.1ad, or as both were once written)."""
    cdef uint16_t kind
    memcpy(&kind, octets + 12, 2)
    return kind == 0x0081 or kind == 0xA888 or kind == 0x0091

cdef inline bint vxlan_plain(const uint8_t* octets, uint32_t own) noexcept nogil:
    """No tag, and no message about addresses: IPv4, or IPv6 with something other than ICMP in it. `own` octets may be read."""
    cdef uint16_t kind
    memcpy(&kind, octets + 12, 2)
    return kind == 0x0008 or (kind == 0xDD86 and own > 20 and octets[20] != 58)

cdef inline void vxlan_inner(Inner* inner, const uint8_t* octets, uint32_t own, uint64_t secret0, uint64_t secret1) noexcept nogil:
    """What to know of an inner frame of which `own` octets, at least 14, may be read: plain IPv4 here, all else by the long way."""
    cdef uint32_t kind, ports
    cdef uint64_t pair
    cdef uint16_t fragment
    cdef uint8_t protocol
    if wire_likely(own >= 38):
        memcpy(&kind, octets + 12, 4)
    else:
        kind = 0
    if wire_likely(kind & 0xFFFFFF == 0x450008):
        memcpy(&fragment, octets + 20, 2)
        memcpy(&pair, octets + 26, 8)
        memcpy(&ports, octets + 34, 4)
        protocol = octets[23]
        inner.service = <uint8_t>(kind >> 24)
        inner.ttl = octets[22]
        if wire_unlikely(fragment & 0xFF3F or not (protocol == 6 or protocol == 17 or protocol == 132)):
            ports = 0
        inner.flow = table_mix(pair ^ secret0, secret1 ^ (<uint64_t>ports << 8 | protocol))
        return
    vxlan_inner_slowly(inner, octets, own, secret0, secret1)

cdef inline uint16_t vxlan_port_of(uint64_t flow) noexcept nogil:
    """49152 to 65535 (RFC 6335, 6; RFC 7348, 5), as a number."""
    return <uint16_t>(0xC000 | flow >> 50)
