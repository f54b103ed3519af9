"""The virtio-net header in front of each frame that a TAP with IFF_VNET_HDR gives and takes (linux/virtio_net.h).

    offset  0       1         2        4         6           8            10           12    20               22
            flags   gso_type  hdr_len  gso_size  csum_start  csum_offset  num_buffers  hash  outer_th_offset  inner_nh_offset
            `------------------------ 10 octets ----------------------'                      `- from kernel 6.17, 24 octets -'

Numbers are in the machine's byte order. `hdr_len` is what the sender happened to hold in one piece, not where the payload
begins: that is worked out anew. What it claims is believed only where the octets agree, because a process with a packet socket
can put any header in front of its frames.
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

from fastpath.frame cimport Frame

cdef enum:
    VNET_SHORT = 10
    VNET_TUNNEL = 24          # with the offsets of a UDP tunnel's headers

cdef packed struct Vnet:
    uint8_t flags             # the bits that we know have the same places in Frame.flags
    uint8_t gso_type
    uint16_t hdr_len
    uint16_t gso_size
    uint16_t csum_start
    uint16_t csum_offset
    uint16_t num_buffers
    uint64_t hash
    uint16_t outer_th_offset
    uint16_t inner_nh_offset

# The header's claims as facts of the frame, which is in one part. False: they do not fit its octets.
cdef bint vnet_read(const Vnet* vnet, uint32_t size, Frame* frame) noexcept nogil
# The frame's facts as a header of `size` octets (10 or 24).
cdef void vnet_write(uint8_t* to, uint32_t size, const Frame* frame) noexcept nogil
