"""Datagrams put together from fragments (RFC 791, 3.2; RFC 8200, 4.5), in memory fixed when made.

A fragment's octets are copied to where they belong in the datagram (see datagrams.pxd), and what is there is known by bits, so that order
does not matter and overlaps are seen without a search. What becomes of a fragment:

    it waits                         counted as held; with it the datagram may be whole
    exact duplicate                  consumed, counted as a duplicate
    overlaps another otherwise       all of the datagram is dropped: FRAGMENT_OVERLAP (RFC 8200, 4.5; RFC 5722; IPv4 as Linux)
    impossible offset or length      dropped, FRAGMENT_INVALID; if it contradicts the others, all of the datagram is
    no memory left                   the oldest datagram is dropped: FRAGMENT_LIMIT; the source's own if it has its share
    the rest does not come           dropped, FRAGMENT_TIMEOUT, 30 s (IPv4) or 60 s (IPv6) after the first

When a datagram is whole the fragments before the last are consumed, and the last goes on as the whole packet. As all datagrams
of a family live equally long, the oldest is always first in its list: expiry needs no search.

After an overlap the rest of the datagram begins a new one, which times out; nothing is remembered of those dropped, or whoever
sends such fragments would fill the memory with that.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from fastpath.counters cimport Reason
from fastpath.datagrams cimport Datagrams
from fastpath.frame cimport Frame
from fastpath.graph cimport Head
from fastpath.ip cimport Packet

cdef int64_t TIMEOUT_IPV4         # 30 s: Linux's net.ipv4.ipfrag_time; RFC 1122, 3.3.2 recommends 60 to 120, RFC 791 began with 15
cdef int64_t TIMEOUT_IPV6         # 60 s: RFC 8200, 4.5

cdef struct ReassemblyCounters:
    uint64_t whole                # datagrams completed
    uint64_t duplicates           # fragments
    uint64_t expired              # datagrams
    uint64_t evicted

cdef struct Expired:              # what an error about a time-out needs
    Frame* frame                  # the first fragment; NULL: it never came, and no error is sent (RFC 792; RFC 8200, 4.5)
    uint16_t interface

cdef struct Reassembly:
    Datagrams memory
    uint32_t pointer              # after FRAGMENT_INVALID, IPv6: offset in the packet of the field to blame, 0: none (RFC 8200, 4.5)
    Frame frame                   # of a fragment that ends after it was held
    uint8_t* scratch              # where its octets are put together
    ReassemblyCounters counters

# Room for so many datagrams and octets (at least 264 KiB). Errors: MemoryError.
cdef int reassembly_init(Reassembly* reassembly, uint32_t datagrams, size_t octets, uint64_t seed) except -1
cdef void reassembly_free(Reassembly* reassembly) noexcept
# Take in a fragment (packet.fragment is FIRST or LATER), and count it at `head`, the node's. Returns the whole packet, to be read anew:
# in the fragment's own slot or another, `largest` is the size of the largest IP packet it came in, and its DF is set if
# that one had it (so Linux fragments again: to `largest` or the MTU, whichever is less). NULL: it waits or has met its end.
cdef Frame* reassembly_add(Reassembly* reassembly, Head* head, const Packet* packet, int64_t now, uint32_t* largest) noexcept nogil
# End the oldest datagram if its time is up: True, its fragments dropped and counted; call again. `expired` holds until then.
cdef bint reassembly_expire(Reassembly* reassembly, Head* head, int64_t now, Expired* expired) noexcept nogil
# When the next one's time is up; NEVER (graph.pxd) if none waits.
cdef int64_t reassembly_due(const Reassembly* reassembly) noexcept nogil
# Drop all that came by an interface which is no more, for the reason.
cdef void reassembly_forget(Reassembly* reassembly, Head* head, uint16_t interface, Reason reason) noexcept nogil
