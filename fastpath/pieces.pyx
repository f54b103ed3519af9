"""A piece is a clone whose headers are a segment's."""

from libc.stdint cimport uint8_t, uint32_t
from libc.string cimport memcpy

from fastpath.arena cimport HEAD, HEADROOM, take
from fastpath.counters cimport TURN_BUDGET, Reason
from fastpath.frame cimport SHARED, Frame
from fastpath.graph cimport Head, drop
from fastpath.offload cimport WILL_DO, segmenter_begin, segmenter_next


cdef bint pieces_begin(Pieces* pieces, Head* head, Frame* frame) noexcept nogil:
    cdef int reason = segmenter_begin(&pieces.segmenter, frame)
    pieces.head = head
    pieces.frame = frame
    if reason != WILL_DO:
        drop(head, frame, <Reason>reason)
        return False
    head.counters.cloned += pieces.segmenter.count - 1
    return True


cdef Frame* pieces_next(Pieces* pieces) noexcept nogil:
    cdef Frame* piece
    cdef Frame* segment
    cdef uint8_t* data
    cdef uint32_t more
    while True:
        segment = segmenter_next(&pieces.segmenter)
        if segment == NULL:
            return NULL
        piece = NULL
        # What of a clone's own part goes along with the headers may be too long for a slot of clones.
        if segment.head <= HEAD + HEADROOM:
            piece = take(&pieces.head.core.arena.clones, HEADROOM)
        if piece != NULL:
            break
        drop(pieces.head, pieces.frame, TURN_BUDGET)
    data = piece.data
    piece[0] = segment[0]
    piece.data = data
    piece.room = HEADROOM
    memcpy(data, segment.data, segment.head)
    if piece.tail != NULL and piece.head < HEAD:
        # Behind a transport's header there may be others: of a datagram in a tunnel, all that it carries.
        more = min(<uint32_t>HEAD, piece.length) - piece.head
        memcpy(data + piece.head, piece.tail, more)
        piece.head += more
        piece.tail = piece.tail + more if piece.head < piece.length else NULL
    pieces.frame.flags |= SHARED
    return piece
