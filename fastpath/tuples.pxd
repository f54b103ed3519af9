"""What names a flow: protocol, two addresses, two ports. Hashed with secrets from the seed, so that nobody can aim at one bucket.

Two 128-bit products of address halves and secrets, folded and joined, and one more with the ports: the multipliers of each word
are not known outside, as in wyhash. A third of the cost of SipHash, and enough against who sees no hash.
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

from fastpath.ip cimport Address
from fastpath.table cimport split_mix

cdef extern from *:
    """
    static inline uint64_t tuples_mix(uint64_t a, uint64_t b) {
        unsigned __int128 product = (unsigned __int128)a * b;
        return (uint64_t)product ^ (uint64_t)(product >> 64);
    }
    """
    uint64_t tuples_mix(uint64_t a, uint64_t b) noexcept nogil

cdef struct Secrets:
    uint64_t[6] words

cdef inline void secrets_init(Secrets* secrets, uint64_t seed) noexcept nogil:
    cdef uint64_t state = seed
    cdef uint32_t i
    for i in range(6):
        secrets.words[i] = split_mix(&state)

cdef inline uint32_t tuple_hash(const Secrets* secrets, const Address* source, const Address* target, uint16_t source_port,
                                uint16_t target_port, uint8_t protocol, uint32_t extra) noexcept nogil:
    """`extra` keeps kinds of keys apart, and is 0 for tuples."""
    cdef uint64_t rest = source_port | <uint64_t>target_port << 16 | <uint64_t>protocol << 32 | <uint64_t>extra << 40
    cdef uint64_t h = tuples_mix(source.high ^ secrets.words[0], source.low ^ secrets.words[1])
    h ^= tuples_mix(target.high ^ secrets.words[2], target.low ^ secrets.words[3])
    h = tuples_mix(h ^ secrets.words[4], rest ^ secrets.words[5])
    return <uint32_t>(h ^ h >> 32)
