"""Reading and writing header fields: network byte order in, host order out, no alignment assumed."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy

cdef extern from *:
    """
    #define wire_swap16(x) __builtin_bswap16(x)
    #define wire_swap32(x) __builtin_bswap32(x)
    #define wire_swap64(x) __builtin_bswap64(x)
    #define wire_prefetch(p) __builtin_prefetch((p), 0, 3)
    #define wire_likely(x) __builtin_expect(!!(x), 1)
    #define wire_unlikely(x) __builtin_expect(!!(x), 0)
    """
    uint16_t wire_swap16(uint16_t) noexcept nogil
    uint32_t wire_swap32(uint32_t) noexcept nogil
    uint64_t wire_swap64(uint64_t) noexcept nogil
    void wire_prefetch(const void*) noexcept nogil
    bint wire_likely(bint) noexcept nogil
    bint wire_unlikely(bint) noexcept nogil

cdef inline uint16_t load16(const uint8_t* p) noexcept nogil:
    cdef uint16_t x
    memcpy(&x, p, 2)
    return wire_swap16(x)

cdef inline uint32_t load32(const uint8_t* p) noexcept nogil:
    cdef uint32_t x
    memcpy(&x, p, 4)
    return wire_swap32(x)

cdef inline uint64_t load48(const uint8_t* p) noexcept nogil:
    """A MAC address as a number: 02:42:00:00:00:01 is 0x024200000001."""
    return (<uint64_t>load16(p) << 32) | load32(p + 2)

cdef inline void store16(uint8_t* p, uint16_t x) noexcept nogil:
    x = wire_swap16(x)
    memcpy(p, &x, 2)

cdef inline void store32(uint8_t* p, uint32_t x) noexcept nogil:
    x = wire_swap32(x)
    memcpy(p, &x, 4)

# Internet checksum (RFC 1071): sums are kept unfolded in 64 bits, over 16-bit words as the machine reads them; the byte order
# comes out right because the sum is byte-order independent (RFC 1071, 2 B).
cdef uint64_t sum_octets(const uint8_t* p, uint32_t n, uint64_t start) noexcept nogil

cdef inline uint16_t fold(uint64_t total) noexcept nogil:
    """The 64-bit sum as 16 bits of one's complement, in machine order, not yet inverted."""
    total = (total >> 32) + <uint32_t>total
    total = (total >> 32) + <uint32_t>total
    total = (total >> 16) + (total & 0xFFFF)
    total = (total >> 16) + (total & 0xFFFF)
    return <uint16_t>((total >> 16) + (total & 0xFFFF))

# Incremental update (RFC 1624, eqn. 3): HC' = ~(~HC + ~m + m').
cdef uint16_t update16(uint16_t checksum, uint16_t old, uint16_t new) noexcept nogil
cdef uint16_t update32(uint16_t checksum, uint32_t old, uint32_t new) noexcept nogil
