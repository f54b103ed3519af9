"""A compact hash index: keyed hash of something -> 32-bit reference to it. The thing itself lies elsewhere and is compared there.

A bucket is one cache line of twelve references with eight bits of each one's hash, all compared at once (SSE2; a loop elsewhere).
What does not fit its home goes into the next bucket that has room, and each bucket passed over on the way counts that in
`passed`: so a look-up ends at the first bucket that nobody passed over, and removal leaves no tombstone, it counts down again
(the idea of Folly's F14). Every bucket of a small index may be passed over by some that are still there, though those that filled it
are long gone: so a look-up ends where it began as well. Full at 80 %: 6.7 octets a reference, and 98 of 100 lie in their home bucket's
line or the next.

Nothing moves back into a home that has room again. So where references come and go for long in a full index, look-ups grow longer, but
only up to where they settle after about four times its size: 9 of 10 lie in those two lines, and a search in vain, which must go on
while buckets were passed over, reads seven to ten lines (1.6 in a fresh index; 1.1 in one filled to two thirds; the longest about 100).

The index never looks at what it refers to. Whoever searches walks the candidates and compares:

    probe = index_probe(index, hash)
    while index_next(index, &probe):
        if it is the one that probe.reference stands for: break

Several references may have one hash. Hashes must be keyed: see tuples.pxd.
"""

from libc.stdint cimport uint8_t, uint32_t, uint64_t

from fastpath.wire cimport wire_likely, wire_prefetch

cdef enum:
    SLOTS = 12
    INDEX_MAX = 1 << 30           # references that one index can be made for

cdef struct Lines:                # one bucket
    uint8_t[SLOTS] tags           # 0: free
    uint32_t passed               # references that would have liked to lie here or came through, and lie further on
    uint32_t[SLOTS] references

cdef struct Index:
    Lines* buckets
    uint32_t n_buckets
    uint32_t count
    uint32_t capacity

cdef struct Probe:
    uint32_t home                 # bucket where the search began
    uint32_t at                   # bucket
    uint32_t mask                 # slots of it still to be looked at
    uint32_t slot                 # of the candidate
    uint32_t reference            # the candidate
    uint8_t tag

cdef extern from *:
    """
    #if defined(__SSE2__)
    #include <emmintrin.h>
    static inline uint32_t index_match(const uint8_t *tags, uint8_t tag) {
        __m128i line = _mm_load_si128((const __m128i *)tags);
        return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(line, _mm_set1_epi8((char)tag))) & 0xFFF;
    }
    #else
    static inline uint32_t index_match(const uint8_t *tags, uint8_t tag) {
        uint32_t mask = 0;
        for (int i = 0; i < 12; i++)
            mask |= (uint32_t)(tags[i] == tag) << i;
        return mask;
    }
    #endif
    #define index_lowest(mask) ((uint32_t)__builtin_ctz(mask))
    """
    # Which of the twelve tags are this one, as bits.
    uint32_t index_match(const uint8_t* tags, uint8_t tag) noexcept nogil
    uint32_t index_lowest(uint32_t mask) noexcept nogil

cdef int index_init(Index* index, uint32_t capacity) except -1
cdef void index_free(Index* index) noexcept
cdef size_t index_octets(const Index* index) noexcept nogil
# False: `capacity` references are in it.
cdef bint index_insert(Index* index, uint32_t hash, uint32_t reference) noexcept nogil
# Removes this reference, which was inserted with this hash. False: it is not there.
cdef bint index_remove(Index* index, uint32_t hash, uint32_t reference) noexcept nogil
# Writes `new` where `old` stands. False: it is not there.
cdef bint index_replace(Index* index, uint32_t hash, uint32_t old, uint32_t new) noexcept nogil

cdef inline uint8_t index_tag(uint32_t hash) noexcept nogil:
    """The low octet of the hash, but never 0; the bucket comes from the high bits."""
    return <uint8_t>hash | <uint8_t>(<uint8_t>hash == 0)

cdef inline uint32_t index_home(const Index* index, uint32_t hash) noexcept nogil:
    return <uint32_t>((<uint64_t>hash * index.n_buckets) >> 32)

cdef inline void index_prefetch(const Index* index, uint32_t hash) noexcept nogil:
    wire_prefetch(&index.buckets[index_home(index, hash)])

cdef inline Probe index_probe(const Index* index, uint32_t hash) noexcept nogil:
    cdef Probe probe
    probe.home = probe.at = index_home(index, hash)
    probe.tag = index_tag(hash)
    # gcc follows no further than this that nobody reads them before index_next says True.
    probe.slot = probe.reference = 0
    probe.mask = index_match(index.buckets[probe.at].tags, probe.tag)
    return probe

cdef inline bint index_next(const Index* index, Probe* probe) noexcept nogil:
    """The next reference that may be it, in probe.reference; False: there is none."""
    while probe.mask == 0:
        if wire_likely(index.buckets[probe.at].passed == 0):
            return False
        probe.at = 0 if probe.at + 1 == index.n_buckets else probe.at + 1
        if probe.at == probe.home:
            return False
        probe.mask = index_match(index.buckets[probe.at].tags, probe.tag)
    probe.slot = index_lowest(probe.mask)
    probe.mask &= probe.mask - 1
    probe.reference = index.buckets[probe.at].references[probe.slot]
    return True
