"""What shall become of a new flow, as rules say it, and the record filled accordingly."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t

from fastpath.flowtable cimport FlowTable, Found
from fastpath.ip cimport Address, Packet

cdef enum:                        # Opening.pool
    KEEP = 0                      # the source stays as it is
    DIALLED = 0xFFFF              # the source becomes the address that was dialled: hairpin where no pool is at hand

cdef enum:                        # Opening.flags
    OPEN_PORT_STAYS = 1           # one-to-one: only the address changes (opening.source)
    OPEN_MIDSTREAM = 2            # TCP may be picked up in mid-stream, unless the table is strict
    OPEN_MAPPING = 4              # by a mapping whose filtering lets the source in
    OPEN_RESUMED = 8              # by what a server sends: it has replied to a client that had come to opening.target
    OPEN_ENDING = 16              # a FIN may do it as well, unless the table is strict

cdef struct Opening:              # what shall become of a new flow; rules_target and rules_admit fill it
    Address target                # where it goes: the packet's own, or what a published port leads to
    Address source                # with OPEN_PORT_STAYS: what the source becomes
    uint16_t target_port          # as it lies in memory
    uint16_t pool                 # number of the addresses to translate the source to, KEEP or DIALLED
    uint32_t rule                 # of rules.pxd: what it was that led elsewhere
    uint8_t flags

# A new flow for a packet that flows_find knows none for, translated as the opening says: KNOWN or REFUSED.
cdef Found flows_open(FlowTable* table, Packet* packet, const Opening* opening, int64_t now) noexcept nogil
