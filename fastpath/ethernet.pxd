"""MAC addresses as numbers, written; and those of groups (RFC 1112, 6.4; RFC 2464, 7)."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

from fastpath.ip cimport Address
from fastpath.wire cimport store16, store32, wire_swap64

cdef enum:
    GROUP = 0x010000000000        # the bit of group addresses
    BROADCAST_MAC = 0xFFFFFFFFFFFF
    MAC_WORD = 0xFFFFFFFFFFFF     # of the eight octets from a MAC address on, as they lie in memory

cdef inline void store48(uint8_t* p, uint64_t mac) noexcept nogil:
    store16(p, <uint16_t>(mac >> 32))
    store32(p + 2, <uint32_t>mac)

cdef inline uint64_t mac_word(uint64_t mac) noexcept nogil:
    """The number as its six octets lie in memory."""
    return wire_swap64(mac << 16) & MAC_WORD

cdef inline uint64_t group_mac(const Address* address) noexcept nogil:
    """Of an IPv6 group: 33:33 and its last four octets."""
    return <uint64_t>0x3333 << 32 | <uint32_t>wire_swap64(address.low)
