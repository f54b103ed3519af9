"""Membership of multicast groups, as a host tells its routers and switches: IGMPv3 (RFC 3376) and MLDv2 (RFC 3810).

A VTEP whose overlay floods to a group joins that group, from any source, and says so. Both protocols are one code; what differs is
in their headers. All is a function of what was heard, of `now` and of the seed.
igmpquery reads, igmpsay writes what is due:

    joined                  a report at once, again `robustness` - 1 times, each within 1 s           CHANGE_TO_EXCLUDE {}
    left                    the same                                                                  CHANGE_TO_INCLUDE {}
    general query           one answer for all groups within its response time                        MODE_IS_EXCLUDE {}
    query of a group        an answer for it within its response time                                 MODE_IS_EXCLUDE {}
    query of its sources    the same, of the sources that were asked about (RFC 3376, 5.2)            MODE_IS_INCLUDE {asked}
    query of IGMPv2, v1,    until it was silent for 260 s (RFC 3376, 7.2.1; RFC 3810, 8.2.1): reports and leaves
    MLDv1                   of that version, one for each group, each in its own time

Reports carry the router alert option and TTL 1. Groups that are never reported (224.0.0.1, ff02::1, and IPv6's of scope 0 and 1)
may not be joined. Fragments, wrong checksums, lengths, sources and hop limits are ignored (RFC 3376, 4; RFC 3810, 5.1.14 and 6.2).
Confessed trade-offs: reports of others do not silence ours, which RFC 2236 wants of a host of version 2 and snooping switches
prevent anyway; who asks about more than SOURCES sources gets the answer for the group.
"""

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from fastpath.frame cimport Frame
from fastpath.igmpreport cimport Member
from fastpath.ip cimport Address

cdef enum:
    SOURCES = 16                  # remembered of the queries of a group's sources
    GROUPS_MAX = 4096

cdef struct Membership:
    Address group
    uint32_t users                # who wants it; 0: it was left, which is still to be said again
    uint8_t to_say                # times that the change is still to be reported
    uint8_t n_sources             # asked about; 0: about the group
    int64_t change_due            # of the next such report; NEVER
    int64_t answer_due            # of the answer to a query of this group; NEVER
    Address[SOURCES] sources

cdef struct Elder:                # queriers of older versions, by family
    int64_t first                 # version 1 was heard, and counts until then
    int64_t second                # version 2 of IGMP

cdef struct Memberships:
    Member member
    Membership* members
    uint32_t count
    uint32_t room
    int64_t[2] general_due        # of the answer to a general query, IPv4 and IPv6; NEVER
    uint32_t[2] general_at        # which group that answer goes on with
    Elder[2] elders
    uint8_t[2] robustness         # of the latest querier (RFC 3376, 4.1.6), else 2
    uint64_t random
    uint64_t reported             # messages sent
    uint64_t queried              # heard

cdef int memberships_init(Memberships* memberships, uint64_t mac, const Address* ours, const Address* link_local, uint64_t seed) except -1
cdef void memberships_free(Memberships* memberships) noexcept
# One more who wants the group. Errors: ValueError if it is none that may be joined, or GROUPS_MAX are; MemoryError.
cdef int membership_join(Memberships* memberships, const Address* group, int64_t now) except -1
# One who does not any more; the last one says so. False: nobody wanted it.
cdef bint membership_leave(Memberships* memberships, const Address* group, int64_t now) noexcept nogil
cdef bint is_member(const Memberships* memberships, const Address* group) noexcept nogil
# True: the frame is of these protocols, and ends here; a query was noted. False: somebody else's.
cdef bint memberships_hear(Memberships* memberships, Frame* frame, int64_t now) noexcept nogil

# For igmpsay: what we speak (3, 2, 1 of IGMP, 2 or 1 of MLD), and whether that is less than the newest; ns from now, more than 0
# and at most `within`; a place given back, to which the last one moves.
cdef uint32_t version_of(const Memberships* memberships, bint ipv6, int64_t now) noexcept nogil
cdef bint elderly(const Memberships* memberships, bint ipv6, int64_t now) noexcept nogil
cdef int64_t some_time(Memberships* memberships, int64_t within) noexcept nogil
cdef void membership_forget(Memberships* memberships, uint32_t at) noexcept nogil
