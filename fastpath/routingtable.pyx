"""Tables made, joined, given up. See routingtable.pxd."""

from libc.stdint cimport uint16_t, uint32_t, uint64_t

from fastpath.gateway cimport WAYS
from fastpath.pages cimport pages, unpages
from fastpath.routes cimport UNUSED, routes_free, routes_init


cdef class RoutingTable:
    """A table of up to `limit` routes (used by RoutingTables)."""

    def __cinit__(self, uint32_t limit, uint64_t seed):
        routes_init(&self.routes, limit, seed)
        self.ways = <Way*>pages(WAYS * sizeof(Way), False)
        if self.ways == NULL:
            raise MemoryError("routing table: ways")
        self.book = RouteBook()
        self.book.routes = &self.routes

    def __dealloc__(self):
        routes_free(&self.routes)
        unpages(self.ways, WAYS * sizeof(Way), False)

    cdef bint has_any_by_hand(self) noexcept:
        cdef uint32_t at
        for at in range(self.routes.used):
            if self.routes.routes[at].kind != UNUSED and self.routes.routes[at].by_hand:
                return True
        return bool(self.book.shadowed)


cdef class RoutingTables:
    """Those of one Gateway (used by Router)."""

    def __cinit__(self):
        self.by_number = {}

    def __contains__(self, number) -> bool:
        return number == 0 or number in self.by_number

    def __iter__(self):
        return iter((0, *sorted(self.by_number)))

    cdef RouteBook book_of(self, uint32_t number):
        cdef RoutingTable table
        cdef uint32_t at
        if number == 0:
            return self.main
        if number in self.by_number:
            table = self.by_number[number]
            return table.book
        if number >= TABLES_MAX:
            raise ValueError(f"table {number}: 0 to {TABLES_MAX - 1}")
        table = RoutingTable(self.limit, self.gateway.routes.seed + number)
        for at in range(self.gateway.n_interfaces):
            if self.gateway.interfaces[at].used:
                table.book.derive(&self.gateway.interfaces[at], at, True)
        self.by_number[number] = table
        self.main.others.append(table.book)
        self.gateway.n_tables += 1
        return table.book

    cdef int join(self, uint16_t interface, uint32_t number) except -1:
        cdef Interface* joining
        cdef RoutingTable table = None
        self.book_of(number)
        joining = &self.gateway.interfaces[interface]
        joining.table = <uint16_t>number
        if number:
            table = self.by_number[number]
        joining.routes = NULL if table is None else &table.routes
        joining.ways = self.gateway.ways if table is None else table.ways
        self.gateway.interface_generation += 1
        return 0

    cdef int tidy(self) except -1:
        cdef RoutingTable table
        cdef uint32_t at
        if not self.by_number:
            return 0
        joined = set()
        for at in range(self.gateway.n_interfaces):
            if self.gateway.interfaces[at].used:
                joined.add(self.gateway.interfaces[at].table)
        for number in [number for number in self.by_number if number not in joined]:
            table = self.by_number[number]
            if not table.has_any_by_hand():
                del self.by_number[number]
                self.main.others.remove(table.book)
                self.gateway.n_tables -= 1
        return 0
