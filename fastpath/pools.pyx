"""Pools of a table of flows come and go; flows hold their addresses themselves."""

from libc.stdint cimport uint16_t, uint32_t
from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memset

from fastpath.address cimport address_read
from fastpath.addresses cimport addresses_ports, addresses_release, addresses_use
from fastpath.flowtable cimport Pool
from fastpath.ip cimport Address

cdef enum:
    POOLS_MAX = 0xFFFE            # 0xFFFF is flows.DIALLED


cdef int pool_add(FlowTable* table, addresses, bint paired) except -1:
    """Errors: ValueError, MemoryError."""
    cdef Pool* pools
    cdef Pool pool
    cdef Address address
    cdef uint32_t number = 1
    cdef uint32_t i
    parsed = sorted({str(text) for text in addresses}, key=list(map(str, addresses)).index)
    four = [text for text in parsed if ":" not in text]
    six = [text for text in parsed if ":" in text]
    if not parsed:
        raise ValueError("pool: no addresses")
    while number < table.n_pools and table.pools[number].used:
        number += 1
    if number > POOLS_MAX:
        raise ValueError("pool: there are 65,534 already")
    if number >= table.n_pools:
        pools = <Pool*>realloc(table.pools, (number + 1) * sizeof(Pool))
        if pools == NULL:
            raise MemoryError("pools")
        table.pools = pools
        memset(&pools[table.n_pools], 0, (number + 1 - table.n_pools) * sizeof(Pool))
        table.n_pools = number + 1
    memset(&pool, 0, sizeof(Pool))
    pool.paired = paired
    pool.counts[0] = len(four)
    pool.counts[1] = len(six)
    pool.numbers = <uint16_t*>calloc(len(parsed), sizeof(uint16_t))
    if pool.numbers == NULL:
        raise MemoryError("pools")
    try:
        for i, text in enumerate(four + six):
            address_read(text, &address)
            pool.numbers[i] = addresses_use(&table.addresses, &table.secrets, &address)
            if pool.numbers[i] == 0:
                raise ValueError("pool: too many addresses are in use")
            addresses_ports(&table.addresses, pool.numbers[i])
    except BaseException:
        release(table, &pool)
        raise
    pool.used = True
    table.pools[number] = pool
    return number


cdef void release(FlowTable* table, Pool* pool) noexcept:
    cdef uint32_t i
    for i in range(pool.counts[0] + pool.counts[1]):
        if pool.numbers[i]:
            addresses_release(&table.addresses, &table.secrets, pool.numbers[i])
    free(pool.numbers)
    memset(pool, 0, sizeof(Pool))


cdef int pool_remove(FlowTable* table, uint32_t number) except -1:
    if not 0 < number < table.n_pools or not table.pools[number].used:
        raise ValueError(f"there is no pool {number}")
    release(table, &table.pools[number])
    return 0
