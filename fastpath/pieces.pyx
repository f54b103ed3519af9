"""A piece is a clone whose headers are a segment's."""

from libc.stdint cimport uint8_t, uint32_t
from libc.string cimport memcpy

from fastpath.arena cimport HEAD, HEADROOM, take
from fastpath.counters cimport TURN_BUDGET, Reason
from fastpath.frame cimport SHARED, Frame
from fastpath.graph cimport Head, drop
from fastpath.offload cimport WILL_DO, segmenter_begin, segmenter_next


cdef bint pieces_begin(Pieces* pieces, Head* head, Frame* frame, uint32_t own) noexcept nogil:
    cdef int reason = segmenter_begin(&pieces.segmenter, frame)
    pieces.head = head
    pieces.frame = frame
    pieces.own = own
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
        # A clone's slot holds no more than that of its own.
        if segment.head <= HEAD + HEADROOM:
            piece = take(&pieces.head.core.arena.clones, HEADROOM)
        if piece != NULL:
            break
        drop(pieces.head, pieces.frame, TURN_BUDGET)
    data = piece.data
    piece[0] = segment[0]
    piece.data = data
    memcpy(data, segment.data, segment.head)
    # Whoever reads on finds headers in the first part: of a tunnel packet the inner ones lie behind the segment's.
    more = min(segment.length, pieces.own)
    if more > segment.head:
        more -= segment.head
        memcpy(data + segment.head, segment.tail, more)
        piece.head += more
        piece.tail = segment.tail + more if piece.head < piece.length else NULL
    piece.room = min(<uint32_t>HEADROOM, HEAD + HEADROOM - piece.head)
    pieces.frame.flags |= SHARED
    return piece
