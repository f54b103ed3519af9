"""VXLAN without a VTEP: nodes that put an outer header in front of frames, or take it off, and know no neighbor, bridge or route.

    Encapsulator    input N: into tunnel N, whose header is prepared; all leave by one edge
    Decapsulator    by VNI to the edge of that network, or of all; what is no VXLAN of these is dropped by name, or goes along

They are the pure cost of the encapsulation (RFC 7348, 5), and what `dataplane encap` and `decap` put between two captures. A frame
is not copied: the header lies in its headroom.
"""

from libc.stdint cimport int32_t, uint8_t, uint16_t, uint32_t, uint64_t

from fastpath.counters cimport Reason
from fastpath.frame cimport Frame
from fastpath.graph cimport Edge, Node
from fastpath.table cimport Table
from fastpath.vxlan cimport Outer

cdef enum:
    FROM_FLOW = -1                # Tunnel.source_port
    TUNNELS_MAX = 65536           # of one Encapsulator: inputs are 16 bits
    NETWORKS_MAX = 65536          # of one Decapsulator
    OUTER_TAGS = 2                # VLAN tags in front of the outer IP header that are looked through
    ROOM = 72                     # octets that a push may write in front of a frame

cdef struct Tunnel:
    Outer outer
    int32_t source_port
    bint strip                    # inner VLAN tags are taken off (RFC 7348, 6.1)

cdef class Encapsulator(Node):
    cdef Edge out
    cdef Tunnel* tunnels
    cdef readonly uint32_t n_tunnels
    cdef uint64_t secret0         # of the flows' hash
    cdef uint64_t secret1

cdef class Decapsulator(Node):
    cdef Edge all                 # of networks without an edge of their own
    cdef Edge rest                # of what is none of ours
    cdef bint takes_all
    cdef bint passes
    cdef Table networks           # VNI + 1 -> index into edges
    cdef Edge* edges
    cdef uint32_t n_edges
    cdef uint64_t* seen           # a bit for each VNI that came, if they are to be noted
    cdef uint16_t port
    cdef bint strict
    cdef bint strip
    cdef Edge* edge_of(self, uint32_t vni) noexcept nogil
    cdef void decapsulate(self, Frame* frame) noexcept nogil
    cdef void decline(self, Frame* frame, Reason reason) noexcept nogil
