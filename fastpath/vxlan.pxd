"""VXLAN (RFC 7348): the headers of one tunnel packet, pushed in front of a frame and taken off again.

    outer Ethernet 14   IPv4 20 or IPv6 40   UDP 8   VXLAN 8: flags 08, 000000, VNI, 00   | the inner frame, without FCS

A header is *prepared* once for a tunnel, as nine words that end where the inner frame begins; a push stores the words, with what
differs from frame to frame put into them before: IP and UDP length, IPv4's checksum, the ECN field, the source port. Nothing is
written twice, so nothing that is read soon after has to wait for two stores, and the inner frame is not touched.

    words of IPv4              2-4 Ethernet   4 version, service, length   5 TTL, protocol, checksum   6 addresses   7 UDP   8 VXLAN
    words of IPv6              0-1 Ethernet   2 version, class, length, hop limit   3-6 addresses      7 UDP   8 VXLAN
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy

from fastpath.entropy cimport Inner, vxlan_inner, vxlan_plain, vxlan_port_of, vxlan_tagged  # to be had from here too
from fastpath.frame cimport CSUM_VALID, NEEDS_CSUM, Frame
from fastpath.ip cimport Address, Packet
from fastpath.wire cimport wire_likely, wire_swap16, wire_unlikely

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

cdef struct Tunneled:             # a tunnel packet, read
    uint32_t vni
    uint32_t pushed               # octets in front of the inner frame
    uint8_t service               # of the outer header

cdef uint8_t[16] ECN_TABLE        # [inner << 2 | outer]: the inner packet's new field or ECN_DROP (RFC 6040, 4.2, figure 4)

# Without MAC addresses. `port`: target; `service`: DSCP << 2; `flags`: WITH_CHECKSUM …
cdef void vxlan_prepare(Outer* outer, const Address* source, const Address* target, uint32_t vni, uint16_t port, uint8_t ttl,
                        uint8_t service, uint8_t flags) noexcept nogil
cdef void vxlan_macs(Outer* outer, uint64_t target, uint64_t source) noexcept nogil
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
