"""Segments of a super-frame that last the turn: for whoever emits them instead of sending them at once (see Segmenter in offload)."""

from libc.stdint cimport uint32_t

from fastpath.frame cimport Frame
from fastpath.graph cimport Head
from fastpath.offload cimport Segmenter

cdef struct Pieces:
    Segmenter segmenter
    Head* head                    # of the node that splits
    Frame* frame
    uint32_t own

# Counts the split. False: the frame was dropped. `own`: octets that a piece shall have in its first part, at most HEAD + HEADROOM.
cdef bint pieces_begin(Pieces* pieces, Head* head, Frame* frame, uint32_t own) noexcept nogil
# The next: headers of its own in a slot, the payload where the frame has it. NULL: that was the last; what found no slot is dropped.
cdef Frame* pieces_next(Pieces* pieces) noexcept nogil
