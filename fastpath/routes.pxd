"""The routing table: longest prefix first (RFC 1812, 5.2.4.3), both families, bounded.

A prefix is one key of a `table`: for IPv4 its bits and its length, which is exact; for IPv6 a keyed hash of them, so routes with
one key are chained and each is compared with the whole prefix. A look-up tries the lengths that occur, the longest first: a handful
in practice, whatever the number of routes. In a large table the lines of all lengths are prefetched before the first is read.
Many IPv4 routes have a second table beside it, which a look-up reads once or twice (dense.pxd).

Kinds, which all are found by the same look-up:

    LINK        the target itself is the next hop
    GATEWAY     the gateway is; it is found on the interface, whatever the routes say
    LOCAL       the target is an address of ours
    BROADCAST   the target is the first or last address of an IPv4 subnet: nobody's (RFC 1812, 5.3.5)

`generation` changes with every change, so that whoever keeps the result of a look-up knows when to look again.
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

from fastpath.dense cimport Dense, dense_find
from fastpath.hops cimport Hop, Hops
from fastpath.ip cimport Address, is_mapped, unmapped
from fastpath.table cimport Table
from fastpath.wire cimport wire_swap32

cdef enum:
    LARGE = 4096              # routes from which on their lines lie in no near cache
    DENSE_FROM = 256          # IPv4 routes from which on they have a dense table; with half as many it goes

cdef enum RouteKind:
    LINK
    GATEWAY
    LOCAL
    BROADCAST
    UNUSED                    # a place given back

cdef struct Route:
    Address prefix
    Address gateway
    uint32_t next             # with the same key: its number + 1; or of the free ones
    uint32_t hop              # number of the Hop that says the same; routes_put sets it
    uint16_t interface
    uint8_t length            # of 128: IPv4 prefixes begin at 96
    uint8_t kind
    bint by_hand              # not brought along by an address of ours; for whoever changes routes

cdef struct Lengths:          # that occur in one family, the longest first
    uint32_t[129] counts
    uint8_t[129] lengths
    uint32_t n

cdef struct Routes:
    Table table
    Route* routes
    uint32_t room             # places for routes, in use or not
    uint32_t used             # places that were ever used
    uint32_t free             # first place given back + 1
    uint32_t count
    uint32_t limit
    uint32_t generation
    uint64_t seed
    Lengths ipv4
    Lengths ipv6
    Hops hops
    Dense dense               # of IPv4 routes' hops, numbers from 1
    uint32_t ipv4_count
    uint32_t dense_from
    bint is_dense
    bint never_dense          # it had no room for them

cdef int routes_init(Routes* routes, uint32_t limit, uint64_t seed) except -1
cdef void routes_free(Routes* routes) noexcept
# Adds or replaces; the bits behind the prefix are zero. Errors: OverflowError at the limit, MemoryError.
cdef int routes_put(Routes* routes, const Route* route) except -1
cdef bint routes_remove(Routes* routes, const Address* prefix, uint32_t length) noexcept
# Exactly this prefix, or NULL.
cdef const Route* routes_get(const Routes* routes, const Address* prefix, uint32_t length) noexcept nogil
# The longest prefix that the address begins with, or NULL. Valid until the next change.
cdef const Route* routes_find(const Routes* routes, const Address* target) noexcept nogil
# The same: where that leads. A read or two where the table is dense.
cdef inline const Hop* routes_hop(const Routes* routes, const Address* target) noexcept nogil:
    cdef uint32_t number
    cdef const Route* route
    if routes.is_dense and is_mapped(target):
        number = dense_find(&routes.dense, wire_swap32(unmapped(target)))
        return &routes.hops.hops[number - 1] if number else NULL
    route = routes_find(routes, target)
    return &routes.hops.hops[route.hop] if route != NULL else NULL

# Have the lines that routes_find is going to read fetched: of the table; and, when they are there, of the route. In a small table both
# are at hand anyway, and nothing is done.
cdef void routes_prefetch(const Routes* routes, const Address* target) noexcept nogil
cdef void routes_prefetch_route(const Routes* routes, const Address* target) noexcept nogil
