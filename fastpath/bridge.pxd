"""A learning bridge (IEEE 802.1D-2004 clause 7, VLAN-unaware): learn the source, forward to where the destination is, else flood."""

cimport cython

from libc.stdint cimport uint16_t, uint32_t, uint64_t

from fastpath.fdb cimport Fdb
from fastpath.frame cimport Frame
from fastpath.graph cimport Edge, Node

cdef enum:
    ISOLATED_SIDE = 1
    TUNNEL_SIDE = 2           # what came out of a tunnel goes into none (RFC 7348, 4.2)

cdef struct Member:
    Edge edge
    bint used                 # else the place is free: nothing goes there, and nothing is learned there
    bint hairpin              # may send back what it received
    bint flood                # gets unknown and group frames
    bint learn                # stations seen there are learned
    uint32_t horizon          # ISOLATED_SIDE, TUNNEL_SIDE: two members with a bit in common never exchange frames

cdef struct BridgeCounters:
    uint64_t flooded          # frames sent to more than the one member known

@cython.final
cdef class Bridge(Node):
    cdef Fdb fdb
    cdef Member* members
    cdef uint32_t n_members   # places in use or free
    cdef uint16_t* flooded    # members that get floods, in order: beside a thousand tunnels they are few
    cdef uint32_t n_flooded
    cdef BridgeCounters counters
    cdef readonly list names  # of the members, by number; None where free
    cdef readonly uint32_t member_limit
    cdef int expect_member(self, uint32_t number) except -1
    cdef int apply(self, uint32_t number, uint32_t limit, bint hairpin, bint isolated, bint flood, bint learn, bint tunnel) except -1
    cdef int list_flooded(self) except -1
    cdef inline Edge* forward(self, Frame* frame, uint64_t source, uint64_t target, uint32_t source_home, uint32_t target_home,
                              uint32_t tick) noexcept nogil
    cdef void flood(self, Frame* frame) noexcept nogil
    cdef void arm(self) noexcept nogil
