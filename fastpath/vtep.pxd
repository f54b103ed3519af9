"""VTEPs as a node: the face of a TunnelEnd for Python, and for the graph.

Input 0 is the underlay; each tunnel is an input, to which its member of a bridge leads. The Vtep makes those members itself: one that
floods for an overlay, and one for each remote VTEP, which never gets a flood. All of them are tunnels to the bridge, so that nothing
that came from a tunnel goes into one.
"""

cimport cython

from libc.stdint cimport uint32_t, uint64_t

from fastpath.graph cimport Node
from fastpath.overlaybook cimport OverlayBook
from fastpath.routebook cimport RouteBook
from fastpath.tunnelend cimport TunnelEnd

@cython.final
cdef class Vtep(Node):
    cdef TunnelEnd end
    cdef RouteBook book
    cdef OverlayBook overlay_book
    cdef int open(self, uint64_t mac, uint32_t mtu, object addresses, bint arp, uint64_t seed) except -1
    cdef void arm(self) noexcept nogil
