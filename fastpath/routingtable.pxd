"""Routing tables besides a gateway's main one: each for what comes by the interfaces that belong to it (policy routing by ingress).

A table holds the routes that are given for it by hand, and all that addresses of ours bring along: whichever table a packet is routed
by, our addresses are ours and connected subnets are connected. Of the main table's routes by hand it knows nothing, so that a table
without any leads to connected subnets and nowhere else.

A table is there from its first interface or route on until it has neither.
"""

from libc.stdint cimport uint16_t, uint32_t

from fastpath.gateway cimport Gateway, Interface, Way
from fastpath.routebook cimport RouteBook
from fastpath.routes cimport Routes

cdef enum:
    TABLES_MAX = 256              # the main one, number 0, included

cdef class RoutingTable:
    cdef Routes routes
    cdef Way* ways                # WAYS of them
    cdef RouteBook book
    cdef bint has_any_by_hand(self) noexcept

cdef class RoutingTables:
    cdef Gateway* gateway
    cdef RouteBook main
    cdef uint32_t limit           # routes of a table
    cdef dict by_number
    # The book of the table of that number, which is made if need be. Errors: ValueError, MemoryError, OverflowError.
    cdef RouteBook book_of(self, uint32_t number)
    # The interface belongs to the table from now on. Errors as above.
    cdef int join(self, uint16_t interface, uint32_t number) except -1
    # Those that nobody needs any longer go.
    cdef int tidy(self) except -1
