"""Neighbor solicitations and advertisements (RFC 4861, 4.3 and 4.4), which are ARP's request and reply in IPv6.

    type   0   checksum   flags   target (16)   options: type, length in eights, …; 1: sender's MAC, 2: target's MAC
"""

from libc.stdint cimport uint8_t, uint32_t, uint64_t

from fastpath.ip cimport Address, Packet

cdef enum:
    ND_FRAME = 86                 # octets of what we send, Ethernet header included
    ROUTER_SOLICITATION = 133
    NEIGHBOR_SOLICITATION = 135
    NEIGHBOR_ADVERTISEMENT = 136
    REDIRECT = 137

cdef enum:                        # Nd.flags of an advertisement: the first octet
    FROM_ROUTER = 0x80
    SOLICITED = 0x40
    OVERRIDE = 0x20

cdef struct Nd:
    uint8_t kind
    uint8_t flags
    Address target
    uint64_t mac                  # from the option that belongs to the kind; 0: none

# FINE, or ND_INVALID (RFC 4861, 7.1). The packet is ICMPv6 of type 135 or 136, as ip_read and ip_transport left it.
cdef int nd_read(Nd* nd, const Packet* packet) noexcept nogil
# The whole frame, at `octets`: `to` and `mac` say who gets it.
cdef void nd_write(uint8_t* octets, uint8_t kind, uint8_t flags, uint64_t our_mac, const Address* ours, uint64_t mac, const Address* to,
                   const Address* target) noexcept nogil
