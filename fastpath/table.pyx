"""Insertion and removal. Removal leaves no tombstone: a later pair whose probe path crosses the hole moves into it."""

from libc.stdint cimport uint32_t, uint64_t

from fastpath.pages cimport HUGE_PAGE, pages, unpages


cdef uint64_t split_mix(uint64_t* state) noexcept nogil:
    """The next of a sequence of well-spread 64-bit numbers (Steele, Lea, Flood 2014)."""
    cdef uint64_t z
    state[0] += <uint64_t>0x9E3779B97F4A7C15
    z = state[0]
    z = (z ^ (z >> 30)) * <uint64_t>0xBF58476D1CE4E5B9
    z = (z ^ (z >> 27)) * <uint64_t>0x94D049BB133111EB
    return z ^ (z >> 31)


cdef bint huge(const Table* table) noexcept nogil:
    return <size_t>table.n_buckets * sizeof(Bucket) >= HUGE_PAGE


cdef int table_init(Table* table, uint32_t capacity, uint64_t seed) except -1:
    """Room for `capacity` keys (1…2^30). Memory: about 27 octets a key. Errors: MemoryError."""
    cdef uint64_t state = seed
    table.capacity = max(capacity, 1)
    table.count = 0
    table.n_buckets = <uint32_t>(<uint64_t>table.capacity * 10 // (6 * WAYS)) + 2
    table.secret0 = split_mix(&state)
    table.secret1 = split_mix(&state) | 1
    table.buckets = <Bucket*>pages(<size_t>table.n_buckets * sizeof(Bucket), huge(table))
    if table.buckets == NULL:
        raise MemoryError(f"table of {capacity} entries")
    return 0


cdef void table_free(Table* table) noexcept:
    unpages(table.buckets, <size_t>table.n_buckets * sizeof(Bucket), huge(table))
    table.buckets = NULL


cdef uint64_t* table_insert(Table* table, uint64_t key, uint32_t home, uint64_t value) noexcept nogil:
    cdef uint32_t way
    cdef Bucket* bucket
    if table.count >= table.capacity:
        return NULL
    for _ in range(min(PROBES, table.n_buckets)):
        bucket = &table.buckets[home]
        if bucket.keys[WAYS - 1] == 0:
            way = 0
            while bucket.keys[way] != 0:
                way += 1
            bucket.keys[way] = key
            bucket.values[way] = value
            table.count += 1
            return &bucket.values[way]
        home += 1
        if home == table.n_buckets:
            home = 0
    return NULL


cdef bint fill(Table* table, uint32_t hole, uint32_t* donor, uint32_t* donor_way) noexcept nogil:
    """Find the pair beyond full bucket `hole` that would rather lie in it: the first whose home is not past the hole."""
    cdef uint32_t at = hole
    cdef uint32_t distance = 0, way, home
    cdef Bucket* bucket
    while distance < table.n_buckets:
        at = 0 if at + 1 == table.n_buckets else at + 1
        distance += 1
        bucket = &table.buckets[at]
        for way in range(WAYS):
            if bucket.keys[way] == 0:
                return False
            home = table_home(table, bucket.keys[way])
            # How far the pair lies from its home, in steps around the table.
            if (at + table.n_buckets - home) % table.n_buckets >= distance:
                donor[0] = at
                donor_way[0] = way
                return True
        if bucket.keys[WAYS - 1] == 0:
            return False
    return False


cdef bint table_erase(Table* table, uint64_t key) noexcept nogil:
    cdef uint32_t at = table_home(table, key)
    cdef uint32_t way, last, donor = 0, donor_way = 0
    cdef uint64_t* value = table_find(table, key, at)
    cdef Bucket* bucket
    cdef bint was_full
    if value == NULL:
        return False
    at = <uint32_t>((<char*>value - <char*>table.buckets) // sizeof(Bucket))
    bucket = &table.buckets[at]
    way = <uint32_t>(value - bucket.values)
    table.count -= 1
    while True:
        was_full = bucket.keys[WAYS - 1] != 0
        if was_full and fill(table, at, &donor, &donor_way):
            bucket.keys[way] = table.buckets[donor].keys[donor_way]
            bucket.values[way] = table.buckets[donor].values[donor_way]
            at = donor
            way = donor_way
            bucket = &table.buckets[at]
            continue
        last = WAYS - 1
        while bucket.keys[last] == 0:
            last -= 1
        bucket.keys[way] = bucket.keys[last]
        bucket.values[way] = bucket.values[last]
        bucket.keys[last] = 0
        bucket.values[last] = 0
        return True


cdef class TestTable:
    """The C table with a Python face (used for testing)."""
    cdef Table table

    def __cinit__(self, uint32_t capacity, uint64_t seed=0):
        table_init(&self.table, capacity, seed)

    def __dealloc__(self):
        table_free(&self.table)

    def __len__(self) -> int:
        return self.table.count

    def get(self, uint64_t key) -> int | None:
        """The key's value, or None."""
        cdef uint64_t* value = table_find(&self.table, key, table_home(&self.table, key))
        return None if value == NULL else value[0]

    def put(self, uint64_t key, uint64_t value) -> bool:
        """Insert or overwrite; False when full."""
        cdef uint32_t home = table_home(&self.table, key)
        cdef uint64_t* place
        if key == 0:
            raise ValueError("key 0 means empty")
        place = table_find(&self.table, key, home)
        if place == NULL:
            return table_insert(&self.table, key, home, value) != NULL
        place[0] = value
        return True

    def remove(self, uint64_t key) -> bool:
        """True if the key was there."""
        return table_erase(&self.table, key)

    def octets(self) -> int:
        """Memory of the buckets."""
        return <size_t>self.table.n_buckets * sizeof(Bucket)
