"""Stations by the million are copied without making an object of each; those that keep moving are few."""

import numpy as np

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from fastpath.fdb cimport (
    FLAGS_SHIFT, MEMBER_SHIFT, MOVES_KEPT, MOVES_PAUSE, MOVES_TOLD, STATIC, TICK_SHIFT, Fdb, FdbMoves, fdb_live, fdb_tick,
)
from fastpath.table cimport WAYS

FDB_DTYPE = np.dtype([("mac", "<u8"), ("member", "<u4"), ("age_ns", "<i8"), ("static", "u1")])
MOVES_DTYPE = np.dtype([("mac", "<u8"), ("moves", "<u8"), ("from", "<u4"), ("to", "<u4")])

cdef packed struct Station:   # a row of FDB_DTYPE
    uint64_t mac
    uint32_t member
    int64_t age_ns
    uint8_t is_static


cdef object station_rows(const Fdb* fdb, int64_t now):
    cdef uint32_t tick = fdb_tick(now)
    cdef uint32_t at, way
    cdef uint32_t n = 0
    cdef uint64_t value
    array = np.empty(fdb.table.count, dtype=FDB_DTYPE)
    cdef uint8_t[::1] octets = array.view(np.uint8)
    cdef Station* rows = <Station*>&octets[0] if octets.shape[0] else NULL
    for at in range(fdb.table.n_buckets):
        for way in range(WAYS):
            if fdb.table.buckets[at].keys[way] == 0:
                break
            value = fdb.table.buckets[at].values[way]
            if not fdb_live(fdb, value, tick):
                continue
            rows[n].mac = fdb.table.buckets[at].keys[way]
            rows[n].member = <uint16_t>(value >> MEMBER_SHIFT)
            rows[n].is_static = (value >> FLAGS_SHIFT) & STATIC
            rows[n].age_ns = 0 if rows[n].is_static else <int64_t>(tick - <uint32_t>value) << TICK_SHIFT
            n += 1
    return array[:n].copy()


cdef object move_rows(const Fdb* fdb, int64_t now):
    cdef uint32_t tick = fdb_tick(now)
    cdef const FdbMoves* at
    cdef uint32_t i
    cdef list rows = []
    for i in range(MOVES_KEPT):
        at = &fdb.moves[i]
        if at.mac and at.moves >= MOVES_TOLD and tick - at.tick <= MOVES_PAUSE:
            rows.append((at.mac, at.moves, at.source, at.target))
    return np.array(sorted(rows, key=lambda row: -row[1]), dtype=MOVES_DTYPE)


cdef dict bridge_counters(const Fdb* fdb, uint64_t flooded):
    return {
        "flooded": flooded, "learned": fdb.counters.learned, "moved": fdb.counters.moved, "aged": fdb.counters.aged,
        "flushed": fdb.counters.flushed, "refused": fdb.counters.refused, "stations": fdb.count,
    }
