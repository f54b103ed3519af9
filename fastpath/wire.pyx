"""Checksums out of line, and Python faces for tests of the C functions."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy


cdef uint64_t sum_octets(const uint8_t* p, uint32_t n, uint64_t start) noexcept nogil:
    """Add n octets to an unfolded sum (RFC 1071). An odd last octet counts as if a zero octet followed it."""
    cdef uint64_t total = start
    cdef uint64_t word
    cdef uint32_t half
    cdef uint16_t last
    while n >= 8:
        memcpy(&word, p, 8)
        # Two 32-bit additions leave room for 2^32 rounds: no carry can be lost.
        total += <uint32_t>word + (word >> 32)
        p += 8
        n -= 8
    if n >= 4:
        memcpy(&half, p, 4)
        total += half
        p += 4
        n -= 4
    if n >= 2:
        memcpy(&last, p, 2)
        total += last
        p += 2
        n -= 2
    if n:
        last = 0
        memcpy(&last, p, 1)
        total += last
    return total


cdef uint16_t update16(uint16_t checksum, uint16_t old, uint16_t new) noexcept nogil:
    """The checksum after one 16-bit field changed; all three in the same byte order (RFC 1624)."""
    return <uint16_t>~fold(<uint64_t><uint16_t>~checksum + <uint16_t>~old + new)


cdef uint16_t update32(uint16_t checksum, uint32_t old, uint32_t new) noexcept nogil:
    """The checksum after one 32-bit field changed (RFC 1624)."""
    cdef uint32_t inverse = ~old
    return <uint16_t>~fold(<uint64_t><uint16_t>~checksum + (inverse >> 16) + (inverse & 0xFFFF) + (new >> 16) + (new & 0xFFFF))


def checksum(const uint8_t[::1] octets not None, int start=0) -> int:
    """The Internet checksum of `octets` (RFC 1071) as a number in network order; `start` is added first."""
    cdef uint64_t total = wire_swap16(<uint16_t>start)
    if octets.shape[0]:
        total = sum_octets(&octets[0], <uint32_t>octets.shape[0], total)
    return wire_swap16(<uint16_t>~fold(total))


def updated(uint16_t checksum, uint32_t old, uint32_t new, bint wide=False) -> int:
    """The checksum after a field went from `old` to `new`, 16 bits, or 32 if `wide` (used for testing)."""
    if wide:
        return update32(checksum, old, new)
    return update16(checksum, <uint16_t>old, <uint16_t>new)
