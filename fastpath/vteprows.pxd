"""A VTEP's tables for people, as NumPy arrays."""

from libc.stdint cimport int64_t

from fastpath.tunnelend cimport TunnelEnd

cdef object overlay_rows(const TunnelEnd* end, list names)
cdef object tunnel_rows(const TunnelEnd* end, int64_t now)
cdef object station_rows(const TunnelEnd* end, dict placed)
cdef object claim_rows(const TunnelEnd* end, int64_t now)
cdef dict vtep_counters(const TunnelEnd* end)
