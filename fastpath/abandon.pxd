"""How fragments end that wait for the rest: each is dropped and counted, for whatever reason, so that its memory can be used again."""

from libc.stdint cimport int64_t, uint32_t

from fastpath.counters cimport Reason
from fastpath.datagrams cimport Datagram
from fastpath.graph cimport Head
from fastpath.reassembly cimport Reassembly

# All fragments of a datagram end; it is no more.
cdef void abandon(Reassembly* reassembly, Head* head, uint32_t number, Reason reason) noexcept nogil
# They end, but the datagram is still there.
cdef void abandon_pieces(Reassembly* reassembly, Head* head, const Datagram* datagram, Reason reason) noexcept nogil
# The fragment that brought these octets, put together again as reassembly.frame, under the header that is the datagram's.
cdef void restore(Reassembly* reassembly, const Datagram* datagram, uint32_t offset, uint32_t length) noexcept nogil
# A record for a new datagram, if need be in place of the oldest, or of its source's oldest; NONE if even so there is none.
cdef uint32_t make_record(Reassembly* reassembly, Head* head, const Datagram* wanted, int64_t now) noexcept nogil
# So many blocks and a Piece for a datagram's next fragment, at the cost of the oldest. False: that was the datagram itself.
cdef bint make_room(Reassembly* reassembly, Head* head, uint32_t number, uint32_t blocks) noexcept nogil
