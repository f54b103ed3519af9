"""Memory of the table of flows: all of it is asked for when it is made."""

from libc.stdint cimport uint32_t, uint64_t
from libc.stdlib cimport free
from libc.string cimport memset

from fastpath.addresses cimport addresses_free, addresses_init, addresses_octets
from fastpath.index cimport index_free, index_init, index_octets
from fastpath.pages cimport HUGE_PAGE, pages, unpages
from fastpath.tuples cimport secrets_init


cdef int table_make(FlowTable* table, uint32_t capacity, uint64_t seed, bint dependent, Filtering filtering, bint strict) except -1:
    cdef uint32_t i
    memset(table, 0, sizeof(FlowTable))
    secrets_init(&table.secrets, seed)
    table.chance = seed ^ table.secrets.words[0]
    table.capacity = capacity
    table.dependent = dependent
    table.filtering = filtering
    table.strict = strict
    table.free = NOBODY
    # Original and reply tuple; the inside endpoint of a mapping; and its outside endpoint, where others are let in.
    table.kinds = 2 if dependent else 3 if filtering == PORT_DEPENDENT else 4
    for i in range(N_LISTS):
        table.lists[i].oldest = NOBODY
        table.lists[i].newest = NOBODY
    table.flows = <Flow*>pages(<size_t>capacity * sizeof(Flow), <size_t>capacity * sizeof(Flow) >= HUGE_PAGE)
    table.links = <Links*>pages(<size_t>capacity * sizeof(Links), <size_t>capacity * sizeof(Links) >= HUGE_PAGE)
    if table.flows == NULL or table.links == NULL:
        raise MemoryError(f"table of {capacity} flows")
    index_init(&table.index, capacity * table.kinds)
    addresses_init(&table.addresses, max(capacity // 16, <uint32_t>1024))
    return 0


cdef void table_unmake(FlowTable* table) noexcept:
    cdef uint32_t i
    unpages(table.flows, <size_t>table.capacity * sizeof(Flow), <size_t>table.capacity * sizeof(Flow) >= HUGE_PAGE)
    unpages(table.links, <size_t>table.capacity * sizeof(Links), <size_t>table.capacity * sizeof(Links) >= HUGE_PAGE)
    for i in range(table.n_pools):
        free(table.pools[i].numbers)
    free(table.pools)
    index_free(&table.index)
    addresses_free(&table.addresses)


cdef size_t table_octets(const FlowTable* table) noexcept nogil:
    """Everything that the table holds."""
    return (<size_t>table.capacity * (sizeof(Flow) + sizeof(Links)) + index_octets(&table.index)
            + addresses_octets(&table.addresses) + sizeof(FlowTable) + table.n_pools * sizeof(Pool))
