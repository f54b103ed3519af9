"""What macvlan, ipvlan and vlan have in common: stations, or networks, behind one interface, the parent.

    input 0        the wire: what comes in by the parent
    input 1…       members

What is for whom is each node's own; here a member comes and goes, and a group's frame is copied. A member's mode is a bit, so that
a set of modes says who gets a copy; no mode: the place is free.
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

from fastpath.frame cimport Frame
from fastpath.graph cimport Edge, Head, Node

cdef enum:
    WIRE = 0                      # the input, and a number that no member has
    MEMBERS_MAX = 0xFFFE

cdef struct Member:
    Edge edge
    uint8_t mode                  # 0: the place is free

cdef class Members(Node):
    cdef Edge wire
    cdef bint wired               # else what is for the wire ends here: there is no parent
    cdef Member* members          # by number; 0 is never one
    cdef uint32_t n_members
    cdef uint32_t count           # in use
    cdef readonly list names      # of members by number; None where free
    cdef readonly uint64_t copied  # frames copied for further members
    cdef uint32_t free_number(self) except 0
    # Their place: from now on there is one of that number, whoever leads here may do so before or after the member is added.
    cdef int expect(self, uint16_t number) except -1
    cdef int enter(self, uint32_t number, Node target, Member member) except -1
    cdef int leave(self, uint32_t number) except -1
    # Errors: ValueError where no such member is.
    cdef int expect_member(self, uint32_t number) except -1
    cdef uint32_t fanout(self) noexcept
    cdef void disconnect(self, const Head* target) noexcept
    # To every member of these modes but one, and to the wire: a clone for each but the last, which gets the frame itself.
    cdef void spread(self, Frame* frame, uint8_t modes, uint32_t but, bint wire) noexcept nogil
