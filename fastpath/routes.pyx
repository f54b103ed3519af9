"""Routes by length, then by hash. The table grows as routes are added, so that few routes stay in the cache."""

from libc.stdint cimport uint32_t, uint64_t
from libc.stdlib cimport free, realloc

from fastpath.address cimport IPV4_BITS, masked
from fastpath.dense cimport WIDE, dense_free, dense_init, dense_prefetch, dense_put, dense_remove
from fastpath.hops cimport hop_release, hop_use, hops_free, hops_init
from fastpath.ip cimport Address, is_mapped, same, unmapped
from fastpath.table cimport Table, table_erase, table_find, table_free, table_home, table_init, table_insert, table_mix, table_prefetch
from fastpath.wire cimport wire_prefetch, wire_swap32

cdef enum:
    FIRST_ROOM = 64


cdef int routes_init(Routes* routes, uint32_t limit, uint64_t seed) except -1:
    if not 1 <= limit <= 1 << 24:
        raise ValueError("routes: 1 to 2^24")
    routes.limit = limit
    routes.seed = seed
    routes.generation = 1
    routes.dense_from = DENSE_FROM
    table_init(&routes.table, FIRST_ROOM, seed)
    hops_init(&routes.hops, seed)
    return 0


cdef void routes_free(Routes* routes) noexcept:
    if routes.table.buckets != NULL:
        table_free(&routes.table)
    hops_free(&routes.hops)
    if routes.is_dense:
        dense_free(&routes.dense)
    free(routes.routes)
    routes.routes = NULL


cdef inline uint64_t route_key(const Routes* routes, const Address* prefix, uint32_t length) noexcept nogil:
    if is_mapped(prefix) and length >= IPV4_BITS:
        return <uint64_t>unmapped(prefix) << 8 | length
    return (table_mix(table_mix(prefix.high ^ routes.table.secret1, routes.seed | 1) ^ prefix.low, routes.table.secret0 | 1) + length
            | <uint64_t>1 << 63)


cdef inline Route* chained(const Routes* routes, uint64_t at, const Address* prefix, uint32_t length) noexcept nogil:
    """The route with the whole prefix, from the one numbered `at` - 1 on."""
    cdef Route* route
    while at:
        route = &routes.routes[at - 1]
        if route.length == length and same(&route.prefix, prefix):
            return route
        at = route.next
    return NULL


cdef const Route* routes_get(const Routes* routes, const Address* prefix, uint32_t length) noexcept nogil:
    cdef uint64_t key = route_key(routes, prefix, length)
    cdef uint64_t* value = table_find(&routes.table, key, table_home(&routes.table, key))
    return NULL if value == NULL else chained(routes, value[0], prefix, length)


cdef const Route* routes_find(const Routes* routes, const Address* target) noexcept nogil:
    cdef const Lengths* lengths = &routes.ipv4 if is_mapped(target) else &routes.ipv6
    cdef const Route* route
    cdef Address prefix
    cdef uint64_t key
    cdef uint64_t* value
    cdef uint32_t i
    for i in range(lengths.n):
        prefix = masked(target, lengths.lengths[i])
        key = route_key(routes, &prefix, lengths.lengths[i])
        value = table_find(&routes.table, key, table_home(&routes.table, key))
        if value != NULL:
            route = chained(routes, value[0], &prefix, lengths.lengths[i])
            if route != NULL:
                return route
    return NULL


cdef void routes_prefetch(const Routes* routes, const Address* target) noexcept nogil:
    cdef const Lengths* lengths = &routes.ipv4 if is_mapped(target) else &routes.ipv6
    cdef Address prefix
    cdef uint32_t i
    if routes.is_dense and is_mapped(target):
        dense_prefetch(&routes.dense, wire_swap32(unmapped(target)))
        return
    if routes.count < LARGE:
        return
    for i in range(lengths.n):
        prefix = masked(target, lengths.lengths[i])
        table_prefetch(&routes.table, table_home(&routes.table, route_key(routes, &prefix, lengths.lengths[i])))


cdef void routes_prefetch_route(const Routes* routes, const Address* target) noexcept nogil:
    cdef const Lengths* lengths = &routes.ipv4 if is_mapped(target) else &routes.ipv6
    cdef Address prefix
    cdef uint64_t key
    cdef uint64_t* value
    cdef uint32_t i
    if routes.count < LARGE or (routes.is_dense and is_mapped(target)):
        return
    for i in range(lengths.n):
        prefix = masked(target, lengths.lengths[i])
        key = route_key(routes, &prefix, lengths.lengths[i])
        value = table_find(&routes.table, key, table_home(&routes.table, key))
        if value != NULL:
            # Or another with the same key: a wasted line.
            wire_prefetch(&routes.routes[value[0] - 1])
            return


# -- changes --------------------------------------------------------------------------------------------------------------


cdef inline bint is_ipv4(const Route* route) noexcept nogil:
    return is_mapped(&route.prefix) and route.length >= IPV4_BITS


cdef void count_length(Routes* routes, const Route* route, int by) noexcept:
    """One route more or less of that length; the list of lengths is made anew."""
    cdef Lengths* lengths = &routes.ipv4 if is_ipv4(route) else &routes.ipv6
    cdef uint32_t length
    if is_ipv4(route):
        routes.ipv4_count += by
    lengths.counts[route.length] += by
    lengths.n = 0
    for length in range(128, -1, -1):
        if lengths.counts[length]:
            lengths.lengths[lengths.n] = length
            lengths.n += 1


