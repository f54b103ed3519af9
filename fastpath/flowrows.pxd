"""Flows as people see them: rows of an array, and deletion by what they are."""

from libc.stdint cimport int64_t

from fastpath.flowtable cimport FlowTable

# Filters are on the original tuple; None: any.
cdef object flow_rows(const FlowTable* table, int64_t now, limit, protocol, source, target, source_port, target_port, state)
cdef object flow_count(const FlowTable* table, int64_t now, protocol, source, target, source_port, target_port, state)
cdef object flow_delete(FlowTable* table, protocol, source, target, source_port, target_port, state)
