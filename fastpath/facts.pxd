"""Offload facts: what a frame's descriptor says that its sender's kernel has left undone, held against the octets.

They come from whoever handed the frame over (a virtio header, at worst hostile), or are guessed where a capture has lost them.
`offload_check` runs where a frame enters the graph, so that nodes and MTU checks may trust them.
"""

from libc.stdint cimport uint8_t, uint32_t

from fastpath.frame cimport Frame
from fastpath.layout cimport PROTOCOL_TCP, Layout

# The facts fit the octets; sets `header` to the true length of the headers, and makes an ordinary frame of a super-frame that
# needs no splitting. The frame is in one part. False: drop as BAD_OFFLOAD.
cdef bint offload_check(Frame* frame) noexcept nogil
# An outside with these abilities (port.TAKES_…) finishes the frame itself.
cdef bint offload_taken(const Frame* frame, uint32_t takes) noexcept nogil
# Captures keep no offload facts. Guess them: `complete` where a checksum is the pseudo-header's sum only, `segment` where a TCP
# or UDP packet is larger than the MTU.
cdef void offload_guess(Frame* frame, uint32_t mtu, bint complete, bint segment) noexcept nogil

# A packet socket's virtio header has no words for a tunnel: of a VXLAN super-frame (RFC 7348, 5) it tells what there is to do inside, and
# nothing of the outside. That is found in the octets. False: it is something else, or the facts do not fit after all.
cdef bint offload_tunnel(Frame* frame) noexcept nogil

# -- for `offload` ----------------------------------------------------------------------------------------------------------

# Find the headers of a super-frame; False unless every fact agrees with them. `octets`: its first n, in one part.
cdef bint read_facts(const Frame* frame, const uint8_t* octets, uint32_t n, Layout* outer, Layout* inner) noexcept nogil
# The checksum that is wanted lies within the frame, and within what a Segmenter copies.
cdef bint checksum_fits(const Frame* frame) noexcept nogil


cdef inline uint32_t checksum_at(uint8_t protocol) noexcept nogil:
    return 16 if protocol == PROTOCOL_TCP else 6
