"""A port on UDP sockets: an underlay that the host's own stack routes (RFC 7348 over udp(7)). Inside the graph its frames are whole.

    Vtep --> outer frame --> read, payload only --> one of 64 sockets a family --> the host's stack, which puts its own headers
    Vtep <-- outer frame <-- headers as they were <-- the socket at port 4789 <-- the host's stack

So a Vtep sees the same frames on every underlay. Outwards the socket is chosen by the source port that the frame has: one flow
keeps one socket and its port. DF is always set and the checksum computed, whatever the frame says; TTL, DSCP and ECN are
the frame's. What the kernel refuses is a named drop: `too big` beyond the path's MTU, `no route`, `queue full`. What it says of a
path's MTU comes in as an ICMP error (udppaths).

Inwards the kernel may hand over datagrams of one flow in one piece (UDP_GRO): they are frames again. Their first octets are
copied behind headers of their own, as a clone's are; the rest stays where it was received until the next turn. The UDP checksum was
verified by the kernel (CSUM_VALID, of the outer packet), and its field says "none" (RFC 768; RFC 6935). The Ethernet header's target
is our own address or the group's, its source is made of the sender's IP address.
"""

cimport cython

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

from fastpath.udparrived cimport Arrived
from fastpath.udpsender cimport UdpSender

cdef enum:
    UDP_BATCH = 16                # messages received in one poll at most
    UDP_OCTETS = 65536            # and octets, about
    UDP_PLACE = 65600             # octets of memory for each: an odd number of cache lines

@cython.final
cdef class UdpPort(UdpSender):
    cdef readonly uint16_t port               # received at
    cdef uint64_t mac                         # of the Vtep
    cdef int[2] receivers                     # by family: 0 IPv4, 1 IPv6
    cdef uint8_t* memory                      # UDP_BATCH places
    cdef Arrived[UDP_BATCH] arrived
    cdef uint32_t n_arrived                   # of those, not all of them frames yet if `next_arrived` is less
    cdef uint32_t next_arrived
    cdef uint32_t budget                      # messages the next poll receives at most
    cdef uint64_t next_turn                   # the one after that of the last poll
    cdef uint64_t joined                      # datagrams that were received in one piece with others
    cdef uint32_t tell_paths(self, uint32_t room, uint64_t* octets) noexcept nogil
    cdef void receive_from(self, uint32_t family, uint32_t wanted) noexcept nogil
    cdef void close_receivers(self) noexcept
