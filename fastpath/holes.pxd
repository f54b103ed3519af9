"""What of a datagram has come and what is still a hole, by bits instead of RFC 815's list: no search, whatever the order.

Offsets are multiples of 8, and so is the length of every fragment but the last: a bit for each 8 octets says all.
"""

from libc.stdint cimport uint8_t, uint32_t, uint64_t

from fastpath.datagrams cimport Datagram, Datagrams

cdef enum Cover:                  # how a new fragment lies to those that are there
    FREE
    AGAIN                         # exactly where one lies
    OVERLAP

# Blocks that are still to be made for octets from `offset` to `end`.
cdef uint32_t datagram_lacks(const Datagram* datagram, uint32_t offset, uint32_t end) noexcept nogil
cdef Cover datagram_cover(const Datagrams* datagrams, const Datagram* datagram, uint32_t offset, uint32_t end) noexcept nogil
# A place for `n` octets, at most up to the end of a block, made if needed: a block must be free.
cdef uint8_t* datagram_place(Datagrams* datagrams, Datagram* datagram, uint32_t offset, uint32_t* n) noexcept nogil
# A fragment has come: marked, and a Piece more, which must be free.
cdef void datagram_mark(Datagrams* datagrams, Datagram* datagram, uint32_t offset, uint32_t end, uint32_t ingress,
                        uint64_t record) noexcept nogil
# `n` octets from `offset` on, which are there.
cdef void datagram_copy(const Datagrams* datagrams, const Datagram* datagram, uint32_t offset, uint8_t* to, uint32_t n) noexcept nogil
