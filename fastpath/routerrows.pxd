"""The router's tables for people, as NumPy arrays."""

from libc.stdint cimport int64_t

from fastpath.gateway cimport Gateway
from fastpath.neighbor cimport Neighbors
from fastpath.routes cimport Routes

cdef object route_rows(const Routes* routes)
cdef object neighbor_rows(const Neighbors* neighbors, int64_t now)
cdef dict gateway_counters(const Gateway* gateway)
