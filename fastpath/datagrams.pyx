"""Pools and lists. A free record is linked by a field that it does not need meanwhile."""

from libc.stdint cimport int64_t, uint32_t, uint64_t
from libc.string cimport memset

from fastpath.ip cimport Address, same
from fastpath.pages cimport pages, unpages
from fastpath.table cimport table_erase, table_find, table_free, table_home, table_init, table_insert, table_mix

cdef enum:
    PIECES = 2                # for each block: more fragments than that of 1 KiB each would not fit anyway
    BLOCKS_MIN = BLOCKS_MAX * SHARE
    SOURCE_MARK = 1 << 24     # in the key of a source, where a datagram has its version


# -- pools ------------------------------------------------------------------------------------------------------------------


cdef int datagrams_init(Datagrams* datagrams, uint32_t count, size_t octets, uint64_t seed) except -1:
    cdef uint32_t blocks = <uint32_t>max(octets // sizeof(Block), <size_t>BLOCKS_MIN)
    cdef uint32_t n
    count = max(count, <uint32_t>1)
    memset(datagrams, 0, sizeof(Datagrams))
    # Set first, because free needs them.
    datagrams.record_pool = Pool(0, count, count)
    datagrams.source_pool = Pool(0, count, count)
    datagrams.block_pool = Pool(0, blocks, blocks)
    datagrams.piece_pool = Pool(0, blocks * PIECES, blocks * PIECES)
    table_init(&datagrams.table, 2 * count, seed)
    datagrams.records = <Datagram*>pages(count * sizeof(Datagram), False)
    datagrams.sources = <Source*>pages(count * sizeof(Source), False)
    datagrams.blocks = <Block*>pages(blocks * sizeof(Block), False)
    datagrams.pieces = <Piece*>pages(blocks * PIECES * sizeof(Piece), False)
    if datagrams.records == NULL or datagrams.sources == NULL or datagrams.blocks == NULL or datagrams.pieces == NULL:
        raise MemoryError(f"reassembly: {count} datagrams, {octets} octets")
    for n in range(count):
        datagrams.records[n].links[FAMILY].newer = n + 1
        datagrams.sources[n].datagrams.newest = n + 1
    for n in range(blocks * PIECES):
        datagrams.pieces[n].next = n + 1
    for n in range(2):
        datagrams.families[n] = Ends(NONE, NONE)
    return 0


cdef void datagrams_free(Datagrams* datagrams) noexcept:
    table_free(&datagrams.table)
    unpages(datagrams.records, datagrams.record_pool.count * sizeof(Datagram), False)
    unpages(datagrams.sources, datagrams.source_pool.count * sizeof(Source), False)
    unpages(datagrams.blocks, datagrams.block_pool.count * sizeof(Block), False)
    unpages(datagrams.pieces, datagrams.piece_pool.count * sizeof(Piece), False)
    datagrams.records = NULL
    datagrams.sources = NULL
    datagrams.blocks = NULL
    datagrams.pieces = NULL


cdef uint32_t datagrams_block(Datagrams* datagrams) noexcept nogil:
    """A block with nothing in it. Those never used are zero and linked to the next, so that init need not touch them all."""
    cdef uint32_t number = datagrams.block_pool.first
    cdef Block* block = &datagrams.blocks[number]
    datagrams.block_pool.first = <uint32_t>block.there[0] - 1 if block.there[0] else number + 1
    datagrams.block_pool.free -= 1
    memset(block.there, 0, sizeof(block.there))
    memset(block.starts, 0, sizeof(block.starts))
    return number


cdef void give_block(Datagrams* datagrams, uint32_t number) noexcept nogil:
    datagrams.blocks[number].there[0] = <uint64_t>datagrams.block_pool.first + 1
    datagrams.block_pool.first = number
    datagrams.block_pool.free += 1


# -- lists ------------------------------------------------------------------------------------------------------------------


cdef uint32_t datagrams_oldest(const Datagrams* datagrams) noexcept nogil:
    cdef uint32_t first = datagrams.families[0].oldest
    cdef uint32_t second = datagrams.families[1].oldest
    if first == NONE or (second != NONE and datagrams.records[second].began < datagrams.records[first].began):
        return second
    return first


cdef void enlist(Datagrams* datagrams, Ends* ends, uint32_t which, uint32_t number) noexcept nogil:
    """The youngest of a list."""
    datagrams.records[number].links[which] = Links(ends.newest, NONE)
    if ends.newest == NONE:
        ends.oldest = number
    else:
        datagrams.records[ends.newest].links[which].newer = number
    ends.newest = number


cdef void delist(Datagrams* datagrams, Ends* ends, uint32_t which, uint32_t number) noexcept nogil:
    cdef Links links = datagrams.records[number].links[which]
    if links.older == NONE:
        ends.oldest = links.newer
    else:
        datagrams.records[links.older].links[which].newer = links.newer
    if links.newer == NONE:
        ends.newest = links.older
    else:
        datagrams.records[links.newer].links[which].older = links.older


# -- the table --------------------------------------------------------------------------------------------------------------


cdef uint64_t key_of(const Datagrams* datagrams, const Address* source, uint64_t first, uint64_t second) noexcept nogil:
    """A keyed hash, so that nobody can make two alike from outside. Never 0, which means "empty" in the table."""
    cdef uint64_t key = table_mix(source.high ^ datagrams.table.secret0, datagrams.table.secret1)
    key = table_mix(key ^ source.low, datagrams.table.secret1)
    key = table_mix(key ^ first, datagrams.table.secret1)
    key = table_mix(key ^ second, datagrams.table.secret1)
    return key if key else 1


cdef uint32_t datagrams_find(const Datagrams* datagrams, Datagram* wanted, bint* clash) noexcept nogil:
    cdef uint64_t rest = <uint64_t>wanted.id << 32 | <uint64_t>wanted.version << 24 | <uint64_t>wanted.protocol << 16 | wanted.interface
    cdef uint64_t* value
    cdef const Datagram* found
    wanted.key = key_of(datagrams, &wanted.source, key_of(datagrams, &wanted.target, 0, 0), rest)
    value = table_find(&datagrams.table, wanted.key, table_home(&datagrams.table, wanted.key))
    clash[0] = False
    if value == NULL:
        return NONE
    found = &datagrams.records[<uint32_t>value[0]]
    clash[0] = not (same(&found.source, &wanted.source) and same(&found.target, &wanted.target) and found.id == wanted.id
                    and found.interface == wanted.interface and found.protocol == wanted.protocol and found.version == wanted.version)
    return NONE if clash[0] else <uint32_t>value[0]


cdef uint32_t datagrams_owner(const Datagrams* datagrams, const Datagram* wanted) noexcept nogil:
    cdef uint64_t key = key_of(datagrams, &wanted.source, wanted.interface, SOURCE_MARK)
    cdef uint64_t* value = table_find(&datagrams.table, key, table_home(&datagrams.table, key))
    return NONE if value == NULL else <uint32_t>value[0]


cdef uint32_t own(Datagrams* datagrams, const Datagram* wanted) noexcept nogil:
    """The record of its source, made if it is the source's first; NONE if there can be none."""
    cdef uint64_t key = key_of(datagrams, &wanted.source, wanted.interface, SOURCE_MARK)
    cdef uint32_t number = datagrams_owner(datagrams, wanted)
    cdef Source* source
    if number != NONE:
        # Two sources of one key would share what they may hold; nothing worse, and nobody can make them.
        return number
    number = datagrams.source_pool.first
    if datagrams.source_pool.free == 0 or table_insert(&datagrams.table, key, table_home(&datagrams.table, key), number) == NULL:
        return NONE
    source = &datagrams.sources[number]
    datagrams.source_pool.first = source.datagrams.newest
    datagrams.source_pool.free -= 1
    memset(source, 0, sizeof(Source))
    source.key = key
    source.datagrams = Ends(NONE, NONE)
    return number


cdef void disown(Datagrams* datagrams, uint32_t number) noexcept nogil:
    """A source of which nothing waits is forgotten."""
    cdef Source* source = &datagrams.sources[number]
    if source.n_datagrams == 0:
        table_erase(&datagrams.table, source.key)
        source.datagrams.newest = datagrams.source_pool.first
        datagrams.source_pool.first = number
        datagrams.source_pool.free += 1


cdef uint32_t datagrams_open(Datagrams* datagrams, const Datagram* wanted, int64_t now) noexcept nogil:
    cdef uint32_t number = datagrams.record_pool.first
    cdef uint32_t owner, n
    cdef Datagram* datagram
    if datagrams.record_pool.free == 0:
        return NONE
    owner = own(datagrams, wanted)
    if owner == NONE:
        return NONE
    if table_insert(&datagrams.table, wanted.key, table_home(&datagrams.table, wanted.key), number) == NULL:
        disown(datagrams, owner)
        return NONE
    datagram = &datagrams.records[number]
    datagrams.record_pool.first = datagram.links[FAMILY].newer
    datagrams.record_pool.free -= 1
    datagram[0] = wanted[0]
    datagram.began = now
    datagram.owner = owner
    datagram.first_piece = datagram.last_piece = NONE
    for n in range(BLOCKS_MAX):
        datagram.blocks[n] = NONE
    enlist(datagrams, &datagrams.families[datagram.version == 6], FAMILY, number)
    enlist(datagrams, &datagrams.sources[owner].datagrams, SIBLINGS, number)
    datagrams.sources[owner].n_datagrams += 1
    return number


cdef void datagrams_close(Datagrams* datagrams, uint32_t number) noexcept nogil:
    cdef Datagram* datagram = &datagrams.records[number]
    cdef Source* source = &datagrams.sources[datagram.owner]
    cdef uint32_t n
    table_erase(&datagrams.table, datagram.key)
    delist(datagrams, &datagrams.families[datagram.version == 6], FAMILY, number)
    delist(datagrams, &source.datagrams, SIBLINGS, number)
    for n in range(BLOCKS_MAX):
        if datagram.blocks[n] != NONE:
            give_block(datagrams, datagram.blocks[n])
    if datagram.n_pieces:
        datagrams.pieces[datagram.last_piece].next = datagrams.piece_pool.first
        datagrams.piece_pool.first = datagram.first_piece
        datagrams.piece_pool.free += datagram.n_pieces
    source.n_datagrams -= 1
    source.n_blocks -= datagram.n_blocks
    source.n_pieces -= datagram.n_pieces
    disown(datagrams, datagram.owner)
    datagram.links[FAMILY].newer = datagrams.record_pool.first
    datagrams.record_pool.first = number
    datagrams.record_pool.free += 1
