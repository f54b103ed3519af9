"""IP packets larger than the next link's MTU, in fragments (RFC 791, 3.2; RFC 8200, 4.5).

A `Fragmenter` goes through the fragments of one packet like a `Segmenter` through segments: the headers are copied for each, the
payload is shared and never written, no slot of the arena is used.

    IPv4   any packet whose DF is not set, a fragment too; later fragments have only the options whose copy bit is set
    IPv6   only what we put together ourselves: a router does not fragment. The Fragment header is put in where it belongs

DF is the caller's: where it is set and the MTU is less than the packet asks for, it is dropped as TOO_BIG. A DF that is in the
header is kept in every fragment, as Linux does with packets that came in fragments with DF. A checksum that the sender left
to us is completed first; a super-frame is cut into segments first (offload), and each segment fragmented.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t

from fastpath.arena cimport HEADROOM
from fastpath.frame cimport Frame
from fastpath.layout cimport HEADERS_MAX

cdef enum:
    OWN_ID = -1               # fragmenter_begin: keep the packet's own identification (IPv4)

cdef struct Fragmenter:
    const Frame* frame
    Frame fragment            # what fragmenter_next hands out
    uint32_t network          # offset of the IP header
    uint32_t header           # octets of all headers of the first fragment, link header included
    uint32_t later            # of the others
    uint32_t from_            # offset in the frame of the part that is cut
    uint32_t end              # where it ends; padding is left behind
    uint32_t at               # offset of what is not yet handed out
    uint32_t size             # octets of each fragment's part but the last: a multiple of 8
    uint32_t later_size
    uint32_t own              # octets of the frame that are taken from `octets`, because we changed them
    uint32_t count            # fragments in all
    uint32_t base             # where the packet's part lies in the datagram, if it is a fragment itself
    bint more                 # and whether others follow it
    uint8_t version
    uint8_t[HEADERS_MAX] octets
    uint8_t[HEADERS_MAX + 8] first_header
    uint8_t[HEADERS_MAX + 8] later_header
    uint8_t[HEADROOM + 3 * HEADERS_MAX] scratch

# The frame holds an IP packet at `network`, valid as ip_read checked it. WILL_DO (offload.pxd), or the Reason to drop it for: TOO_BIG
# if the MTU leaves no room, or an IPv6 packet is a fragment already. `identification`: 16 or 32 bits, or OWN_ID.
# The frame must stay as it is until the last fragment.
cdef int fragmenter_begin(Fragmenter* fragmenter, const Frame* frame, uint32_t network, uint32_t mtu, int64_t identification) noexcept nogil
# The next fragment, valid until the following call, or NULL.
cdef Frame* fragmenter_next(Fragmenter* fragmenter) noexcept nogil
