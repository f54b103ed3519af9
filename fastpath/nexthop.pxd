"""Next hops on the network of a parent interface, for packets that stations behind it send in mode l3 (see ipvlan.pxd).

Linux has the parent's own host route them (ipvlan_process_v4_outbound: its routing table, its neighbors, no TTL taken off). Here its
addresses and gateways are told, and its neighbors asked, with its MAC and address: what the host would ask. Answers come to the host
as well, and do no harm there. Requests are the host's to answer, never ours.

    on the link     the target is in the prefix of one of the addresses, or none of its family is told
    elsewhere       the gateway of its family, or there is none: dropped as NO_ROUTE

States and packets that wait: see neighbor.pxd.
"""

from libc.stdint cimport int64_t, uint32_t, uint64_t

from fastpath.frame cimport Frame
from fastpath.graph cimport Edge, Head
from fastpath.ip cimport Address
from fastpath.neighbor cimport Neighbors

cdef enum:
    PREFIXES_MAX = 16
    NEXT_HOPS = 1024              # known at once

cdef struct Prefix:
    Address address               # the host's own
    uint32_t length               # from the front of 16 octets

cdef struct NextHops:
    Head* head
    Edge* wire
    Neighbors neighbors
    uint64_t mac
    Prefix[PREFIXES_MAX] prefixes
    uint32_t n_prefixes
    Address[2] gateways           # of IPv4, of IPv6
    bint[2] led                   # there is one
    bint arp                      # else nobody is asked

cdef int nexthops_init(NextHops* hops, Head* head, Edge* wire, uint64_t mac, uint64_t seed) except -1
cdef void nexthops_free(NextHops* hops) noexcept
# The frame leaves for this address: now, or when the next hop has answered; or it is dropped by name.
cdef void nexthops_send(NextHops* hops, const Address* target, Frame* frame) noexcept nogil
# From the wire: it was an answer to us, or told who has an address that we look for; the caller ends the frame.
cdef bint nexthops_heard(NextHops* hops, Frame* frame) noexcept nogil
# What is overdue; then when to come again is in the head.
cdef void nexthops_expire(NextHops* hops, int64_t now) noexcept nogil
