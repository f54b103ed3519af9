"""A port on a real interface: a packet socket bound to it (packet(7), linux/if_packet.h), opened by whoever is in its namespace.

    our frames --> sendmmsg --> the interface             what others on this host send there is not ours: PACKET_IGNORE_OUTGOING
    the interface --> filter --> the socket's queue --> recvmmsg, straight into large slots

The kernel takes the outermost VLAN tag out of a frame and tells it beside it (PACKET_AUXDATA): it is put back. With PACKET_VNET_HDR
each frame has a virtio header, as on a TAP, so what GRO or a veth's peer put together stays together. The filter lets in frames
for our MACs and for groups, so the host's own traffic costs nothing here; the interface is asked to take them in.

A checksum that is still to be completed is told by the virtio header; without one by TP_STATUS_CSUMNOTREADY, and found by looking.
It may be that of a packet inside a tunnel (csum_start says): a VXLAN device over a veth leaves inner ones to its card, and
super-frames whole, of which the virtio header says what is inside only (facts.offload_tunnel finds the rest). In the other direction
that would not do: at the veth's other end may be a UDP socket, and nobody tells that of a checksum left to do. So an underlay's
port has `finish`.

    LINK_DOWN   the socket said so (ENETDOWN); once in CHECK the kernel is asked whether it is up again, or gone
    LINK_GONE   it is no more, nor its namespace: the socket belongs to no interface

Measured with 60-octet frames through a veth (Linux 6.18), ns a frame in our thread, bursts of 1, 2, 4, 8: recvmsg 331, 323, 324, 319;
recvmmsg 349, 292, 274, 256; a TPACKET_V2 ring with a copy into the slot 33, 21, 15, 11. The ring wants places for the longest
frame, 64 KiB each, locked for good, or a second way for those; TPACKET_V3 hands a block over when it is full or after a millisecond
at the earliest. As a read of a TAP costs 950, recvmmsg it is.
"""

cimport cython

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from posix.uio cimport iovec

from fastpath.device cimport DevicePort
from fastpath.frame cimport Frame

cdef extern from "<sys/socket.h>" nogil:
    cdef struct msghdr:
        iovec* msg_iov
        size_t msg_iovlen
        void* msg_control
        size_t msg_controllen
        int msg_flags
    cdef struct mmsghdr:
        msghdr msg_hdr
        unsigned int msg_len

cdef enum:
    PACKET_BURST = 64             # frames received in one poll at most, and octets about, as in TapPort
    PACKET_OCTETS = 65536
    PACKET_BATCH = 16             # in one system call
    CHECK = 1_000_000_000         # ns

@cython.final
cdef class PacketPort(DevicePort):
    cdef readonly int interface   # its index
    cdef readonly list macs       # taken in, besides groups
    cdef bint everything
    cdef uint32_t budget          # frames the next poll receives at most: 1 after a pause, doubled while polls in a row use it up
    cdef uint64_t next_turn       # the one after that of the last poll
    cdef uint64_t lost_before     # told by the kernel so far
    cdef void take_in(self, Frame* frame, uint32_t length, const uint8_t* control) noexcept nogil
    cdef uint32_t receive_batch(self, uint32_t wanted, uint32_t* got, uint64_t* octets) noexcept nogil
    cdef void guess(self, Frame* frame, uint32_t status) noexcept nogil
    cdef void describe(self, Frame* frame, mmsghdr* message, iovec* parts, uint8_t* vnet) noexcept nogil
    cdef void went_down(self) noexcept nogil
