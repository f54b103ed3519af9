"""The permutation is a Feistel network of four rounds, on halves of 8 or 16 bits (Luby and Rackoff, 1988)."""

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memset

from fastpath.address cimport address_read
from fastpath.ip cimport Address, is_mapped
from fastpath.table cimport split_mix
from fastpath.tuples cimport tuples_mix

cdef enum:
    ROUNDS = 4


cdef void identifications_init(Identifications* identifications, uint64_t seed) noexcept nogil:
    cdef uint32_t i
    memset(identifications, 0, sizeof(Identifications))
    for i in range(4):
        identifications.secrets[i] = split_mix(&seed)


cdef uint32_t permuted(uint32_t number, uint64_t key, uint32_t half) noexcept nogil:
    """Of numbers of twice `half` bits."""
    cdef uint32_t mask = (<uint32_t>1 << half) - 1
    cdef uint32_t left = number >> half & mask
    cdef uint32_t right = number & mask
    cdef uint32_t was
    cdef uint64_t i
    for i in range(ROUNDS):
        was = right
        right = left ^ (<uint32_t>(tuples_mix(key ^ <uint64_t>right << 32, key + (2 * i + 1) * <uint64_t>0x9E3779B97F4A7C15) >> 32) & mask)
        left = was
    return left << half | right


cdef uint32_t identification_next(Identifications* identifications, const Address* source, const Address* target,
                                  uint8_t protocol) noexcept nogil:
    cdef const uint64_t* secrets = identifications.secrets
    cdef uint64_t key = tuples_mix(source.high ^ secrets[0], source.low ^ secrets[1])
    cdef uint32_t* counter
    key = tuples_mix(key ^ tuples_mix(target.high ^ secrets[1], target.low ^ secrets[2]), protocol ^ secrets[3])
    counter = &identifications.counters[key >> (64 - CLASS_BITS)]
    counter[0] += 1
    return permuted(counter[0], key, 8 if is_mapped(target) else 16)


def identifications(uint64_t seed, str source not None, str target not None, uint8_t protocol, uint32_t n) -> list[int]:
    """The first `n` for such packets (used for testing)."""
    cdef Identifications some
    cdef Address ours, theirs
    address_read(source, &ours)
    address_read(target, &theirs)
    identifications_init(&some, seed)
    return [identification_next(&some, &ours, &theirs, protocol) for _ in range(n)]
