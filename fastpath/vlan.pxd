"""Several networks on one interface, apart by their tags: what Linux's VLAN devices do (802.1Q-2018, 9; net/8021q).

The members are networks; each has a VLAN identifier, 0: frames without a tag. From a network its tag (0x8100, priority 0) goes in
front of what the frame is of, and comes off on the way in. A frame with identifier 0 carries a priority only and is as one without a
tag (802.1Q, 6.9.1), its tag taken off; one of a VLAN that no network has ends here.
Tags behind the outermost are the network's own. The octets do not move: the two addresses do, over or out of the headroom.
"""

cimport cython

from libc.stdint cimport uint16_t

from fastpath.frame cimport Frame
from fastpath.members cimport Members

cdef enum:
    VLANS = 4096
    TAG = 4
    CUSTOMER = 0x8100

@cython.final
cdef class Vlan(Members):
    cdef uint16_t[VLANS] identifiers  # by number: as there is one of each at most, they lie below VLANS
    cdef uint16_t[VLANS] numbers  # by identifier; 0: nobody's
    cdef void untag(self, Frame* frame) noexcept nogil
    cdef void tag(self, Frame* frame) noexcept nogil
