"""What an outside without offloads needs: checksums completed, super-frames split into segments.

The facts about a frame (see `facts`) are all checked against the octets first.

A `Segmenter` goes through the segments of one frame. Each has a fresh copy of the headers, with headroom, and shares the
payload, which is never written; so no slot of the arena is used, and it does not matter who else reads the frame. A frame that
only wants its checksum is one segment.
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

from fastpath.arena cimport Arena, HEADROOM
from fastpath.facts cimport offload_check, offload_guess, offload_taken  # to be had from here too
from fastpath.frame cimport Frame
from fastpath.layout cimport HEADERS_MAX, Layout

cdef enum:
    SEGMENTS_MAX = 2048           # of one frame: 64 KiB in pieces of 32 octets
    WILL_DO = -1                  # what segmenter_begin returns when there is no reason to drop

cdef struct Segmenter:
    const Frame* frame
    Frame segment                 # what segmenter_next hands out
    Layout outer                  # of a UDP tunnel: network 0 if there is none
    Layout inner
    uint32_t header               # octets of headers, copied for each segment
    uint32_t size                 # octets of payload of each but the last
    uint32_t count                # segments in all
    uint32_t done
    uint64_t pseudo               # sum of the pseudo-header without its length field
    uint8_t[HEADERS_MAX] headers  # as they came
    uint8_t[HEADROOM + 2 * HEADERS_MAX] scratch

# WILL_DO, or the Reason to drop the frame for. The frame must stay as it is until the last segment.
cdef int segmenter_begin(Segmenter* segmenter, const Frame* frame) noexcept nogil
# The next segment, valid until the following call, or NULL.
cdef Frame* segmenter_next(Segmenter* segmenter) noexcept nogil

# A super-frame without a tunnel header, cut so that it has at most `longest` octets, and the rest as a frame of its own, which goes after
# it and may be too long still; the sender counts it as cloned. NULL: there is no rest, and `reason` is WILL_DO; or it is the Reason to
# drop the frame for. What leaves is what would have left: segments, checksums, identifications.
cdef Frame* offload_split(Arena* arena, Frame* frame, uint32_t longest, int* reason) noexcept nogil