cdef bint enter(const Routes* routes, Table* table, uint32_t number) noexcept:
    """Put the route numbered so into the table; False if it has no room."""
    cdef Route* route = &routes.routes[number]
    cdef uint64_t key = route_key(routes, &route.prefix, route.length)
    cdef uint32_t home = table_home(table, key)
    cdef uint64_t* value = table_find(table, key, home)
    route.next = 0
    if value != NULL:
        route.next = <uint32_t>value[0]
        value[0] = number + 1
        return True
    return table_insert(table, key, home, number + 1) != NULL


cdef int grow(Routes* routes, uint32_t capacity) except -1:
    """A table with more room; keys stay, since the secrets do."""
    cdef Table larger
    cdef uint32_t number
    while True:
        table_init(&larger, capacity, routes.seed)
        for number in range(routes.used):
            if routes.routes[number].kind != UNUSED and not enter(routes, &larger, number):
                break
        else:
            table_free(&routes.table)
            routes.table = larger
            return 0
        # So many in one row of buckets is a freak of chance: more room ends it.
        table_free(&larger)
        capacity *= 2


cdef int make_room(Routes* routes) except -1:
    cdef uint32_t room = max(2 * routes.room, <uint32_t>FIRST_ROOM)
    cdef Route* larger = <Route*>realloc(routes.routes, room * sizeof(Route))
    if larger == NULL:
        raise MemoryError(f"routing table of {room} routes")
    routes.routes = larger
    routes.room = room
    return 0


# -- the dense table of many IPv4 routes ------------------------------------------------------------------------------------


cdef bint put_dense(Routes* routes, const Route* route) noexcept:
    return dense_put(&routes.dense, wire_swap32(unmapped(&route.prefix)), route.length - IPV4_BITS, route.hop + 1)


cdef void thin(Routes* routes) noexcept:
    dense_free(&routes.dense)
    routes.is_dense = False


cdef void follow_put(Routes* routes, const Route* route) noexcept:
    """The route is in the table: in the dense one too, which is made when there are so many."""
    cdef uint32_t number
    if routes.is_dense:
        if is_ipv4(route) and not put_dense(routes, route):
            routes.never_dense = True
            thin(routes)
        return
    if routes.ipv4_count < routes.dense_from or routes.never_dense or not dense_init(&routes.dense):
        return
    routes.is_dense = True
    for number in range(routes.used):
        route = &routes.routes[number]
        if route.kind != UNUSED and is_ipv4(route) and not put_dense(routes, route):
            routes.never_dense = True
            thin(routes)
            return


cdef void follow_remove(Routes* routes, const Route* route) noexcept:
    """It is in the table no longer: the next shorter one around it takes its place, if there is one."""
    cdef uint32_t length = route.length - IPV4_BITS
    cdef uint32_t shortest = WIDE if length >= WIDE else 0
    cdef uint32_t shorter = length
    cdef const Route* around = NULL
    cdef Address prefix
    if not routes.is_dense or not is_ipv4(route):
        return
    if routes.ipv4_count < routes.dense_from // 2:
        thin(routes)
        return
    while around == NULL and shorter > shortest:
        shorter -= 1
        if routes.ipv4.counts[IPV4_BITS + shorter]:
            prefix = masked(&route.prefix, IPV4_BITS + shorter)
            around = routes_get(routes, &prefix, IPV4_BITS + shorter)
    if around == NULL:
        dense_remove(&routes.dense, wire_swap32(unmapped(&route.prefix)), length, 0, 0)
    else:
        dense_remove(&routes.dense, wire_swap32(unmapped(&route.prefix)), length, shorter, around.hop + 1)


cdef int routes_put(Routes* routes, const Route* route) except -1:
    cdef Route* there = <Route*>routes_get(routes, &route.prefix, route.length)
    cdef Address nowhere = Address(0, 0)
    cdef uint32_t number, following, hop
    if there == NULL and routes.count == routes.limit:
        raise OverflowError(f"the routing table is full: {routes.limit} routes")
    hop = hop_use(&routes.hops, route.kind, route.interface, &route.gateway if route.kind == GATEWAY else &nowhere)
    routes.generation += 1
    if there != NULL:
        following = there.next
        hop_release(&routes.hops, there.hop)
        there[0] = route[0]
        there.next = following
        there.hop = hop
        follow_put(routes, there)
        return 0
    if routes.free:
        number = routes.free - 1
        routes.free = routes.routes[number].next
    else:
        if routes.used == routes.room:
            make_room(routes)
        number = routes.used
        routes.used += 1
    routes.routes[number] = route[0]
    routes.routes[number].hop = hop
    if not enter(routes, &routes.table, number):
        grow(routes, 2 * routes.table.capacity)
    routes.count += 1
    count_length(routes, route, 1)
    follow_put(routes, &routes.routes[number])
    return 0


cdef bint routes_remove(Routes* routes, const Address* prefix, uint32_t length) noexcept:
    cdef Route* route = <Route*>routes_get(routes, prefix, length)
    cdef uint64_t key = route_key(routes, prefix, length)
    cdef uint64_t* value
    cdef uint32_t number, at
    if route == NULL:
        return False
    number = <uint32_t>(route - routes.routes)
    value = table_find(&routes.table, key, table_home(&routes.table, key))
    if value[0] == number + 1 and route.next == 0:
        table_erase(&routes.table, key)
    elif value[0] == number + 1:
        value[0] = route.next
    else:
        at = <uint32_t>value[0] - 1
        while routes.routes[at].next != number + 1:
            at = routes.routes[at].next - 1
        routes.routes[at].next = route.next
    count_length(routes, route, -1)
    follow_remove(routes, route)
    hop_release(&routes.hops, route.hop)
    route.kind = UNUSED
    route.next = routes.free
    routes.free = number + 1
    routes.count -= 1
    routes.generation += 1
    return True
