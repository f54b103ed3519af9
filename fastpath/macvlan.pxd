"""Stations with MAC addresses of their own behind one interface, the parent: what Linux's macvlan does (drivers/net/macvlan.c).

Each member has one address, which is given, not learned: there is no flooding of unknown ones. A member's mode decides
(macvlan_queue_xmit, macvlan_handle_frame, macvlan_multicast_rx):

    BRIDGE      to another BRIDGE member at once; groups to those and to the wire; all else to the wire
    PRIVATE     always to the wire; nothing of another member reaches it, even if a switch sends it back
    VEPA        always to the wire: a switch outside sends back what is for another member
    PASSTHRU    the only one: it gets whatever comes in by the wire, and may send from any address

What a switch sends back is known by its source: a group frame of a BRIDGE member went to the others on its way out, so it now
goes to VEPA members only; of a VEPA member to those and to BRIDGE members; of any other to itself, as Linux has it.
"""

cimport cython

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

from fastpath.frame cimport Frame
from fastpath.graph cimport Edge
from fastpath.members cimport Members
from fastpath.table cimport Table

cdef enum:                        # of a member; a set of them says who gets a copy
    PRIVATE = 1
    VEPA = 2
    BRIDGE = 4
    PASSTHRU = 8
    ANY_MODE = 15

@cython.final
cdef class Macvlan(Members):
    cdef Table table              # address -> number
    cdef dict macs                # number -> address
    cdef uint16_t passthru        # the number of the member that gets everything; 0: there is none
    cdef int require_free(self, uint64_t mac, uint32_t number, uint8_t mode) except -1
    cdef uint32_t find(self, uint64_t mac) noexcept nogil
    cdef Edge* from_wire(self, Frame* frame, uint64_t target, uint32_t home, uint64_t source) noexcept nogil
    cdef Edge* from_member(self, Frame* frame, uint64_t target, uint32_t home) noexcept nogil
    cdef void send_back(self, Frame* frame, uint64_t source) noexcept nogil
