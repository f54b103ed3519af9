"""ARP for IPv4 over Ethernet (RFC 826): 28 octets behind the Ethernet header.

    hardware 1   protocol 0x0800   lengths 6, 4   operation   sender MAC, IP   target MAC, IP
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

from fastpath.frame cimport Frame
from fastpath.ip cimport Address

cdef enum:
    TYPE_ARP = 0x0806
    ARP_FRAME = 42                # octets, Ethernet header included
    ARP_REQUEST = 1
    ARP_REPLY = 2

cdef struct Arp:
    uint16_t operation
    uint64_t sender_mac           # as a number
    Address sender                # 0.0.0.0: a probe (RFC 5227, 2.1.1)
    Address target

# FINE, or ARP_INVALID: wrong numbers, cut short, or a sender that no station can be.
cdef int arp_read(Arp* arp, const Frame* frame) noexcept nogil
# The whole frame, at `octets`; a request asks `mac`, who may be everybody.
cdef void arp_write(uint8_t* octets, uint16_t operation, uint64_t our_mac, const Address* ours, uint64_t mac,
                    const Address* target) noexcept nogil
