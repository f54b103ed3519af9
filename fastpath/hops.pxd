"""Where routes lead, each place once: many routes share few next hops.

A hop is found by what it says. Two may say the same by a freak of chance (a hash that two share), which costs a place and no more.
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

from fastpath.ip cimport Address
from fastpath.table cimport Table

cdef struct Hop:
    Address gateway               # of kind GATEWAY; else 0
    uint32_t users                # routes that lead here; 0: the place is free
    uint32_t next                 # of the free ones: its number + 1
    uint16_t interface
    uint8_t kind                  # RouteKind

cdef struct Hops:
    Hop* hops
    Table table
    uint32_t room
    uint32_t used                 # places that were ever used
    uint32_t free                 # the first one given back + 1
    uint64_t seed

cdef int hops_init(Hops* hops, uint64_t seed) except -1
cdef void hops_free(Hops* hops) noexcept
# One user more: the hop's number. Errors: MemoryError.
cdef uint32_t hop_use(Hops* hops, uint8_t kind, uint16_t interface, const Address* gateway) except? 0xFFFFFFFF
cdef void hop_release(Hops* hops, uint32_t number) noexcept
