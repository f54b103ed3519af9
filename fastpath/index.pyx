"""Insertion, removal, replacement. See index.pxd for the idea."""

from libc.stdint cimport uint32_t, uint64_t

from fastpath.pages cimport HUGE_PAGE, pages, unpages


cdef size_t index_octets(const Index* index) noexcept nogil:
    """Memory of the buckets."""
    return <size_t>index.n_buckets * sizeof(Lines)


cdef int index_init(Index* index, uint32_t capacity) except -1:
    """Room for `capacity` references (1 to INDEX_MAX), which fill 80 % of it. Errors: MemoryError."""
    index.count = 0
    index.capacity = max(capacity, 1)
    index.n_buckets = <uint32_t>(<uint64_t>index.capacity * 5 // (4 * SLOTS)) + 1
    index.buckets = <Lines*>pages(index_octets(index), index_octets(index) >= HUGE_PAGE)
    if index.buckets == NULL:
        raise MemoryError(f"index of {capacity} references")
    return 0


cdef void index_free(Index* index) noexcept:
    unpages(index.buckets, index_octets(index), index_octets(index) >= HUGE_PAGE)
    index.buckets = NULL


cdef inline uint32_t following(const Index* index, uint32_t at) noexcept nogil:
    return 0 if at + 1 == index.n_buckets else at + 1


cdef bint index_insert(Index* index, uint32_t hash, uint32_t reference) noexcept nogil:
    cdef uint32_t at = index_home(index, hash)
    cdef uint32_t free
    if index.count >= index.capacity:
        return False
    index.count += 1
    while True:
        free = index_match(index.buckets[at].tags, 0)
        if wire_likely(free != 0):
            free = index_lowest(free)
            index.buckets[at].tags[free] = index_tag(hash)
            index.buckets[at].references[free] = reference
            return True
        index.buckets[at].passed += 1
        at = following(index, at)


cdef bint find(const Index* index, uint32_t hash, uint32_t reference, Probe* probe) noexcept nogil:
    probe[0] = index_probe(index, hash)
    while index_next(index, probe):
        if probe.reference == reference:
            return True
    return False


cdef bint index_remove(Index* index, uint32_t hash, uint32_t reference) noexcept nogil:
    cdef Probe probe
    cdef uint32_t at = index_home(index, hash)
    if not find(index, hash, reference, &probe):
        return False
    index.buckets[probe.at].tags[probe.slot] = 0
    index.count -= 1
    while at != probe.at:
        index.buckets[at].passed -= 1
        at = following(index, at)
    return True


cdef bint index_replace(Index* index, uint32_t hash, uint32_t old, uint32_t new) noexcept nogil:
    cdef Probe probe
    if not find(index, hash, old, &probe):
        return False
    index.buckets[probe.at].references[probe.slot] = new
    return True


cdef class TestIndex:
    """The C index with a Python face; the hash is given (used for testing)."""
    cdef Index index

    def __cinit__(self, uint32_t capacity):
        index_init(&self.index, capacity)

    def __dealloc__(self):
        index_free(&self.index)

    def __len__(self) -> int:
        return self.index.count

    def find(self, uint32_t hash) -> list[int]:
        """Every candidate for the hash."""
        cdef Probe probe = index_probe(&self.index, hash)
        found = []
        while index_next(&self.index, &probe):
            found.append(probe.reference)
        return found

    def insert(self, uint32_t hash, uint32_t reference) -> bool:
        """False when full."""
        return index_insert(&self.index, hash, reference)

    def remove(self, uint32_t hash, uint32_t reference) -> bool:
        """False if it is not there."""
        return index_remove(&self.index, hash, reference)

    def replace(self, uint32_t hash, uint32_t old, uint32_t new) -> bool:
        """False if `old` is not there."""
        return index_replace(&self.index, hash, old, new)

    def octets(self) -> int:
        """Memory of the buckets."""
        return index_octets(&self.index)

    def passed(self) -> int:
        """Sum of what all buckets count as passed over: 0 when the index is empty."""
        cdef uint32_t at
        total = 0
        for at in range(self.index.n_buckets):
            total += self.index.buckets[at].passed
        return total
