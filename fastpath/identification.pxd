"""Identifications of packets that may be fragmented: nobody outside can foresee one (RFC 7739), and they return late (RFC 6864, 4.3).

A counter for each of 2,048 classes of (source, target, protocol), by a keyed hash, goes through a permutation of all 16-bit or 32-bit
numbers whose key is that hash: so one conversation sees no number twice in 65,536 (IPv6: 2^32) packets of its class, and neither
it nor anybody else learns from them how many packets went to others. What is kept is fixed and small, and equal seeds give equal numbers.
"""

from libc.stdint cimport uint8_t, uint32_t, uint64_t

from fastpath.ip cimport Address

cdef enum:
    CLASS_BITS = 11
    CLASSES = 1 << CLASS_BITS

cdef struct Identifications:
    uint64_t[4] secrets
    uint32_t[CLASSES] counters

cdef void identifications_init(Identifications* identifications, uint64_t seed) noexcept nogil
# The next one for such packets: 16 bits over IPv4, 32 over IPv6.
cdef uint32_t identification_next(Identifications* identifications, const Address* source, const Address* target,
                                  uint8_t protocol) noexcept nogil
