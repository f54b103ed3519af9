"""Several networks on one interface, apart by their tags: what Linux's VLAN devices do (802.1Q-2018, 9; net/8021q).

    input 0        the wire
    input 1…       networks; each has a VLAN identifier, 0: frames without a tag

From a network its tag (0x8100, priority 0) goes in front of what the frame is of, and comes off on the way in. A frame with identifier
0 carries a priority only and is as one without a tag (802.1Q, 6.9.1), its tag taken off; one of a VLAN that no network has ends here.
Tags behind the outermost are the network's own. The octets do not move: the two addresses do, over or out of the headroom.
"""

cimport cython

from libc.stdint cimport uint16_t, uint32_t

from fastpath.frame cimport Frame
from fastpath.graph cimport Edge, Node

cdef enum:
    VLANS = 4096
    TAG = 4
    CUSTOMER = 0x8100

cdef struct Subnetwork:
    Edge edge
    uint16_t identifier
    bint used

@cython.final
cdef class Vlan(Node):
    cdef Edge wire
    cdef Subnetwork* networks     # by number; 0 is never one
    cdef uint32_t n_networks
    cdef uint16_t[VLANS] numbers  # by identifier; 0: nobody's
    cdef readonly list names
    cdef int expect_network(self, uint32_t number) except -1
    cdef void untag(self, Frame* frame) noexcept nogil
    cdef void tag(self, Frame* frame) noexcept nogil
