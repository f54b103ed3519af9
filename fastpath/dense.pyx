"""Ranges written and taken back."""

from libc.stdint cimport uint32_t, uint64_t
from libc.string cimport memset

from fastpath.pages cimport pages, unpages

cdef enum:
    ENTRIES = 1 << 24
    BLOCKS = 1 << 16


cdef bint dense_init(Dense* dense) noexcept:
    memset(dense, 0, sizeof(Dense))
    # Addresses come at random: a huge page saves each of them a miss of the TLB.
    dense.entries = <uint32_t*>pages(ENTRIES * sizeof(uint32_t), True)
    dense.blocks = <uint32_t*>pages(BLOCKS * BLOCK * sizeof(uint32_t), False)
    if dense.entries == NULL or dense.blocks == NULL:
        dense_free(dense)
        return False
    return True


cdef void dense_free(Dense* dense) noexcept:
    unpages(dense.entries, ENTRIES * sizeof(uint32_t), True)
    unpages(dense.blocks, BLOCKS * BLOCK * sizeof(uint32_t), False)
    dense.entries = dense.blocks = NULL


cdef inline uint32_t length_of(uint32_t entry) noexcept nogil:
    return entry >> LENGTH_SHIFT


cdef inline void write(uint32_t* entries, uint32_t n, uint32_t entry) noexcept nogil:
    """Over what is shorter, or as long: that is the prefix itself."""
    cdef uint32_t i
    for i in range(n):
        if length_of(entries[i]) <= length_of(entry):
            entries[i] = entry


cdef inline void replace(uint32_t* entries, uint32_t n, uint32_t length, uint32_t entry) noexcept nogil:
    """What a prefix of this length wrote: none but one can be around these."""
    cdef uint32_t i
    for i in range(n):
        if length_of(entries[i]) == length:
            entries[i] = entry


cdef uint32_t* block_of(Dense* dense, uint32_t at) noexcept nogil:
    """The block behind the entry, made if there is none; NULL: none is free."""
    cdef uint32_t entry = dense.entries[at]
    cdef uint32_t number, i
    cdef uint32_t* block
    if entry & DENSE_EXTENDED:
        return &dense.blocks[<uint64_t>(entry & ~DENSE_EXTENDED) * BLOCK]
    if dense.free:
        number = dense.free - 1
        dense.free = dense.blocks[<uint64_t>number * BLOCK]
    elif dense.n_blocks < <uint32_t>BLOCKS:
        number = dense.n_blocks
        dense.n_blocks += 1
    else:
        return NULL
    block = &dense.blocks[<uint64_t>number * BLOCK]
    for i in range(BLOCK):
        block[i] = entry
    dense.entries[at] = DENSE_EXTENDED | number
    return block


cdef void give_back(Dense* dense, uint32_t at) noexcept nogil:
    """The block behind the entry goes if nothing in it is longer than 24 bits: then all of it is alike."""
    cdef uint32_t number = dense.entries[at] & ~DENSE_EXTENDED
    cdef uint32_t* block = &dense.blocks[<uint64_t>number * BLOCK]
    cdef uint32_t i
    for i in range(BLOCK):
        if length_of(block[i]) > 24:
            return
    dense.entries[at] = block[0]
    block[0] = dense.free
    dense.free = number + 1


cdef bint dense_put(Dense* dense, uint32_t prefix, uint32_t length, uint32_t number) noexcept:
    cdef uint32_t entry = length << LENGTH_SHIFT | number
    cdef uint32_t at = prefix >> 8
    cdef uint32_t i
    cdef uint32_t* block
    if length < WIDE:
        write(&dense.wide[prefix >> 24], 1 << (8 - length), entry)
    elif length > 24:
        block = block_of(dense, at)
        if block == NULL:
            return False
        write(&block[prefix & 0xFF], 1 << (32 - length), entry)
    else:
        for i in range(at, at + (1 << (24 - length))):
            if dense.entries[i] & DENSE_EXTENDED:
                write(&dense.blocks[<uint64_t>(dense.entries[i] & ~DENSE_EXTENDED) * BLOCK], BLOCK, entry)
            elif length_of(dense.entries[i]) <= length:
                dense.entries[i] = entry
    return True


cdef void dense_remove(Dense* dense, uint32_t prefix, uint32_t length, uint32_t shorter, uint32_t number) noexcept:
    cdef uint32_t entry = shorter << LENGTH_SHIFT | number
    cdef uint32_t at = prefix >> 8
    cdef uint32_t i
    if length < WIDE:
        replace(&dense.wide[prefix >> 24], 1 << (8 - length), length, entry)
    elif length > 24:
        replace(&dense.blocks[<uint64_t>(dense.entries[at] & ~DENSE_EXTENDED) * BLOCK + (prefix & 0xFF)], 1 << (32 - length), length, entry)
        give_back(dense, at)
    else:
        for i in range(at, at + (1 << (24 - length))):
            if dense.entries[i] & DENSE_EXTENDED:
                replace(&dense.blocks[<uint64_t>(dense.entries[i] & ~DENSE_EXTENDED) * BLOCK], BLOCK, length, entry)
            elif length_of(dense.entries[i]) == length:
                dense.entries[i] = entry
