"""Stations behind one interface, the parent, that share its MAC address: what Linux's ipvlan does (drivers/net/ipvlan/ipvlan_core.c).

Each member has IP addresses of its own, given, not learned. Who has an address decides: of ARP its target, of IP its destination,
of a neighbor solicitation from :: its target (ipvlan_get_L3_hdr, ipvlan_addr_lookup). The mode is the same for all:

    L2   from a member (ipvlan_xmit_mode_l2): to our own MAC: the sibling with the address; a group: all siblings, and the wire; else
         the wire. From the wire (ipvlan_handle_mode_l2): a group: all, unless a member sent it (ipvlan_external_frame); else by address.
    L3   from a member (ipvlan_xmit_mode_l3): the sibling with the address; else, if it is IP and for no group, a next hop on the
         parent's network (nexthop.pxd). From the wire: by address, and no group.
    L3S  is L3: what Linux has besides, its host's netfilter on the way, this engine has not.

And a flag (ipvlan_is_private, ipvlan_is_vepa; of what is for one station, not of groups, as in Linux):

    SHARED    members reach one another
    PRIVATE   they do not
    VEPA      by the wire, if a switch outside sends it back

What is for nobody here is the parent's own host's. Linux hands it over; a packet socket has left it there.
"""

cimport cython

from libc.stdint cimport uint8_t, uint32_t, uint64_t

from fastpath.frame cimport Frame
from fastpath.members cimport Members
from fastpath.nexthop cimport NextHops
from fastpath.owners cimport Owners

cdef enum:
    ALIKE = 1                     # the one mode of a member: what differs is the node's

cdef enum:                        # flags
    SHARED = 0
    PRIVATE = 1
    VEPA = 2

@cython.final
cdef class Ipvlan(Members):
    cdef Owners owners            # of addresses
    cdef uint64_t mac_word        # our own, as six octets lie in memory
    cdef bint l3
    cdef uint8_t flag
    cdef NextHops hops            # in L3
    cdef readonly uint64_t mac
    cdef void from_wire(self, Frame* frame) noexcept nogil
    cdef void from_member(self, Frame* frame) noexcept nogil
    cdef void from_member_l3(self, Frame* frame) noexcept nogil
    cdef void hand(self, Frame* frame, uint32_t number) noexcept nogil
    cdef void to_wire(self, Frame* frame) noexcept nogil
