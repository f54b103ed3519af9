"""Where fragments wait for the rest of their datagrams: records and blocks from pools that are fixed when made.

    Datagram   one under way; in the table by its key, in the list of its family and in that of its source, both by age
    Block      2 KiB of it, where its octets lie in order; a bit for each 8 says what is there, another where a fragment begins
    Piece      one fragment that waits
    Source     a host, as long as datagrams of it wait: what it holds, so that one host's do not starve others'

Nothing here is counted or dropped; `reassembly` does that.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from fastpath.fragmentheader cimport HEADER_MAX
from fastpath.ip cimport Address
from fastpath.table cimport Table

cdef enum:
    BLOCK_OCTETS = 2048
    BLOCK_WORDS = BLOCK_OCTETS // 8 // 64
    BLOCKS_MAX = 32               # of one datagram: 65,535 octets
    SHARE = 4                     # one source may hold a quarter of the memory
    NONE = 0xFFFFFFFF

cdef struct Block:
    uint64_t[BLOCK_WORDS] there   # bit n: octets 8n to 8n+7 have come
    uint64_t[BLOCK_WORDS] starts  # bit n: a fragment begins here
    uint8_t[BLOCK_OCTETS] octets

cdef struct Piece:                # a fragment that waits
    uint32_t next                 # of the same datagram, or of the free ones
    uint32_t ingress              # the port it came in by
    uint64_t record
    uint16_t offset
    uint16_t length

cdef struct Links:                # in a list, by age
    uint32_t older
    uint32_t newer

cdef struct Ends:                 # of such a list
    uint32_t oldest
    uint32_t newest

cdef enum:
    FAMILY = 0
    SIBLINGS = 1

cdef struct Datagram:
    Address source
    Address target
    uint32_t id
    uint16_t interface
    uint8_t protocol              # IPv4; 0 in IPv6, where it is no part of the key
    uint8_t version
    uint64_t key                  # of all this, in the table
    int64_t began
    Links[2] links                # in the list of its family (FAMILY), and of its source (SIBLINGS)
    uint32_t owner                # the Source
    uint32_t first_piece
    uint32_t last_piece
    uint32_t n_pieces
    uint32_t n_blocks
    uint32_t octets               # that have come
    uint32_t length               # in all; 0: not known
    uint32_t end                  # of what has come
    uint32_t largest              # IP packet among the fragments
    uint32_t largest_df           # among those with DF
    uint8_t ecn                   # bit n: a fragment had ECN field n
    bint begun                    # the fragment with offset 0 is there: `header` is its own
    uint16_t network              # offset of the IP header in `header`
    uint16_t header_length        # without an IPv6 Fragment header
    uint16_t following            # IPv6: offset of the number of what follows the headers, in `header`
    uint32_t[BLOCKS_MAX] blocks
    uint8_t[HEADER_MAX] header

cdef struct Source:               # a host on an interface, whose datagrams wait
    uint64_t key                  # of both, in the table
    Ends datagrams
    uint32_t n_datagrams
    uint32_t n_blocks
    uint32_t n_pieces

cdef struct Pool:                 # of records of one kind
    uint32_t first                # the first free one
    uint32_t free
    uint32_t count

cdef struct Datagrams:
    Table table                   # of datagrams and of sources; 64-bit keyed hashes stand for both
    Datagram* records
    Source* sources
    Block* blocks
    Piece* pieces
    Pool record_pool
    Pool source_pool
    Pool block_pool
    Pool piece_pool
    Ends[2] families              # IPv4, IPv6

# Room for so many datagrams and octets (at least 264 KiB). Errors: MemoryError.
cdef int datagrams_init(Datagrams* datagrams, uint32_t count, size_t octets, uint64_t seed) except -1
cdef void datagrams_free(Datagrams* datagrams) noexcept
# The number of the datagram with the wanted one's addresses, id, interface, protocol and version; sets wanted.key. NONE: there is none.
# `clash`: its key stands for another one.
cdef uint32_t datagrams_find(const Datagrams* datagrams, Datagram* wanted, bint* clash) noexcept nogil
# Its source's number, or NONE.
cdef uint32_t datagrams_owner(const Datagrams* datagrams, const Datagram* wanted) noexcept nogil
# A new one like `wanted`, as datagrams_find left it. NONE: no record is free, or the table cannot take it.
cdef uint32_t datagrams_open(Datagrams* datagrams, const Datagram* wanted, int64_t now) noexcept nogil
# It is no more; its blocks and pieces are free.
cdef void datagrams_close(Datagrams* datagrams, uint32_t number) noexcept nogil
# A block with nothing in it; one must be free.
cdef uint32_t datagrams_block(Datagrams* datagrams) noexcept nogil
# The oldest of all, or NONE.
cdef uint32_t datagrams_oldest(const Datagrams* datagrams) noexcept nogil
