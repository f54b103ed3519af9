"""Found by a keyed hash of all that they say; the table holds as many as it has room for, the others are just not shared."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport free, realloc

from fastpath.ip cimport Address, same
from fastpath.table cimport table_erase, table_find, table_free, table_home, table_init, table_insert, table_mix

cdef enum:
    FIRST_ROOM = 64
    SHARED = 4096


cdef int hops_init(Hops* hops, uint64_t seed) except -1:
    hops.seed = seed
    table_init(&hops.table, SHARED, seed)
    return 0


cdef void hops_free(Hops* hops) noexcept:
    if hops.table.buckets != NULL:
        table_free(&hops.table)
    free(hops.hops)
    hops.hops = NULL


cdef uint64_t hop_key(const Hops* hops, uint8_t kind, uint16_t interface, const Address* gateway) noexcept nogil:
    cdef uint64_t rest = <uint64_t>kind << 16 | interface
    return table_mix(table_mix(gateway.high ^ hops.table.secret1, hops.seed | 1) ^ gateway.low, hops.table.secret0 | 1) + rest | 1


cdef uint32_t hop_use(Hops* hops, uint8_t kind, uint16_t interface, const Address* gateway) except? 0xFFFFFFFF:
    cdef uint64_t key = hop_key(hops, kind, interface, gateway)
    cdef uint64_t* value = table_find(&hops.table, key, table_home(&hops.table, key))
    cdef uint32_t number
    cdef Hop* hop
    cdef Hop* larger
    if value != NULL:
        hop = &hops.hops[value[0]]
        if hop.kind == kind and hop.interface == interface and same(&hop.gateway, gateway):
            hop.users += 1
            return <uint32_t>value[0]
    if hops.free:
        number = hops.free - 1
        hops.free = hops.hops[number].next
    else:
        if hops.used == hops.room:
            larger = <Hop*>realloc(hops.hops, max(2 * hops.room, <uint32_t>FIRST_ROOM) * sizeof(Hop))
            if larger == NULL:
                raise MemoryError("routing table: next hops")
            hops.hops = larger
            hops.room = max(2 * hops.room, <uint32_t>FIRST_ROOM)
        number = hops.used
        hops.used += 1
    hop = &hops.hops[number]
    hop.gateway = gateway[0]
    hop.users = 1
    hop.next = 0
    hop.interface = interface
    hop.kind = kind
    if value == NULL:
        table_insert(&hops.table, key, table_home(&hops.table, key), number)
    return number


cdef void hop_release(Hops* hops, uint32_t number) noexcept:
    cdef Hop* hop = &hops.hops[number]
    cdef uint64_t key
    cdef uint64_t* value
    hop.users -= 1
    if hop.users:
        return
    key = hop_key(hops, hop.kind, hop.interface, &hop.gateway)
    value = table_find(&hops.table, key, table_home(&hops.table, key))
    if value != NULL and value[0] == number:
        table_erase(&hops.table, key)
    hop.next = hops.free
    hops.free = number + 1
