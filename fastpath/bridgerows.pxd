"""A bridge's tables for people, as NumPy arrays."""

from libc.stdint cimport int64_t, uint64_t

from fastpath.fdb cimport Fdb

cdef object station_rows(const Fdb* fdb, int64_t now)
cdef object move_rows(const Fdb* fdb, int64_t now)
cdef dict bridge_counters(const Fdb* fdb, uint64_t flooded)
