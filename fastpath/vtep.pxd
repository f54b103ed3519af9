"""VTEPs as a node: the face of a TunnelEnd for Python, and for the graph.

Input 0 is the underlay; each tunnel is an input, to which its member of a bridge leads. The Vtep makes those members itself: one that
floods for an overlay, and one for each remote VTEP, which never gets a flood. All of them are tunnels to the bridge, so that nothing
that came from a tunnel goes into one.
"""

cimport cython

from libc.stdint cimport uint8_t, uint16_t, uint32_t

from fastpath.graph cimport Node
from fastpath.ip cimport Address
from fastpath.routebook cimport RouteBook
from fastpath.tunnelend cimport TunnelEnd
from fastpath.tunnels cimport Overlay, Tunnel

@cython.final
cdef class Vtep(Node):
    cdef TunnelEnd end
    cdef RouteBook book
    cdef list bridges             # by the overlay's number; None where free
    cdef list names               # the overlays'
    cdef list limits              # of stations at each tunnel, by the overlay's number
    cdef dict placed              # (overlay, mac) -> (tunnel, addresses): programmed stations
    cdef void arm(self) noexcept nogil
    cdef Overlay* overlay(self, object number) except NULL
    cdef int peer_address(self, uint32_t number, object text, Address* address) except -1
    cdef uint16_t join(self, uint32_t number, uint8_t kind) except 0
    cdef uint16_t tunnel_to(self, uint32_t number, object address) except 0
    cdef int leave(self, uint16_t number) except -1
    cdef int apply(self, uint32_t number, dict settings) except -1
