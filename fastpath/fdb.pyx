"""The slow paths of the FDB: new and moved stations, limits, flushing, the scanner."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport free, realloc

from fastpath.table cimport WAYS, table_erase, table_find, table_free, table_home, table_init, table_insert

cdef int64_t DEFAULT_AGEING = 300_000_000_000     # ns: IEEE 802.1D-2004, table 7-5


cdef int fdb_init(Fdb* fdb, uint32_t limit, int64_t ageing, uint64_t seed) except -1:
    """Room for `limit` learned stations; `ageing` in ns, 0 for never. Errors: MemoryError."""
    # A tenth more than may be learned: static entries, and stale ones not yet scanned, lie in the same table.
    table_init(&fdb.table, limit + limit // 10 + 64, seed)
    fdb.limit = limit
    fdb_set_ageing(fdb, ageing)
    return 0


cdef void fdb_free(Fdb* fdb) noexcept:
    table_free(&fdb.table)
    free(fdb.members)
    fdb.members = NULL


cdef void fdb_set_ageing(Fdb* fdb, int64_t ageing) noexcept nogil:
    """Entries unused as a source for more than `ageing` ns are as if absent from now on."""
    cdef int64_t tick = <int64_t>1 << TICK_SHIFT
    cdef int64_t slices = (fdb.table.n_buckets + SLICE - 1) // SLICE
    fdb.ageing = 0 if ageing <= 0 else <uint32_t>min((ageing - 1) // tick + 1, <int64_t>0x7FFFFFFF)
    fdb.oldest = fdb.ageing if fdb.ageing else <uint32_t>0xFFFFFFFF
    # Without ageing the scanner only sweeps up after a flush, at its usual pace.
    fdb.period = max((<int64_t>fdb.ageing * tick or DEFAULT_AGEING) // (4 * slices), <int64_t>1000000)


cdef int fdb_add_member(Fdb* fdb, uint32_t member, uint32_t limit) except -1:
    """Member number `member`, new or used again; at most `limit` stations are learned there."""
    cdef FdbMember* members
    if member >= MEMBERS_MAX:
        raise ValueError(f"a bridge has at most {MEMBERS_MAX} members")
    if member >= fdb.n_members:
        members = <FdbMember*>realloc(fdb.members, (member + 1) * sizeof(FdbMember))
        if members == NULL:
            raise MemoryError("fdb: members")
        fdb.members = members
        while fdb.n_members <= member:
            fdb.members[fdb.n_members].generation = 0
            fdb.members[fdb.n_members].count = 0
            fdb.n_members += 1
    fdb.members[member].limit = limit
    set_expected(fdb, member)
    return 0


cdef void set_expected(Fdb* fdb, uint32_t member) noexcept nogil:
    cdef FdbMember* at = &fdb.members[member]
    at.expected = (<uint64_t>member << MEMBER_SHIFT) | (<uint64_t>at.generation << GENERATION_SHIFT)


cdef void fdb_flush(Fdb* fdb, uint32_t member) noexcept nogil:
    """Forget every station of the member, static ones too, in constant time."""
    cdef FdbMember* at = &fdb.members[member]
    fdb.counters.flushed += at.count
    fdb.count -= at.count
    at.count = 0
    at.generation += 1
    set_expected(fdb, member)
    fdb.to_sweep = fdb.table.n_buckets
    if at.generation == 0:
        # 256 flushes: entries of the first generation would come to life again, so all stale ones go now.
        purge(fdb, member)


cdef void purge(Fdb* fdb, uint32_t member) noexcept nogil:
    cdef uint32_t at, way
    for at in range(fdb.table.n_buckets):
        way = 0
        while way < WAYS and fdb.table.buckets[at].keys[way] != 0:
            if <uint16_t>(fdb.table.buckets[at].values[way] >> MEMBER_SHIFT) == member:
                table_erase(&fdb.table, fdb.table.buckets[at].keys[way])
            else:
                way += 1


cdef bint stale(const Fdb* fdb, uint64_t value) noexcept nogil:
    cdef uint32_t member = <uint16_t>(value >> MEMBER_SHIFT)
    return <uint8_t>(value >> GENERATION_SHIFT) != fdb.members[member].generation


cdef void uncount(Fdb* fdb, uint64_t value) noexcept nogil:
    """The entry is about to go, or to be static: take it out of the counts, if it is in them."""
    if stale(fdb, value) or (value >> FLAGS_SHIFT) & STATIC:
        return
    fdb.members[<uint16_t>(value >> MEMBER_SHIFT)].count -= 1
    fdb.count -= 1


cdef void fdb_learn_slowly(Fdb* fdb, uint64_t mac, uint32_t home, uint32_t member, uint32_t tick, uint64_t* value) noexcept nogil:
    """All but the hit that changes nothing. `value` is the entry's, or NULL."""
    cdef FdbMember* at = &fdb.members[member]
    cdef uint64_t old
    if value != NULL:
        old = value[0]
        if fdb_live(fdb, old, tick):
            if (old >> FLAGS_SHIFT) & STATIC:
                return
            if <uint16_t>(old >> MEMBER_SHIFT) != member:
                # A station that moved is known: limits do not hold it back (BR-14).
                fdb.counters.moved += 1
                count_move(fdb, mac, home, <uint16_t>(old >> MEMBER_SHIFT), <uint16_t>member, tick)
                fdb.members[<uint16_t>(old >> MEMBER_SHIFT)].count -= 1
                at.count += 1
            value[0] = at.expected | tick
            return
        if not stale(fdb, old):
            fdb.counters.aged += 1
        uncount(fdb, old)
    if fdb.count >= fdb.limit or at.count >= at.limit:
        fdb.counters.refused += 1
        if value != NULL:
            table_erase(&fdb.table, mac)
        return
    if value != NULL:
        value[0] = at.expected | tick
    elif table_insert(&fdb.table, mac, home, at.expected | tick) == NULL:
        fdb.counters.refused += 1
        return
    fdb.counters.learned += 1
    fdb.count += 1
    at.count += 1


