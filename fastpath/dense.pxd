"""IPv4 look-ups by one read: an entry for each /24, and a block of 256 for those that hold longer prefixes (Gupta, Lin and McKeown,
"Routing Lookups in Hardware at Memory Access Speeds", 1998).

An entry holds a number of whoever keeps this, and how long the prefix is that wrote it, so that a change writes only over what is
shorter. Prefixes of less than 8 bits have a table of their own: what they would cover is 65,536 entries for each step. Change takes
from nanoseconds (/24) to some 50 µs (/8).

Memory is given by the kernel page by page, when it is touched: 64 MiB for entries at most, and as much for blocks.
"""

from libc.stdint cimport uint32_t

from fastpath.wire cimport wire_likely, wire_prefetch

cdef enum:
    DENSE_NONE = 0                # no prefix fits
    DENSE_MAX = (1 << 25) - 1     # numbers are 1 to this
    BLOCK = 256

cdef enum:
    LENGTH_SHIFT = 25             # an entry: six bits of length, 25 of number
    WIDE = 8                      # prefixes from this length on are in `entries`

cdef extern from *:
    """
    #define DENSE_EXTENDED 0x80000000u
    """
    const uint32_t DENSE_EXTENDED     # an entry: the rest is the number of a block

cdef struct Dense:
    uint32_t* entries             # by the upper 24 bits
    uint32_t* blocks              # BLOCK entries each
    uint32_t n_blocks             # that were ever used
    uint32_t free                 # the first block given back + 1; its first entry is the next one's
    uint32_t[256] wide            # prefixes shorter than WIDE, by the upper 8 bits

# False: no memory.
cdef bint dense_init(Dense* dense) noexcept
cdef void dense_free(Dense* dense) noexcept
# Addresses as numbers. False: no block is free, and what is in the table is worth nothing any longer.
cdef bint dense_put(Dense* dense, uint32_t prefix, uint32_t length, uint32_t number) noexcept
# The prefix goes; what it wrote says from now on what the next shorter prefix around it says: its length and number, or 0 twice.
cdef void dense_remove(Dense* dense, uint32_t prefix, uint32_t length, uint32_t shorter, uint32_t number) noexcept

cdef inline uint32_t dense_find(const Dense* dense, uint32_t address) noexcept nogil:
    """The number of the longest prefix that fits, or DENSE_NONE."""
    cdef uint32_t entry = dense.entries[address >> 8]
    if entry & DENSE_EXTENDED:
        entry = dense.blocks[(entry & ~DENSE_EXTENDED) * BLOCK + (address & 0xFF)]
    if wire_likely(entry):
        return entry & DENSE_MAX
    return dense.wide[address >> 24] & DENSE_MAX

cdef inline void dense_prefetch(const Dense* dense, uint32_t address) noexcept nogil:
    wire_prefetch(&dense.entries[address >> 8])
