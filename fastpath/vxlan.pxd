"""VXLAN (RFC 7348): the headers of one tunnel packet, pushed in front of a frame and taken off again.

    outer Ethernet 14   IPv4 20 or IPv6 40   UDP 8   VXLAN 8: flags 08, 000000, VNI, 00   | the inner frame, without FCS

A header is *prepared* once for a tunnel, as nine words that end where the inner frame begins; a push stores the words, with what
differs from frame to frame put into them before: IP and UDP length, IPv4's checksum, the ECN field, the source port. Nothing is
written twice, so nothing that is read soon after has to wait for two stores, and the inner frame is not touched.

    words of IPv4              2-4 Ethernet   4 version, service, length   5 TTL, protocol, checksum   6 addresses   7 UDP   8 VXLAN
    words of IPv6              0-1 Ethernet   2 version, class, length, hop limit   3-6 addresses      7 UDP   8 VXLAN

The source port says which inner flow it is, so that the underlay's routers spread flows over their paths (RFC 7348, 5): a hash of
the inner frame's addresses and ports that is keyed and knows direction. Fragments have no ports in it, or the parts of a datagram would
overtake each other.
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy

from fastpath.frame cimport CSUM_VALID, GSO_TUNNEL_V4, GSO_TUNNEL_V6, NEEDS_CSUM, OUTER_CSUM, Frame
from fastpath.ip cimport Address, Packet
from fastpath.table cimport table_mix
from fastpath.wire cimport wire_likely, wire_swap16, wire_swap32, wire_unlikely

cdef enum:
    VXLAN_PORT = 4789
    OTHER_PORT = -2               # vxlan_read: some other UDP
    PUSHED_IPV4 = 50
    PUSHED_IPV6 = 70
    VNI_MAX = 0xFFFFFF
    ECN = 3                       # bits of the service octet (RFC 3168, 5)
    ECN_CE = 3
    ECN_DROP = 4                  # in vxlan_ecn: what cannot be told to the inner packet

cdef enum:                        # Outer.flags
    WITH_CHECKSUM = 1             # UDP's is computed; else it is zero, "none" (RFC 768; over IPv6 RFC 6935)
    INHERIT_TTL = 2               # TTL and DSCP of the inner packet, if it is IP (RFC 2983: the pipe model is to inherit neither)
    INHERIT_DSCP = 4

cdef struct Outer:                # a prepared header
    uint64_t[9] words
    uint64_t ip_sum               # IPv4: of the words of its header that never differ, in machine order
    uint64_t udp_sum              # of the pseudo-header, the target port and the VXLAN header
    uint32_t size                 # PUSHED_IPV4 or PUSHED_IPV6
    uint8_t service               # DSCP, in the place of a service octet
    uint8_t flags

cdef struct Inner:                # what a push has to know of the inner frame
    uint64_t flow                 # hash
    uint8_t service               # 0 if it is not IP
    uint8_t ttl                   # 0 if it is not IP

cdef struct Tunneled:             # a tunnel packet, read
    uint32_t vni
    uint32_t pushed               # octets in front of the inner frame
    uint8_t service               # of the outer header

cdef uint8_t[16] ECN_TABLE        # [inner << 2 | outer]: the inner packet's new field or ECN_DROP (RFC 6040, 4.2, figure 4)

# Without MAC addresses. `port`: target; `service`: DSCP << 2; `flags`: WITH_CHECKSUM …
cdef void vxlan_prepare(Outer* outer, const Address* source, const Address* target, uint32_t vni, uint16_t port, uint8_t ttl,
                        uint8_t service, uint8_t flags) noexcept nogil
cdef void vxlan_macs(Outer* outer, uint64_t target, uint64_t source) noexcept nogil
# Reads any inner frame. `own`: octets that may be read.
cdef void vxlan_inner_slowly(Inner* inner, const uint8_t* octets, uint32_t own, uint64_t secret0, uint64_t secret1) noexcept nogil
# What pushes leave to others: checksums, what is inherited, offload facts. The header is in place.
cdef void vxlan_push_rest(const Outer* outer, Frame* frame, const Inner* inner, uint16_t port) noexcept nogil
# FINE, OTHER_PORT, or the Reason to drop for. The packet is as ip_read left it, and whole. `strict`: reserved bits are an error.
cdef int vxlan_read(Tunneled* tunneled, const Packet* packet, uint16_t port, bint strict) noexcept nogil
# UDP's checksum of a tunnel packet is right, none, or somebody we trust says so (RFC 768; RFC 6935: zero is good over IPv6 too).
cdef bint vxlan_checksum_good(const Frame* frame, uint32_t network, uint32_t transport, uint8_t version) noexcept nogil
# Tells the inner packet of congestion outside (RFC 6040, 4.2); False: it cannot be told, and is to be dropped.
cdef bint vxlan_ecn(uint8_t* octets, uint32_t own, uint8_t outer) noexcept nogil
# Takes all VLAN tags off the inner frame; offload facts follow. False: the frame is nothing but tags.
cdef bint vxlan_strip(Frame* frame) noexcept nogil
# Offload facts of a popped super-frame.
cdef void vxlan_pop_facts(Frame* frame, uint32_t pushed) noexcept nogil

cdef inline bint vxlan_tagged(const uint8_t* octets) noexcept nogil:
    """The frame begins with a VLAN tag (802.1Q, 802.1ad, or as both were once written)."""
    cdef uint16_t kind
    memcpy(&kind, octets + 12, 2)
    return kind == 0x0081 or kind == 0xA888 or kind == 0x0091

cdef inline bint vxlan_plain(const uint8_t* octets) noexcept nogil:
    """The frame has no tag, and is no message about addresses: IPv4, or IPv6 with something other than ICMP in it."""
    cdef uint16_t kind
    memcpy(&kind, octets + 12, 2)
    return kind == 0x0008 or (kind == 0xDD86 and octets[20] != 58)

cdef inline void vxlan_inner(Inner* inner, const uint8_t* octets, uint32_t own, uint64_t secret0, uint64_t secret1) noexcept nogil:
    """What to know of an inner frame of which `own` octets, at least 14, may be read: plain IPv4 here, all else by the long way."""
    cdef uint32_t kind, ports
    cdef uint64_t pair
    cdef uint16_t fragment
    cdef uint8_t protocol
    memcpy(&kind, octets + 12, 4)
    if wire_likely(kind & 0xFFFFFF == 0x450008 and own >= 38):
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

cdef inline void vxlan_push(const Outer* outer, Frame* frame, const Inner* inner, uint16_t port) noexcept nogil:
    """The header goes in front of the frame, which has room for it; `port`: the source's, as a number."""
    cdef uint32_t length = frame.length
    cdef uint64_t word, word5
    cdef uint32_t total
    cdef uint64_t service = outer.service | (inner.service & ECN)
    cdef uint8_t* end = frame.data
    if wire_likely(outer.size == PUSHED_IPV4):
        word = outer.words[4] | service << 40 | <uint64_t>wire_swap16(<uint16_t>(length + 36)) << 48
        # At most 2^16 times a few: two folds are enough.
        total = <uint32_t>(outer.ip_sum + (service << 8) + (word >> 48))
        total = (total >> 16) + (total & 0xFFFF)
        total = (total >> 16) + total
        word5 = outer.words[5] | <uint64_t><uint16_t>~total << 48
        memcpy(end - 56, &outer.words[2], 16)
        memcpy(end - 40, &word, 8)
        memcpy(end - 32, &word5, 8)
        memcpy(end - 24, &outer.words[6], 8)
    else:
        word = outer.words[2] | (service >> 4) | (service & 15) << 12 | <uint64_t>wire_swap16(<uint16_t>(length + 16)) << 32
        memcpy(end - 72, &outer.words[0], 16)
        memcpy(end - 56, &word, 8)
        memcpy(end - 48, &outer.words[3], 32)
    word = outer.words[7] | wire_swap16(port) | <uint64_t>wire_swap16(<uint16_t>(length + 16)) << 32
    memcpy(end - 16, &word, 8)
    memcpy(end - 8, &outer.words[8], 8)
    frame.data = end - outer.size
    frame.length = length + outer.size
    frame.head += outer.size
    frame.room -= outer.size
    if wire_unlikely(frame.flags & (NEEDS_CSUM | CSUM_VALID) or frame.gso_type or outer.flags):
        vxlan_push_rest(outer, frame, inner, port)

cdef inline void vxlan_pop(Frame* frame, uint32_t pushed) noexcept nogil:
    """The outer headers go; what is known of the outer checksum says nothing of the inner one."""
    frame.data += pushed
    frame.length -= pushed
    frame.head -= pushed
    frame.room += pushed
    if wire_unlikely(frame.flags & ~CSUM_VALID or frame.gso_type):
        vxlan_pop_facts(frame, pushed)
    else:
        frame.flags = 0