cdef void count_move(Fdb* fdb, uint64_t mac, uint32_t home, uint16_t source, uint16_t target, uint32_t tick) noexcept nogil:
    """Remember who moves. Another station takes the place only if its holder paused, so that a single move hides no loop."""
    cdef FdbMoves* at = &fdb.moves[home % MOVES_KEPT]
    if at.mac != mac and at.mac and tick - at.tick <= MOVES_PAUSE:
        return
    if at.mac != mac or tick - at.tick > MOVES_PAUSE:
        at.moves = 0
    at.mac = mac
    at.moves += 1
    at.tick = tick
    at.source = source
    at.target = target


cdef int fdb_put_static(Fdb* fdb, uint64_t mac, uint32_t member) except -1:
    """An entry that traffic does not move and time does not end (BR-15). Errors: MemoryError when the table is full."""
    cdef uint32_t home = table_home(&fdb.table, mac)
    cdef uint64_t* value = table_find(&fdb.table, mac, home)
    cdef uint64_t entry = fdb.members[member].expected | (<uint64_t>STATIC << FLAGS_SHIFT)
    if value != NULL:
        uncount(fdb, value[0])
        value[0] = entry
    elif table_insert(&fdb.table, mac, home, entry) == NULL:
        raise MemoryError("fdb: full")
    return 0


cdef bint fdb_remove(Fdb* fdb, uint64_t mac) noexcept nogil:
    """Forget one station, static or learned; False if it is not known."""
    cdef uint64_t* value = table_find(&fdb.table, mac, table_home(&fdb.table, mac))
    if value == NULL:
        return False
    uncount(fdb, value[0])
    return table_erase(&fdb.table, mac)


cdef void fdb_scan(Fdb* fdb, int64_t now) noexcept nogil:
    """Look at the next SLICE buckets and remove what is expired or stale."""
    cdef uint32_t tick = fdb_tick(now)
    cdef uint32_t way
    cdef uint64_t value
    for _ in range(min(SLICE, fdb.table.n_buckets)):
        if fdb.cursor >= fdb.table.n_buckets:
            fdb.cursor = 0
        way = 0
        while way < WAYS and fdb.table.buckets[fdb.cursor].keys[way] != 0:
            value = fdb.table.buckets[fdb.cursor].values[way]
            if fdb_live(fdb, value, tick):
                way += 1
                continue
            if not stale(fdb, value):
                fdb.counters.aged += 1
            uncount(fdb, value)
            # Another pair may take this place: look at it again.
            table_erase(&fdb.table, fdb.table.buckets[fdb.cursor].keys[way])
        fdb.cursor += 1
        if fdb.to_sweep:
            fdb.to_sweep -= 1
