"""Datagrams put together from fragments (RFC 791, 3.2; RFC 815; RFC 8200, 4.5), in memory fixed when made.

A datagram under way is a record and up to 33 blocks of 2 KiB, each for one part of it: a fragment's octets are copied to where they
belong. A bit for each 8 octets of a block says what is there, another where a fragment begins, so that order does not
matter and overlaps are seen without a search. Fragments that are ends of nothing:

    exact duplicate                  consumed, counted as a duplicate
    overlaps another otherwise       all of the datagram is dropped: FRAGMENT_OVERLAP (RFC 8200, 4.5; RFC 5722; IPv4 as Linux)
    impossible offset or length      dropped, FRAGMENT_INVALID; if it contradicts the others, all of the datagram is
    no memory left                   the oldest datagram is dropped: FRAGMENT_LIMIT; of the same source if that has its share
    the rest does not come           dropped, FRAGMENT_TIMEOUT, 30 s (IPv4) or 60 s (IPv6) after the first

States of a record:  free -> waits (in the list of its family, by age, and in that of its source) -> free.
Each fragment that waits is counted as held. When a datagram is whole the fragments before the last are consumed, and the last goes
on as the whole packet. As one family's datagrams live equally long, the oldest is always first in its list: expiry needs no search.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from fastpath.counters cimport Reason
from fastpath.frame cimport Frame
from fastpath.graph cimport Head
from fastpath.ip cimport Address, Packet
from fastpath.table cimport Table

cdef enum:
    BLOCK_OCTETS = 2048
    BLOCKS_MAX = 33               # of one datagram: 65,535 octets of payload and what the header takes less
    HEADER_MAX = 256              # link, IP and extension headers of a fragment; longer: FRAGMENT_INVALID
    SHARE = 4                     # one source may hold a quarter of the memory

cdef int64_t TIMEOUT_IPV4         # 30 s: Linux's net.ipv4.ipfrag_time; RFC 1122, 3.3.2 recommends 60 to 120, RFC 791 began with 15
cdef int64_t TIMEOUT_IPV6         # 60 s: RFC 8200, 4.5

cdef struct Block:
    uint64_t[BLOCK_OCTETS // 512] there   # bit n: octets 8n to 8n+7 have come
    uint64_t[BLOCK_OCTETS // 512] starts  # bit n: a fragment begins here
    uint8_t[BLOCK_OCTETS] octets

cdef struct Piece:                # a fragment that waits
    uint32_t next                 # of the same datagram, or of the free ones
    uint32_t ingress              # the port it came in by
    uint64_t record
    uint32_t offset
    uint32_t length

cdef struct Datagram:
    Address source
    Address target
    uint32_t id
    uint16_t interface
    uint8_t protocol              # IPv4; 0 in IPv6, where it is no part of the key
    uint8_t version
    uint64_t key                  # of all this, in the table
    int64_t began
    uint32_t older                # in the list of its family; free records are linked by `newer`
    uint32_t newer
    uint32_t source_older         # in the list of its source
    uint32_t source_newer
    uint32_t owner                # the Source
    uint32_t pieces               # newest first
    uint32_t n_pieces
    uint32_t n_blocks
    uint32_t octets               # that have come
    uint32_t length               # in all; 0: not known
    uint32_t end                  # of what has come
    uint32_t largest              # IP packet among the fragments
    uint32_t largest_df           # among those with DF
    uint8_t ecn                   # bit n: a fragment had ECN field n
    bint first                    # the fragment with offset 0 is there: `header` is its own
    uint16_t network              # offset of the IP header in `header`
    uint16_t header_length        # without an IPv6 Fragment header
    uint16_t following            # IPv6: offset of the number of what follows the headers, in `header`
    uint32_t[BLOCKS_MAX] blocks
    uint8_t[HEADER_MAX] header

cdef struct Source:               # a host whose datagrams wait
    Address address
    uint16_t interface
    uint64_t key
    uint32_t oldest
    uint32_t newest
    uint32_t n_datagrams
    uint32_t n_blocks
    uint32_t n_pieces

cdef struct ReassemblyCounters:
    uint64_t whole                # datagrams completed
    uint64_t duplicates
    uint64_t expired              # datagrams
    uint64_t evicted

cdef struct Expired:              # what an error about a time-out needs
    Frame* frame                  # the first fragment, as far as an error quotes it; NULL: it never came, and no error is sent
    uint16_t interface

cdef struct Reassembly:
    Table table                   # of datagrams, and of sources
    Datagram* datagrams
    Source* sources
    Block* blocks
    Piece* pieces
    uint32_t n_datagrams          # of each, in all
    uint32_t n_blocks
    uint32_t n_pieces
    uint32_t free_datagram        # first of each that is free
    uint32_t free_source
    uint32_t free_block
    uint32_t free_piece
    uint32_t[2] oldest            # of each family
    uint32_t[2] newest
    uint64_t secret
    uint32_t pointer              # after FRAGMENT_INVALID, IPv6: offset in the packet of the field to blame, 0: none (RFC 8200, 4.5)
    Frame frame                   # of a fragment that is dropped after it was held
    uint8_t* scratch              # where its octets are put together
    ReassemblyCounters counters

# Room for so many datagrams and octets (at least 256 KiB). Errors: MemoryError.
cdef int reassembly_init(Reassembly* reassembly, uint32_t datagrams, size_t octets, uint64_t seed) except -1
cdef void reassembly_free(Reassembly* reassembly) noexcept
# Take in a fragment (packet.fragment is FIRST or LATER), and count it at `head`, the node's. Returns the whole packet, read it anew:
# in a large slot or the fragment's own, `largest` is the size of the largest IP packet it came in, and its DF is set if
# that one had it (so Linux fragments again). NULL: the fragment waits or has met its end.
cdef Frame* reassembly_add(Reassembly* reassembly, Head* head, const Packet* packet, int64_t now, uint32_t* largest) noexcept nogil
# End the oldest datagram if its time is up: True, its fragments dropped and counted; call again. `expired` holds until then.
cdef bint reassembly_expire(Reassembly* reassembly, Head* head, int64_t now, Expired* expired) noexcept nogil
# When the next one's time is up; NEVER (graph.pxd) if none waits.
cdef int64_t reassembly_due(const Reassembly* reassembly) noexcept nogil
# Drop all that came by an interface which is no more, for the reason.
cdef void reassembly_forget(Reassembly* reassembly, Head* head, uint16_t interface, Reason reason) noexcept nogil
