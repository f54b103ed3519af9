"""Who goes when memory is short: the oldest, but who has had his share goes first at his own cost."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t
from libc.string cimport memcpy, memset

from fastpath.arena cimport HEADROOM
from fastpath.counters cimport FRAGMENT_LIMIT, Reason
from fastpath.datagrams cimport (
    NONE, SHARE, Datagram, Datagrams, Piece, Source, datagrams_close, datagrams_oldest, datagrams_open, datagrams_owner,
)
from fastpath.fragmentheader cimport DONT_FRAGMENT, FRAGMENT_HEADER, FRAGMENT_PROTOCOL, MORE_FRAGMENTS
from fastpath.frame cimport HOPS, Frame
from fastpath.graph cimport Head, drop
from fastpath.holes cimport datagram_copy
from fastpath.wire cimport fold, load16, store16, store32, sum_octets


cdef void restore(Reassembly* reassembly, const Datagram* datagram, uint32_t offset, uint32_t length) noexcept nogil:
    cdef uint8_t* octets = reassembly.scratch + HEADROOM
    cdef uint8_t* ip = octets + datagram.network
    cdef uint32_t header = datagram.header_length
    cdef bint more = not (datagram.length and offset + length == datagram.length)
    cdef uint16_t checksum
    memcpy(octets, datagram.header, header)
    if datagram.version == 4:
        store16(ip + 2, <uint16_t>(header - datagram.network + length))
        store16(ip + 6, (load16(ip + 6) & DONT_FRAGMENT) | (MORE_FRAGMENTS if more else 0) | <uint16_t>(offset // 8))
        store16(ip + 10, 0)
        checksum = <uint16_t>~fold(sum_octets(ip, header - datagram.network, 0))
        memcpy(ip + 10, &checksum, 2)
    else:
        octets[header] = octets[datagram.following]
        octets[datagram.following] = FRAGMENT_PROTOCOL
        octets[header + 1] = 0
        store16(octets + header + 2, <uint16_t>(offset | more))
        store32(octets + header + 4, datagram.id)
        header += FRAGMENT_HEADER
        store16(ip + 4, <uint16_t>(header - datagram.network - 40 + length))
    datagram_copy(&reassembly.memory, datagram, offset, octets + header, length)
    reassembly.frame.head = reassembly.frame.length = header + length


cdef void abandon_pieces(Reassembly* reassembly, Head* head, const Datagram* datagram, Reason reason) noexcept nogil:
    cdef uint32_t number = datagram.first_piece
    cdef Piece* piece
    memset(&reassembly.frame, 0, sizeof(Frame))
    reassembly.frame.data = reassembly.scratch + HEADROOM
    reassembly.frame.room = HEADROOM
    reassembly.frame.hops = HOPS
    while number != NONE:
        piece = &reassembly.memory.pieces[number]
        if head.core.on_drop != NULL:
            # Somebody writes dropped frames down.
            restore(reassembly, datagram, piece.offset, piece.length)
        reassembly.frame.ingress = piece.ingress
        reassembly.frame.record = piece.record
        head.counters.held -= 1
        drop(head, &reassembly.frame, reason)
        number = piece.next


cdef void abandon(Reassembly* reassembly, Head* head, uint32_t number, Reason reason) noexcept nogil:
    abandon_pieces(reassembly, head, &reassembly.memory.records[number], reason)
    datagrams_close(&reassembly.memory, number)


cdef uint32_t make_record(Reassembly* reassembly, Head* head, const Datagram* wanted, int64_t now) noexcept nogil:
    cdef Datagrams* memory = &reassembly.memory
    cdef uint32_t owner = datagrams_owner(memory, wanted)
    cdef uint32_t victim = NONE
    if owner != NONE and memory.sources[owner].n_datagrams >= max(memory.record_pool.count // SHARE, <uint32_t>1):
        victim = memory.sources[owner].datagrams.oldest
    elif memory.record_pool.free == 0:
        victim = datagrams_oldest(memory)
    if victim != NONE:
        reassembly.counters.evicted += 1
        abandon(reassembly, head, victim, FRAGMENT_LIMIT)
    return datagrams_open(memory, wanted, now)


cdef bint make_room(Reassembly* reassembly, Head* head, uint32_t number, uint32_t blocks) noexcept nogil:
    cdef Datagrams* memory = &reassembly.memory
    cdef Source* source = &memory.sources[memory.records[number].owner]
    cdef uint32_t victim
    while True:
        if source.n_blocks + blocks > memory.block_pool.count // SHARE or source.n_pieces + 1 > memory.piece_pool.count // SHARE:
            victim = source.datagrams.oldest
        elif memory.block_pool.free < blocks or memory.piece_pool.free == 0:
            victim = datagrams_oldest(memory)
        else:
            return True
        reassembly.counters.evicted += 1
        abandon(reassembly, head, victim, FRAGMENT_LIMIT)
        if victim == number:
            return False
