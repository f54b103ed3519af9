"""Published ports: protocol, address and port -> endpoint. A range is one entry, whatever its width.

Entries of one protocol and address form a group, whose ranges are sorted and do not overlap: a look-up finds the group by hash and
the range by halving, so 60,000 entries of one port each cost sixteen steps. "Any address" is a group of its own for each family,
asked after that of the packet's own address. Entries of different realms (rules.pxd) know nothing of one another.

Entries by which connections may be resumed are found by the address that they lead to as well: a chain for each.
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

from fastpath.index cimport Index
from fastpath.ip cimport Address
from fastpath.tuples cimport Secrets

cdef enum:
    NOT_PUBLISHED_HERE = 0xFFFFFFFF
    PUBLICATIONS_MAX = 1 << 20

cdef enum Clients:                # who may make use of a publication
    ALL_CLIENTS
    UPLINK_CLIENTS                # what comes in by an uplink
    TRUSTED_CLIENTS               # trusted sources: the host itself

cdef struct Publication:
    Address address               # where it is published; any: 0.0.0.0 or ::
    Address target
    uint64_t hits                 # flows begun
    uint16_t first                # ports, in host order
    uint16_t last
    uint16_t target_port          # what `first` leads to; the others follow
    uint16_t pool                 # its clients' sources are translated to, or 0
    uint16_t realm
    uint8_t protocol
    Clients clients
    bint any
    bint resumes                  # TCP is picked up in mid-stream, from either side
    uint32_t before               # neighbors in the chain of those that resume at the target's address; 0: none
    uint32_t after
    bint used

cdef struct Range:
    uint16_t first
    uint16_t last
    uint32_t entry

cdef struct Group:
    Address address
    uint16_t realm
    uint8_t protocol
    Range* ranges                 # sorted by `first`
    uint32_t n
    uint32_t room

cdef struct Publications:
    Publication* entries
    uint32_t n_entries
    Group* groups
    uint32_t n_groups
    Index index                   # of groups
    Index targets                 # of the first entry of each chain, by the target's address
    Secrets secrets

cdef int publications_init(Publications* published, uint64_t seed) except -1
cdef void publications_free(Publications* published) noexcept
# The number of the new entry. Errors: ValueError where ports are published already.
cdef uint32_t publications_add(Publications* published, const Publication* entry) except? 0xFFFFFFFF
cdef int publications_remove(Publications* published, uint32_t number) except -1
# The realm's entry for this endpoint, port in host order, or NOT_PUBLISHED_HERE.
cdef uint32_t publications_find(const Publications* published, uint16_t realm, uint8_t protocol, const Address* address,
                                uint16_t port) noexcept nogil
# The first entry that resumes and leads to this address, 0: none; the others follow by `after`.
cdef uint32_t publications_resuming(const Publications* published, const Address* target) noexcept nogil
# The address that stands for any of the family.
cdef Address any_address(const Address* of_family) noexcept nogil
