"""Membership reports written: IGMP in IPv4 with TTL 1, MLD in IPv6 with hop limit 1, both with the router alert option.

    report_record       a group's record of a report of IGMPv3 or MLDv2: whoever puts a report together writes them one behind the other
    report_finish       the message's header in front of them, and all that lies in front of that
    report_elder        a whole message of IGMPv1, v2 or MLDv1, which is about one group
"""

from libc.stdint cimport uint8_t, uint32_t, uint64_t

from fastpath.ip cimport Address

cdef enum:
    PROTOCOL_IGMP = 2
    IPV4_BEFORE = 38              # octets in front of the message: Ethernet, IPv4 with router alert
    IPV6_BEFORE = 62              # Ethernet, IPv6, hop-by-hop options with router alert
    REPORT_HEADER = 8
    REPORT_MAX = 1294             # octets of the longest frame of ours: fits every link of IPv6

cdef enum:                        # of a record (RFC 3376, 4.2.12; RFC 3810, 5.2.12)
    MODE_IS_INCLUDE = 1
    MODE_IS_EXCLUDE = 2
    TO_INCLUDE = 3
    TO_EXCLUDE = 4

cdef struct Member:               # who reports
    uint64_t mac
    Address ours                  # IPv4, may be 0.0.0.0 (RFC 3376, 4.2.13)
    Address link_local            # IPv6, may be :: (RFC 3810, 5.2.13)

# The sum over MLD's pseudo-header (RFC 8200, 8.1); source and target lie side by side.
cdef uint64_t mld_sum(const uint8_t* addresses, uint32_t length) noexcept nogil
# Its length; `sources` side by side as 16 octets each.
cdef uint32_t report_record(uint8_t* octets, uint8_t kind, const Address* group, const Address* sources, uint32_t n_sources) noexcept nogil
# `octets`: of the whole frame; the records lie REPORT_HEADER behind what is before, and are so long. The length of the frame.
cdef uint32_t report_finish(const Member* member, bint ipv6, uint8_t* octets, uint32_t records, uint32_t n) noexcept nogil
# The group is wanted, or no longer; `version`: 1 or 2 of IGMP, 1 of MLD. 0: that version has no word for it.
cdef uint32_t report_elder(const Member* member, const Address* group, bint wanted, uint32_t version, uint8_t* octets) noexcept nogil
