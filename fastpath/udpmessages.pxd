"""Outer frames as messages for UDP sockets: the datagrams of a burst, those of one flow put together (UDP_SEGMENT, udp(7)).

    frame:    Ethernet | IP | UDP | payload        read: target, ports, TTL, traffic class; sent: the payload
    message:  payload | payload | payload          the kernel puts headers in front of each again

A message has one socket, target, TTL and traffic class; its payloads are equally long but for the last, which may be shorter, and
the kernel cuts them apart where they were joined. Nothing is copied but the headers of segments that a `Segmenter` made. What one
socket sends keeps its order, and a flow has one socket.
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from posix.uio cimport iovec

from fastpath.frame cimport Frame

cdef enum:
    MESSAGES = 64
    SEGMENTS = 64                 # in one message (UDP_MAX_SEGMENTS of older kernels)
    OCTETS = 65507                # in one message: of IPv4, which has room for less
    PARTS = 2 * SEGMENTS
    COPIES = 64 << 10             # octets for copied headers
    COPY_MAX = 1200               # of one segment (see Segmenter.scratch)
    NO_MESSAGE = 0xFFFF

cdef struct Datagram:             # what an outer frame says
    const uint8_t* source         # 4 or 16 octets in the frame
    const uint8_t* target
    uint32_t payload              # where it begins
    uint32_t octets               # of it
    uint16_t source_port
    uint16_t target_port
    uint8_t version
    uint8_t ttl
    uint8_t service               # DSCP and ECN

cdef struct Message:
    uint16_t next                 # of the same socket
    uint16_t segments
    uint16_t target_port
    uint8_t version
    uint8_t ttl
    uint8_t service
    bint full                     # its last payload was shorter
    uint32_t size                 # octets of each payload but the last
    uint32_t octets
    uint32_t headers              # octets of outer headers that were in front of them
    uint32_t n_parts
    uint8_t[16] target
    iovec[PARTS] parts
    Frame* frames[SEGMENTS]       # where each payload came from, to be counted

cdef struct Messages:
    uint32_t n
    uint32_t copied               # octets of `copies` that are used
    uint32_t longest              # segments put into one message: SEGMENTS, or 1 where the kernel takes no more
    uint16_t n_sockets            # that have messages
    uint16_t[MESSAGES] sockets    # those, in the order of their first
    uint16_t* first               # by socket: its messages
    uint16_t* last
    Message* all
    uint8_t* copies

cdef int messages_init(Messages* messages, uint32_t sockets) except -1
cdef void messages_free(Messages* messages) noexcept
# WILL_DO, or the Reason to drop the frame for: not IPv4 without options or IPv6 without extensions, whole, and UDP.
cdef int datagram_read(Datagram* datagram, const Frame* frame) noexcept nogil
# Put the datagram in the frame behind what this socket sends already. `source`: the frame to account it to; `copy`: the frame's own
# part is used again after this. False: no room; send first.
cdef bint messages_add(Messages* messages, uint16_t socket, const Datagram* datagram, Frame* frame, Frame* source,
                       bint copy) noexcept nogil
# The `i`-th payload of a message as a message of its own; `part`: where it begins in the parts, which is moved on.
cdef void message_single(Message* one, const Message* message, uint32_t i, uint32_t* part) noexcept nogil
# All was sent.
cdef void messages_clear(Messages* messages) noexcept nogil
