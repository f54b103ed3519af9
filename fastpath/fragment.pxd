"""IP packets larger than the next link's MTU, in fragments (RFC 791, 3.2; RFC 8200, 4.5).

A `Fragmenter` goes through the fragments of one packet. Each lies in a clone slot of the arena, with headers of its own and the
payload shared, as a clone's is; so fragments go on through the graph, and what they were cut from stays as it is for the turn.
How to count: `cloned` gets count - 1 after fragmenter_begin; each fragment handed out is `left`; when fragmenter_next returns NULL, the
slots may be used up: as many as `count` still says are dropped as TURN_BUDGET.

    IPv4   any packet, a fragment too; later fragments have only the options whose copy bit is set
    IPv6   only what we put together ourselves: a router does not fragment. The Fragment header is put in where it belongs

DF is the caller's: where it is set and the MTU is less than the packet asks for, it is dropped as TOO_BIG. A DF that is in the
header is kept in every fragment, as Linux does with packets that came in fragments with DF. A checksum that the sender left
to us is completed first; a super-frame is cut into segments first (offload), and each segment fragmented.
"""

from libc.stdint cimport int64_t, uint8_t, uint32_t

from fastpath.arena cimport Arena
from fastpath.fragmentheader cimport FRAGMENT_HEADER
from fastpath.frame cimport Frame
from fastpath.layout cimport HEADERS_MAX

cdef enum:
    KEEP_ID = -1              # fragmenter_begin: the packet's own identification (IPv4)

cdef struct Fragmenter:
    const Frame* frame
    bint lasting              # the frame's own octets last for the turn: what a Segmenter hands out does not, set False then
    uint32_t mtu
    uint32_t network          # offset of the IP header
    uint32_t first_length     # octets of all headers of the first fragment, link header included
    uint32_t later_length     # of the others
    uint32_t body             # offset in the frame of the part that is cut
    uint32_t end              # where it ends; padding is left behind
    uint32_t at               # offset of what is not yet handed out
    uint32_t count            # fragments not yet handed out
    uint32_t base             # where the packet's part lies in the datagram, if it is a fragment itself
    bint more                 # and whether others follow it
    uint32_t own              # octets of the frame that are taken from `octets`, because we finished the checksum there
    uint32_t following        # IPv6: offset of the number of what follows the headers
    uint32_t identification
    uint8_t version
    uint8_t[HEADERS_MAX + FRAGMENT_HEADER] first
    uint8_t[HEADERS_MAX + FRAGMENT_HEADER] later
    uint8_t[HEADERS_MAX] octets

# The frame holds an IP packet at `network`, with lengths as ip_read checked them. WILL_DO (offload.pxd), or the Reason to drop it for:
# TOO_BIG if the MTU leaves no room, or an IPv6 packet is a fragment already. `identification`: 16 or 32 bits, or KEEP_ID.
# The frame must stay as it is for the turn. A packet that fits is one fragment: itself.
cdef int fragmenter_begin(Fragmenter* fragmenter, const Frame* frame, uint32_t network, uint32_t mtu,
                          int64_t identification) noexcept nogil
# The next fragment, or NULL: `count` is 0, or no slot is free.
cdef Frame* fragmenter_next(Fragmenter* fragmenter, Arena* arena) noexcept nogil
