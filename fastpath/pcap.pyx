"""Records in, records out."""

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy

from fastpath.arena cimport take_polled
from fastpath.counters cimport OVERSIZE, SLICED, WRITE_REFUSED
from fastpath.facts cimport offload_guess
from fastpath.frame cimport ETHERNET_HEADER, MAX_FRAME, Frame
from fastpath.graph cimport Graph, drop
from fastpath.linktype cimport LINK_ETHERNET, link_header
from fastpath.port cimport count_in, receive, refuse
from fastpath.source cimport Packet


cdef class PcapPort(Port):
    """A port that a `Replay` feeds and that writes what leaves to `writer`, if any.

    `complete_checksums`, `segment`: what came from a host whose card does such work is finished when it leaves (see `offload`).
    `times_of`: what leaves is written with the time of the record that this port had last, even where times step back.
    """

    def __init__(self, Graph graph not None, str name not None, *, PcapWriter writer=None, uint32_t mtu=1500,
                 bint complete_checksums=False, bint segment=False, PcapPort times_of=None):
        super().__init__(graph, name, mtu=mtu)
        self.writer = writer
        self.complete = complete_checksums
        self.segment = segment
        self.times_of = times_of

    cdef uint32_t poll(self, uint32_t room) noexcept nogil:
        cdef const Packet* packet = self.waiting
        cdef Frame* frame
        cdef uint32_t front = 0       # octets of a header that we make up
        cdef uint32_t skipped = 0     # and of the record's own that it replaces
        cdef uint32_t length
        cdef int replaced
        cdef uint8_t[ETHERNET_HEADER] header
        if packet == NULL:
            return 0
        if packet.link != LINK_ETHERNET:
            replaced = link_header(packet, header)
            front = ETHERNET_HEADER if replaced >= 0 else 0
            skipped = <uint32_t>replaced if replaced >= 0 else packet.length
        length = front + packet.length - skipped
        frame = take_polled(&self.head.core.arena, min(length, <uint32_t>MAX_FRAME))
        if frame == NULL:
            return 0
        self.waiting = NULL
        self.time = packet.time
        frame.head = frame.length = min(length, <uint32_t>MAX_FRAME)
        frame.record = packet.number
        memcpy(frame.data, header, front)
        memcpy(frame.data + front, packet.octets + skipped, frame.length - front)
        if length > MAX_FRAME:
            refuse(self, frame, OVERSIZE)
        elif packet.length < packet.original:
            refuse(self, frame, SLICED)
        else:
            if self.complete or self.segment:
                offload_guess(frame, self.mtu, self.complete, self.segment)
            receive(self, frame)
        count_in(self, 1, length)
        return 1

    cdef void transmit(self, Frame** burst, uint32_t n) noexcept nogil:
        cdef uint32_t i
        cdef uint32_t sent = 0
        cdef uint64_t octets = 0
        cdef int64_t time = self.head.core.now if self.times_of is None else self.times_of.time
        for i in range(n):
            if self.writer is not None and not self.writer.put(time, burst[i]):
                drop(&self.head, burst[i], WRITE_REFUSED)
                continue
            sent += 1
            octets += burst[i].length
        self.head.counters.left += sent
        self.traffic.out_frames += sent
        self.traffic.out_octets += octets
