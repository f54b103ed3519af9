"""The forwarding database of one bridge: station address -> member, with ageing and limits (IEEE 802.1D-2004, 7.8 and 7.9).

An entry is one pair of a `table`: the MAC address as the key, and as the value, from the low bits:

    stamp       32   when last seen as a source, in ticks of 2^28 ns (0.27 s), modulo 2^32
    member      16   where it was seen
    generation   8   the member's generation then: flushing a member is bumping its generation
    flags        8   STATIC: neither moved by traffic nor aged

So a hit that changes nothing writes nothing: the whole value is compared with what it should be. States of an entry:

    live      seen within the ageing time, or static                     forwards; a frame from elsewhere moves it
    expired   not seen for longer, not yet scanned                       as if absent; still counts towards the limits
    stale     its member was flushed since                               as if absent; no longer counts

A scanner removes expired and stale entries in slices of SLICE buckets, timed so that it passes the whole table four times per
ageing time. Confessed trade-off: an entry lives up to two ticks (0.54 s) longer than its ageing time, never shorter.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from fastpath.table cimport Table, table_find
from fastpath.wire cimport wire_likely

cdef enum:
    TICK_SHIFT = 28
    SLICE = 1024
    MEMBERS_MAX = 0xFFFF
    NOWHERE = 0xFFFFFFFF          # no live entry
    STATIC = 1
    MEMBER_SHIFT = 32
    GENERATION_SHIFT = 48
    FLAGS_SHIFT = 56

cdef struct FdbMember:
    uint64_t expected             # member and generation in their places: what a live dynamic entry of it holds above the stamp
    uint32_t count                # dynamic entries, expired ones included
    uint32_t limit
    uint8_t generation

cdef enum:
    MOVES_KEPT = 64               # stations whose moves are counted at a time
    MOVES_TOLD = 5                # a station that moved so often, each time within MOVES_PAUSE ticks of the last, keeps moving
    MOVES_PAUSE = 38              # about ten seconds

cdef struct FdbMoves:             # of one station; direct-mapped by its home in the table
    uint64_t mac                  # 0: the place is free
    uint64_t moves                # without a pause
    uint32_t tick                 # of the latest
    uint16_t source               # the latest led from this member
    uint16_t target               # to this one

cdef struct FdbCounters:
    uint64_t learned
    uint64_t moved
    uint64_t aged
    uint64_t flushed
    uint64_t refused              # not learned: the bridge's or the port's limit is reached

cdef struct Fdb:
    Table table
    FdbMember* members
    uint32_t n_members
    uint32_t count                # dynamic entries
    uint32_t limit
    uint32_t ageing               # ticks; 0: entries do not age
    uint32_t oldest               # what a live entry's age is at most: ageing, or the largest number
    int64_t period                # ns between two slices of the scanner
    uint32_t cursor
    uint32_t to_sweep             # buckets still to be scanned since the last flush
    FdbCounters counters
    FdbMoves[MOVES_KEPT] moves

cdef int fdb_init(Fdb* fdb, uint32_t limit, int64_t ageing, uint64_t seed) except -1
cdef void fdb_free(Fdb* fdb) noexcept
cdef int fdb_add_member(Fdb* fdb, uint32_t member, uint32_t limit) except -1
cdef void fdb_flush(Fdb* fdb, uint32_t member) noexcept nogil
cdef int fdb_put_static(Fdb* fdb, uint64_t mac, uint32_t member) except -1
cdef bint fdb_remove(Fdb* fdb, uint64_t mac) noexcept nogil
cdef void fdb_set_ageing(Fdb* fdb, int64_t ageing) noexcept nogil
cdef void fdb_scan(Fdb* fdb, int64_t now) noexcept nogil
cdef void fdb_learn_slowly(Fdb* fdb, uint64_t mac, uint32_t home, uint32_t member, uint32_t tick, uint64_t* value) noexcept nogil

cdef inline uint32_t fdb_tick(int64_t now) noexcept nogil:
    return <uint32_t>(now >> TICK_SHIFT)

cdef inline bint fdb_unsettled(const Fdb* fdb) noexcept nogil:
    """There are entries that time will end, or that a flush has: the scanner has work. Static ones give it none."""
    return (fdb.count and fdb.ageing) or (fdb.to_sweep and fdb.table.count)

cdef inline bint fdb_live(const Fdb* fdb, uint64_t value, uint32_t tick) noexcept nogil:
    """The entry may be used: its member was not flushed since, and it is static or young enough."""
    cdef uint64_t differs = (value ^ fdb.members[<uint16_t>(value >> MEMBER_SHIFT)].expected) >> MEMBER_SHIFT
    if wire_likely(differs == 0):
        return tick - <uint32_t>value <= fdb.oldest
    return differs == <uint64_t>STATIC << (FLAGS_SHIFT - MEMBER_SHIFT)

cdef inline void fdb_learn(Fdb* fdb, uint64_t mac, uint32_t home, uint32_t member, uint32_t tick) noexcept nogil:
    """The station was seen as a source at the member. `mac` is an individual address, not zero."""
    cdef uint64_t* value = table_find(&fdb.table, mac, home)
    if wire_likely(value != NULL and value[0] == (fdb.members[member].expected | tick)):
        return
    fdb_learn_slowly(fdb, mac, home, member, tick, value)

cdef inline uint32_t fdb_lookup(const Fdb* fdb, uint64_t mac, uint32_t home, uint32_t tick) noexcept nogil:
    """The member that the station is at, or NOWHERE."""
    cdef uint64_t* value = table_find(&fdb.table, mac, home)
    if value == NULL or not fdb_live(fdb, value[0], tick):
        return NOWHERE
    return <uint16_t>(value[0] >> MEMBER_SHIFT)
