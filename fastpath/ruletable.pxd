"""The data that rules.pxd decides by, and how it is changed: between turns only, and never by a packet but for the hits."""

from libc.stdint cimport uint16_t, uint32_t, uint64_t

from fastpath.counters cimport Reason
from fastpath.flowtable cimport FlowTable
from fastpath.index cimport Index
from fastpath.ip cimport Address, Packet
from fastpath.publish cimport Publications

cdef enum:                        # Opening.rule >> RULE_SHIFT: what led there; the rest is its number
    RULE_SHIFT = 28
    RULE_NONE = 0
    RULE_PUBLISHED
    RULE_STATIC
    RULE_MAPPING
    RULE_HOST

cdef enum Mode:
    NAT
    NAT_UNPROTECTED
    ROUTED
    ISOLATED

cdef struct Hits:                 # of an interface's rules
    uint64_t[2] masqueraded       # by family
    uint64_t other                # dropped: from another network
    uint64_t unpublished          # … from outside
    uint64_t internal
    uint64_t icc
    uint64_t host                 # redirected to the host

cdef struct Interface:
    bint used
    bint uplink
    bint internal
    bint icc                      # what is routed back into the network it came from may go
    uint16_t realm
    Mode[2] modes                 # by family: IPv4, IPv6
    uint16_t[2] pools             # that its endpoints' sources are translated to, or 0
    Hits hits

cdef struct Static:               # one-to-one
    Address outside
    Address inside
    uint64_t[2] hits              # from outside, from inside
    bint used

cdef struct Excluded:             # targets for which sources stay
    Address prefix
    uint32_t length
    uint64_t hits

cdef struct Trusted:
    Address address
    uint16_t interface

cdef struct Local:
    Address address
    uint16_t realm

cdef struct Realm:                # what uplinks lead to, by number
    Address[2] hosts              # where what nothing here serves goes on to, by family
    bint[2] has_host

cdef struct RuleTable:
    FlowTable* flows
    Publications published
    Interface* interfaces
    uint32_t n_interfaces
    Static* statics
    uint32_t n_statics
    Index static_index            # 2 * number by the outside address, 2 * number + 1 by the inside one
    Excluded* excluded
    uint32_t n_excluded
    Trusted* trusted
    uint32_t n_trusted
    Local* locals                 # addresses of others (the host) that count as ours for published ports
    uint32_t n_locals
    Index local_index
    Realm* realms
    uint32_t n_realms
    Reason reason                 # why TARGET_REFUSED

cdef int rules_make(RuleTable* rules, FlowTable* flows) except -1
cdef void rules_unmake(RuleTable* rules) noexcept
# The interface of this number, made if need be.
cdef Interface* rules_interface(RuleTable* rules, uint32_t number) except NULL
# The realm of this number, made if need be.
cdef Realm* rules_realm(RuleTable* rules, uint32_t number) except NULL
# Instead of all that were there for the interface.
cdef int rules_trust(RuleTable* rules, uint32_t number, addresses) except -1
# Instead of all that were there in the realm.
cdef int rules_set_locals(RuleTable* rules, addresses, uint32_t realm) except -1
cdef int rules_add_static(RuleTable* rules, outside, inside) except -1
cdef int rules_remove_static(RuleTable* rules, outside) except -1
cdef int rules_exclude(RuleTable* rules, prefix, bint present) except -1
# NULL: there is none.
cdef Static* static_of(const RuleTable* rules, const Address* address, bint inside) noexcept nogil
cdef bint is_local(const RuleTable* rules, const Address* address, uint16_t realm) noexcept nogil
cdef bint is_uplink(const RuleTable* rules, uint32_t interface) noexcept nogil
# The address is one that the interface trusts.
cdef bint trusts(const RuleTable* rules, uint16_t interface, const Address* address) noexcept nogil
# The packet's source is one that its interface trusts.
cdef bint is_trusted(const RuleTable* rules, const Packet* packet) noexcept nogil
