"""Which member has which IP address, and what a frame says of addresses: what ipvlan decides by (ipvlan_addr_lookup, ipvlan_get_L3_hdr)."""

from libc.stdint cimport uint16_t, uint32_t, uint64_t

from fastpath.frame cimport Frame
from fastpath.ip cimport Address, is_mapped, same, unmapped
from fastpath.table cimport Table, table_find, table_home, table_mix
from fastpath.wire cimport wire_likely

cdef enum Kind:                   # what a frame says of addresses
    UNREADABLE = 0                # nothing that names one
    ARP = 1
    IP = 2
    SOLICITATION = 3              # from ::, as for duplicate address detection

cdef struct Owned:
    Address address
    uint16_t number               # of the member; 0: the place is free

cdef struct Owners:
    Table table                   # IPv4: EXACT | address; IPv6: hashed, below that -> place in `owned` << 16 | member
    Owned* owned
    uint32_t n_owned              # places in use or free
    uint32_t limit
    uint64_t secret0
    uint64_t secret1

cdef enum:
    EXACT_SHIFT = 63

cdef int owners_init(Owners* owners, uint32_t limit, uint64_t seed) except -1
cdef void owners_free(Owners* owners) noexcept
# The member has these addresses (text) too. Errors: ValueError for one that another has, or that has no room; it then has none.
cdef int owners_add(Owners* owners, uint32_t number, list addresses) except -1
# The member has none any more.
cdef void owners_remove(Owners* owners, uint32_t number) noexcept

cdef inline uint64_t owners_key(const Owners* owners, const Address* address) noexcept nogil:
    """Of IPv4 exact; of IPv6 two may have one, and the place tells which it is."""
    cdef uint64_t key
    if wire_likely(is_mapped(address)):
        return <uint64_t>1 << EXACT_SHIFT | unmapped(address)
    key = (table_mix(address.high ^ owners.secret0, owners.secret1) ^ address.low) & ~(<uint64_t>1 << EXACT_SHIFT)
    return key if key else 1

cdef inline uint32_t owner_of(const Owners* owners, const Address* address) noexcept nogil:
    """The member with this address, or 0."""
    cdef uint64_t key = owners_key(owners, address)
    cdef uint64_t* found = table_find(&owners.table, key, table_home(&owners.table, key))
    if found == NULL or (not key >> EXACT_SHIFT and not same(&owners.owned[found[0] >> 16].address, address)):
        return 0
    return <uint16_t>found[0]

# What the frame says of an address: of its target, or of its source. It has a whole Ethernet header.
cdef Kind addressed(const Frame* frame, bint target, Address* address) noexcept nogil
