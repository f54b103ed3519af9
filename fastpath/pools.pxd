"""Addresses that sources are translated to, in pools that rules name by number."""

from libc.stdint cimport uint32_t

from fastpath.flowtable cimport FlowTable

cdef int pool_add(FlowTable* table, addresses, bint paired) except -1
cdef int pool_remove(FlowTable* table, uint32_t number) except -1
