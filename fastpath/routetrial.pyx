"""The routing table without a router around it, for tests. No program needs it."""

from libc.stdint cimport uint32_t, uint64_t

from fastpath.address cimport address_read, address_text, masked, prefix_read
from fastpath.hops cimport Hop
from fastpath.ip cimport Address
from fastpath.routes cimport (
    DENSE_FROM, LINK, Route, Routes, routes_find, routes_free, routes_hop, routes_init, routes_prefetch, routes_put, routes_remove,
)


cdef class TestRoutes:
    """The C table with a Python face (used for testing)."""
    cdef Routes routes

    def __cinit__(self, uint32_t limit, uint64_t seed=0, uint32_t dense_from=DENSE_FROM):
        routes_init(&self.routes, limit, seed)
        self.routes.dense_from = dense_from

    def __dealloc__(self):
        routes_free(&self.routes)

    def __len__(self) -> int:
        return self.routes.count

    def put(self, prefix: str, int interface) -> None:
        """Add or replace a route to an interface."""
        cdef Route route
        cdef uint32_t length = 0
        prefix_read(prefix, &route.prefix, &length)
        route.gateway = route.prefix
        route.prefix = masked(&route.prefix, length)
        route.length = length
        route.interface = interface
        route.kind = LINK
        route.next = 0
        routes_put(&self.routes, &route)

    def remove(self, prefix: str) -> bool:
        """True if it was there."""
        cdef Address address
        cdef uint32_t length = 0
        prefix_read(prefix, &address, &length)
        address = masked(&address, length)
        return routes_remove(&self.routes, &address, length)

    @property
    def dense(self) -> bool:
        """There are so many IPv4 routes that they have a table of their own."""
        return self.routes.is_dense

    def hop(self, text: str) -> int | None:
        """The interface that the longest prefix leads to, by what many routes are looked up in."""
        cdef Address address
        cdef const Hop* hop
        address_read(text, &address)
        hop = routes_hop(&self.routes, &address)
        return None if hop == NULL else hop.interface

    def find(self, text: str) -> tuple[str, int] | None:
        """The longest prefix that fits: (prefix, length of 128) and interface, or None."""
        cdef Address address
        cdef const Route* route
        address_read(text, &address)
        routes_prefetch(&self.routes, &address)
        route = routes_find(&self.routes, &address)
        return None if route == NULL else (f"{address_text(&route.prefix)}/{route.length}", route.interface)
