"""One bounded hash table for all: 64-bit key to 64-bit value, prefetchable, at most 60 % full.

A bucket is one cache line of four pairs, filled from the front; a key lies in its home bucket or, where that is full, in one
of the next (linear probing by line). So a look-up ends at the first bucket that is not full, and most touch one line. Key 0 is
"empty" and may not be stored. Hashing is keyed with secrets from the seed, so that nobody can aim at one bucket from outside.
"""

from libc.stdint cimport uint32_t, uint64_t

from fastpath.wire cimport wire_likely, wire_prefetch

cdef enum:
    WAYS = 4
    PROBES = 64                 # buckets looked at before an insertion is refused

cdef struct Bucket:
    uint64_t keys[WAYS]
    uint64_t values[WAYS]

cdef struct Table:
    Bucket* buckets
    uint32_t n_buckets
    uint32_t count              # keys stored
    uint32_t capacity           # keys it may store
    uint64_t secret0
    uint64_t secret1

cdef extern from *:
    """
    static inline uint64_t table_mix(uint64_t key, uint64_t secret) {
        unsigned __int128 product = (unsigned __int128)key * secret;
        uint64_t folded = (uint64_t)product ^ (uint64_t)(product >> 64);
        /* One product alone leaves addresses that count up in clusters, how large depends on the secret. */
        return (folded ^ folded >> 32) * 0x9E3779B97F4A7C15u;
    }
    """
    uint64_t table_mix(uint64_t key, uint64_t secret) noexcept nogil

# The next of a sequence of well-spread 64-bit numbers (Steele, Lea, Flood 2014): every choice that a seed decides comes from it.
cdef uint64_t split_mix(uint64_t* state) noexcept nogil

cdef int table_init(Table* table, uint32_t capacity, uint64_t seed) except -1
cdef void table_free(Table* table) noexcept

cdef inline uint32_t table_home(const Table* table, uint64_t key) noexcept nogil:
    """The key's home bucket: a keyed 128-bit product folded and mixed, then scaled to the number of buckets (no division)."""
    return <uint32_t>(((table_mix(key ^ table.secret0, table.secret1) >> 32) * table.n_buckets) >> 32)

cdef inline void table_prefetch(const Table* table, uint32_t home) noexcept nogil:
    wire_prefetch(&table.buckets[home])

cdef inline uint64_t* table_find(const Table* table, uint64_t key, uint32_t home) noexcept nogil:
    """Where the key's value stands, or NULL. Valid until the next insertion or removal."""
    cdef Bucket* bucket = &table.buckets[home]
    cdef uint32_t way
    while True:
        # Which of four is it: without branches, because no predictor could know.
        way = (bucket.keys[1] == key) + 2 * (bucket.keys[2] == key) + 3 * (bucket.keys[3] == key)
        if wire_likely(bucket.keys[way] == key):
            return &bucket.values[way]
        if bucket.keys[3] == 0:
            return NULL
        home += 1
        bucket += 1
        if home == table.n_buckets:
            home = 0
            bucket = table.buckets

# Where to write the new key's value, or NULL: `capacity` keys are stored, or PROBES buckets in a row are full. The key must be absent.
cdef uint64_t* table_insert(Table* table, uint64_t key, uint32_t home, uint64_t value) noexcept nogil
# Removes the pair at this place; a later one may move into it. False: there is none.
cdef bint table_erase(Table* table, uint64_t key) noexcept nogil
