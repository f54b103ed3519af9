"""Bits of a block are counted a word at a time: a fragment of 1,480 octets is 185 of them, in at most four words."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy

from fastpath.datagrams cimport BLOCK_OCTETS, BLOCK_WORDS, BLOCKS_MAX, NONE, Block, Datagram, Datagrams, Piece, datagrams_block

cdef extern from *:
    """
    #define holes_ones(x) __builtin_popcountll(x)
    """
    uint32_t holes_ones(uint64_t) noexcept nogil


cdef inline uint64_t bits(uint32_t first, uint32_t end) noexcept nogil:
    """Bits `first` to `end` - 1 of 64."""
    return (~<uint64_t>0 << first) & (~<uint64_t>0 >> (64 - end))


cdef uint32_t datagram_lacks(const Datagram* datagram, uint32_t offset, uint32_t end) noexcept nogil:
    cdef uint32_t lacking = 0
    cdef uint32_t n
    for n in range(offset // BLOCK_OCTETS, (end - 1) // BLOCK_OCTETS + 1):
        lacking += datagram.blocks[n] == NONE
    return lacking


cdef Cover datagram_cover(const Datagrams* datagrams, const Datagram* datagram, uint32_t offset, uint32_t end) noexcept nogil:
    cdef uint32_t unit = offset // 8
    cdef uint32_t after = (end + 7) // 8
    cdef uint32_t there = 0
    cdef uint32_t starts = 0
    cdef uint32_t stop, word
    cdef bint begins = False
    cdef const Block* block
    cdef uint64_t mask
    while unit < after:
        stop = min(after, (unit | 63) + 1)
        if datagram.blocks[unit // (BLOCK_OCTETS // 8)] != NONE:
            block = &datagrams.blocks[datagram.blocks[unit // (BLOCK_OCTETS // 8)]]
            word = unit // 64 % BLOCK_WORDS
            mask = bits(unit & 63, ((stop - 1) & 63) + 1)
            there += holes_ones(block.there[word] & mask)
            starts += holes_ones(block.starts[word] & mask)
            if unit == offset // 8:
                begins = block.starts[word] >> (unit & 63) & 1
        unit = stop
    if there == 0:
        return FREE
    if there != after - offset // 8 or starts != 1 or not begins:
        return OVERLAP
    # It begins where one does and none begins within: it ends there too if one begins behind it, or nothing is there.
    if after < BLOCKS_MAX * BLOCK_OCTETS // 8 and datagram.blocks[after // (BLOCK_OCTETS // 8)] != NONE:
        block = &datagrams.blocks[datagram.blocks[after // (BLOCK_OCTETS // 8)]]
        mask = <uint64_t>1 << (after & 63)
        word = after // 64 % BLOCK_WORDS
        if block.there[word] & mask and not block.starts[word] & mask:
            return OVERLAP
    return AGAIN


cdef uint8_t* datagram_place(Datagrams* datagrams, Datagram* datagram, uint32_t offset, uint32_t* n) noexcept nogil:
    cdef uint32_t* number = &datagram.blocks[offset // BLOCK_OCTETS]
    if number[0] == NONE:
        number[0] = datagrams_block(datagrams)
        datagram.n_blocks += 1
        datagrams.sources[datagram.owner].n_blocks += 1
    n[0] = min(n[0], <uint32_t>BLOCK_OCTETS - offset % BLOCK_OCTETS)
    return datagrams.blocks[number[0]].octets + offset % BLOCK_OCTETS


cdef void datagram_mark(Datagrams* datagrams, Datagram* datagram, uint32_t offset, uint32_t end, uint32_t ingress,
                        uint64_t record) noexcept nogil:
    cdef uint32_t unit = offset // 8
    cdef uint32_t after = (end + 7) // 8
    cdef uint32_t number = datagrams.piece_pool.first
    cdef uint32_t stop
    cdef Block* block = &datagrams.blocks[datagram.blocks[offset // BLOCK_OCTETS]]
    cdef Piece* piece = &datagrams.pieces[number]
    block.starts[unit // 64 % BLOCK_WORDS] |= <uint64_t>1 << (unit & 63)
    while unit < after:
        stop = min(after, (unit | 63) + 1)
        block = &datagrams.blocks[datagram.blocks[unit // (BLOCK_OCTETS // 8)]]
        block.there[unit // 64 % BLOCK_WORDS] |= bits(unit & 63, ((stop - 1) & 63) + 1)
        unit = stop
    datagrams.piece_pool.first = piece.next
    datagrams.piece_pool.free -= 1
    piece[0] = Piece(NONE, ingress, record, <uint16_t>offset, <uint16_t>(end - offset))
    if datagram.n_pieces == 0:
        datagram.first_piece = number
    else:
        datagrams.pieces[datagram.last_piece].next = number
    datagram.last_piece = number
    datagram.n_pieces += 1
    datagrams.sources[datagram.owner].n_pieces += 1
    datagram.octets += end - offset
    datagram.end = max(datagram.end, end)


cdef void datagram_copy(const Datagrams* datagrams, const Datagram* datagram, uint32_t offset, uint8_t* to, uint32_t n) noexcept nogil:
    cdef uint32_t part
    while n:
        part = min(n, <uint32_t>BLOCK_OCTETS - offset % BLOCK_OCTETS)
        memcpy(to, datagrams.blocks[datagram.blocks[offset // BLOCK_OCTETS]].octets + offset % BLOCK_OCTETS, part)
        offset += part
        to += part
        n -= part
