"""Each flow is looked at once: its translations are counted in a table that has room for as many as are asked for, and no more."""

import numpy as np

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free

from fastpath.address cimport address_read, address_text
from fastpath.flowtable cimport Flow, flow_old, flow_tick, reply_source, reply_target
from fastpath.flowrows import PROTOCOLS
from fastpath.index cimport Index, Probe, index_free, index_init, index_insert, index_next, index_probe
from fastpath.ip cimport Address, same
from fastpath.tuples cimport tuple_hash
from fastpath.wire cimport wire_swap16

KINDS = ("snat", "dnat")
TRANSLATIONS_DTYPE = np.dtype([
    ("kind", "U4"), ("protocol", "u1"), ("inside", "U39"), ("inside_port", "<u2"), ("outside", "U39"), ("outside_port", "<u2"),
    ("flows", "<u8"),
])

cdef enum:
    SNAT
    DNAT

cdef struct Translation:
    Address inside
    Address outside
    uint16_t inside_port          # as they lie in memory
    uint16_t outside_port
    uint8_t protocol
    uint8_t kind
    uint64_t flows

cdef struct Wanted:
    int kind                      # -1: any
    int protocol
    bint inside_given
    bint outside_given
    Address inside
    Address outside

cdef struct Found:
    Translation* rows
    uint32_t n
    uint32_t limit
    Index index
    uint64_t more                 # flows whose translation found no room


cdef void count(Found* found, const FlowTable* table, const Wanted* wanted, const Translation* one) noexcept nogil:
    """One flow more that is translated so, if it is chosen."""
    cdef Probe probe
    cdef Translation* there
    cdef uint32_t hash
    if ((wanted.kind >= 0 and one.kind != wanted.kind) or (wanted.inside_given and not same(&wanted.inside, &one.inside))
            or (wanted.outside_given and not same(&wanted.outside, &one.outside))):
        return
    hash = tuple_hash(&table.secrets, &one.inside, &one.outside, one.inside_port, one.outside_port, one.protocol, one.kind)
    probe = index_probe(&found.index, hash)
    while index_next(&found.index, &probe):
        there = &found.rows[probe.reference]
        if (same(&there.inside, &one.inside) and same(&there.outside, &one.outside) and there.inside_port == one.inside_port
                and there.outside_port == one.outside_port and there.protocol == one.protocol and there.kind == one.kind):
            there.flows += 1
            return
    if found.n == found.limit or not index_insert(&found.index, hash, found.n):
        found.more += 1
        return
    found.rows[found.n] = one[0]
    found.rows[found.n].flows = 1
    found.n += 1


cdef void gather(Found* found, const FlowTable* table, const Wanted* wanted, uint32_t tick) noexcept nogil:
    cdef const Flow* flow
    cdef Translation one
    cdef uint32_t number
    for number in range(table.untouched):
        flow = &table.flows[number]
        # A delta is never 0 in a record that is in use.
        if (flow.delta == 0 or not (flow.new_source | flow.new_target) or flow_old(table, flow, tick)
                or (wanted.protocol >= 0 and flow.protocol != wanted.protocol)):
            continue
        one.protocol = flow.protocol
        one.flows = 0
        if flow.new_source_port != flow.source_port or not same(reply_target(table, flow), &flow.source):
            one.kind = SNAT
            one.inside = flow.source
            one.inside_port = flow.source_port
            one.outside = reply_target(table, flow)[0]
            one.outside_port = flow.new_source_port
            count(found, table, wanted, &one)
        if flow.new_target_port != flow.target_port or not same(reply_source(table, flow), &flow.target):
            one.kind = DNAT
            one.inside = reply_source(table, flow)[0]
            one.inside_port = flow.new_target_port
            one.outside = flow.target
            one.outside_port = flow.target_port
            count(found, table, wanted, &one)


cdef object row(const Translation* one):
    return (
        KINDS[one.kind], one.protocol, address_text(&one.inside), wire_swap16(one.inside_port), address_text(&one.outside),
        wire_swap16(one.outside_port), one.flows,
    )


cdef tuple translation_rows(const FlowTable* table, int64_t now, uint32_t limit, kind, protocol, inside, outside):
    cdef Wanted wanted
    cdef Found found
    cdef uint32_t i
    wanted.kind = -1 if kind is None else KINDS.index(kind)
    wanted.protocol = -1 if protocol is None else PROTOCOLS[protocol] if protocol in PROTOCOLS else int(protocol)
    wanted.inside_given = inside is not None
    wanted.outside_given = outside is not None
    if wanted.inside_given:
        address_read(inside, &wanted.inside)
    if wanted.outside_given:
        address_read(outside, &wanted.outside)
    # A flow has two translations at most.
    found.limit = <uint32_t>min(<uint64_t>limit, 2 * <uint64_t>table.count)
    found.n = 0
    found.more = 0
    index_init(&found.index, max(found.limit, <uint32_t>1))
    found.rows = <Translation*>calloc(max(found.limit, <uint32_t>1), sizeof(Translation))
    try:
        if found.rows == NULL:
            raise MemoryError(f"{found.limit} translations")
        gather(&found, table, &wanted, flow_tick(now))
        return np.array([row(&found.rows[i]) for i in range(found.n)], dtype=TRANSLATIONS_DTYPE), found.more
    finally:
        free(found.rows)
        index_free(&found.index)
