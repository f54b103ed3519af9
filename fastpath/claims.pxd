"""Addresses that two stations of an overlay say they have: seen in the ARP and neighbor discovery that passes, and reported.

    ARP, request or reply          its sender has the sender's address (RFC 826); a probe claims nothing yet (RFC 5227, 2.1.1)
    neighbor solicitation          its source has the source address, if it says with which MAC address (RFC 4861, 4.3)
    neighbor advertisement         whoever sends it has the target (RFC 4861, 4.4)

A claim counts for LASTS ns after it was last made. If another MAC address makes it meanwhile, the address is claimed twice:
`changes` tells a station that moved or was replaced (1) from two that both stay (more and more). A row is one cache line in a
set of four, so memory is bounded whatever is claimed; who has to go is the one longest silent, one claimed twice last of all.
"""

from libc.stdint cimport int64_t, uint32_t, uint64_t

from fastpath.frame cimport Frame
from fastpath.ip cimport Address

cdef enum:
    CLAIM_WAYS = 4
    CLAIM_SETS = 1024             # 4,096 addresses in 256 KiB

cdef int64_t LASTS                # ns that a claim counts
cdef int64_t REPORTED             # ns after the last change for which a row tells of it

cdef struct Claim:
    Address address
    uint64_t mac                  # the latest; as a number; 0: the place is free
    uint64_t other                # the one before it; 0: none
    int64_t at                    # when it was last claimed
    int64_t changed_at            # when by another than before
    uint32_t overlay
    uint32_t changes
    uint64_t spare

cdef struct Claims:
    Claim* claims                 # CLAIM_SETS sets of CLAIM_WAYS
    uint64_t secret0
    uint64_t secret1
    uint64_t changed              # claims by another than before

cdef int claims_init(Claims* claims, uint64_t seed) except -1
cdef void claims_free(Claims* claims) noexcept
# The station has the address. True: another one said so less than LASTS ns ago.
cdef bint claim(Claims* claims, uint32_t overlay, const Address* address, uint64_t mac, int64_t now) noexcept nogil
# Whatever the frame claims (see `may_ask` in endpoints.pxd: others claim nothing). True: somebody else claims it as well.
cdef bint claims_hear(Claims* claims, uint32_t overlay, Frame* frame, int64_t now) noexcept nogil
# Of an overlay that goes.
cdef void claims_forget(Claims* claims, uint32_t overlay) noexcept nogil
# Python rows of those claimed twice: (overlay, address, MAC, the other MAC, changes, ns since the last change), the latest first.
cdef list claims_rows(const Claims* claims, int64_t now)
