"""Queries of groups read: IGMPv1, v2 and v3 (RFC 3376, 4.1), MLDv1 and v2 (RFC 2710, 3; RFC 3810, 5.1).

    IGMP   type   code   checksum   group (4)                      flags   QQIC   number   sources (4 each)
    MLD    type   0      checksum   code (2)   0 (2)   group (16)  flags   QQIC   number   sources (16 each)
"""

from libc.stdint cimport int64_t, uint8_t, uint32_t

from fastpath.frame cimport Frame
from fastpath.ip cimport Address

cdef enum Heard:
    NOT_OURS                      # another protocol
    NO_QUERY                      # of these protocols, but a report, or wrong
    A_QUERY

cdef struct Query:
    bint ipv6
    bint general                  # of all groups
    uint8_t version               # that it is of: 1 to 3 of IGMP, 1 or 2 of MLD
    uint8_t robustness            # 0: it does not say
    Address group
    int64_t within                # ns that the answer may take
    uint32_t n_sources
    const uint8_t* sources        # in the frame

cdef Heard query_read(Query* query, Frame* frame) noexcept nogil
