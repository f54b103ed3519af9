"""ARP packets read and written."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy

from fastpath.address cimport LOOPBACK, MULTICAST, RESERVED, Kind, kind_of
from fastpath.counters cimport ARP_INVALID
from fastpath.ethernet cimport GROUP, store48
from fastpath.frame cimport Frame
from fastpath.ip cimport FINE, Address, mapped, unmapped
from fastpath.wire cimport load16, load32, load48, store16, store32


cdef int arp_read(Arp* arp, const Frame* frame) noexcept nogil:
    cdef const uint8_t* octets = frame.data + 14
    cdef uint32_t word
    cdef Kind kind
    if frame.head < ARP_FRAME or load32(octets) != 0x00010800 or load16(octets + 4) != 0x0604:
        return ARP_INVALID
    arp.operation = load16(octets + 6)
    arp.sender_mac = load48(octets + 8)
    if (arp.operation != ARP_REQUEST and arp.operation != ARP_REPLY) or arp.sender_mac == 0 or arp.sender_mac & GROUP:
        return ARP_INVALID
    memcpy(&word, octets + 14, 4)
    arp.sender = mapped(word)
    memcpy(&word, octets + 24, 4)
    arp.target = mapped(word)
    kind = kind_of(&arp.sender)
    if kind == LOOPBACK or kind == MULTICAST or kind == RESERVED:
        return ARP_INVALID
    return FINE


cdef void arp_write(uint8_t* octets, uint16_t operation, uint64_t our_mac, const Address* ours, uint64_t mac,
                    const Address* target) noexcept nogil:
    cdef uint32_t word
    store48(octets, mac)
    store48(octets + 6, our_mac)
    store16(octets + 12, TYPE_ARP)
    store32(octets + 14, 0x00010800)
    store16(octets + 18, 0x0604)
    store16(octets + 20, operation)
    store48(octets + 22, our_mac)
    word = unmapped(ours)
    memcpy(octets + 28, &word, 4)
    # In a request the target's address is what is asked for (RFC 826 leaves it open; zero is what everybody sends).
    store48(octets + 32, mac if operation == ARP_REPLY else 0)
    word = unmapped(target)
    memcpy(octets + 38, &word, 4)
