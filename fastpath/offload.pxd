"""What an outside without offloads needs: checksums completed, super-frames split into segments.

The facts come from whoever handed the frame over (a virtio header, at worst hostile) and are all checked against the octets
first. `check` does so where a frame enters the graph, so that nodes and MTU checks may trust them.

A `Segmenter` goes through the segments of one frame. Each has a fresh copy of the headers, with headroom, and shares the
payload, which is never written; so no slot of the arena is used, and it does not matter who else reads the frame. A frame that
only wants its checksum is one segment.
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

from fastpath.arena cimport HEADROOM
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

# The facts fit the octets; sets `header` to the true length of the headers, and makes an ordinary frame of a super-frame that
# needs no splitting. The frame is in one part. False: drop as BAD_OFFLOAD.
cdef bint offload_check(Frame* frame) noexcept nogil
# An outside with these abilities (port.TAKES_…) finishes the frame itself.
cdef bint offload_taken(const Frame* frame, uint32_t takes) noexcept nogil
# Captures keep no offload facts. Guess them: `complete` where a checksum is the pseudo-header's sum only, `segment` where a TCP
# or UDP packet is larger than the MTU.
cdef void offload_guess(Frame* frame, uint32_t mtu, bint complete, bint segment) noexcept nogil
# WILL_DO, or the Reason to drop the frame for. The frame must stay as it is until the last segment.
cdef int segmenter_begin(Segmenter* segmenter, const Frame* frame) noexcept nogil
# The next segment, valid until the following call, or NULL.
cdef Frame* segmenter_next(Segmenter* segmenter) noexcept nogil
