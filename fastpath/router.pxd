"""The router as a node: the face of a Gateway for Python, and for the graph.

Interfaces are its inputs: frames that come by input n came by interface n, and what leaves by interface n goes where `lead` said.
"""

cimport cython

from fastpath.flows cimport Flows
from fastpath.gateway cimport Gateway, Interface
from fastpath.graph cimport Node
from fastpath.routebook cimport RouteBook
from fastpath.routingtable cimport RoutingTables
from fastpath.rules cimport Rules

@cython.final
cdef class Router(Node):
    cdef Gateway gateway
    cdef readonly Flows flows     # or None
    cdef readonly Rules rules     # or None
    cdef readonly list names      # of the interfaces, by number; None where free
    cdef RouteBook book           # the main table's
    cdef RoutingTables tables     # the others
    cdef Interface* interface(self, object number) except NULL
