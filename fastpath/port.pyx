"""What all ports share: the MTU, what an outside without offloads needs, and the counters."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t

from fastpath.counters cimport MTU, UNCONNECTED, Reason
from fastpath.frame cimport ETHERNET_HEADER, NEEDS_CSUM, Frame
from fastpath.graph cimport PORTS_MAX, Graph, Head, Node, drop
from fastpath.offload cimport WILL_DO, Segmenter, offload_taken, segmenter_begin, segmenter_next
from fastpath.wire cimport load16, wire_likely


cdef class Port(Node):
    """A port of the graph; `index` (1…65535) is what frames carry as their ingress, and is used again after its removal."""

    def __init__(self, Graph graph not None, str name not None, *, uint32_t mtu=1500):
        cdef uint32_t index = 1
        if not 68 <= mtu <= 65535:
            raise ValueError("mtu: 68 to 65535 octets")
        while index < PORTS_MAX and graph.core.port_drops[index] != NULL:
            index += 1
        if index == PORTS_MAX:
            raise ValueError(f"a graph has at most {PORTS_MAX - 1} ports")
        super().__init__(graph, name)
        self.index = <uint16_t>index
        self.mtu = mtu
        graph.core.port_drops[index] = self.drops
        self.out = graph.core.void_edge

    def lead_to(self, Node target, uint16_t target_input=0) -> None:
        """Where frames that come in go: an input of a node, or None for nowhere."""
        self.connect(&self.out, target, target_input)

    def set_mtu(self, uint32_t mtu) -> None:
        """From the next frame on."""
        if not 68 <= mtu <= 65535:
            raise ValueError("mtu: 68 to 65535 octets")
        self.mtu = mtu

    cdef void disconnect(self, const Head* target) noexcept:
        if self.out.head == target:
            self.out = self.head.core.void_edge

    cdef uint32_t poll(self, uint32_t room) noexcept nogil:
        """Take up to `room` frames from outside, `receive` and count each, and return how many; wake ourselves if more wait."""
        return 0

    cdef void transmit(self, Frame** burst, uint32_t n) noexcept nogil:
        """Send frames that fit and are finished; each is counted as out or dropped by name, and done with on return."""
        cdef uint32_t i
        for i in range(n):
            drop(&self.head, burst[i], UNCONNECTED)

    cdef bint fits(self, const Frame* frame) noexcept nogil:
        """The frame, or each segment of a super-frame, is within the MTU; one VLAN tag (802.1Q, 802.1ad) rides along free."""
        cdef uint32_t length = frame.length
        cdef uint16_t kind
        if frame.gso_type:
            length = min(length, <uint32_t>frame.header + frame.gso_size)
        if wire_likely(length <= self.mtu + ETHERNET_HEADER):
            return True
        kind = load16(frame.data + 12)
        return (kind == 0x8100 or kind == 0x88A8) and length <= self.mtu + ETHERNET_HEADER + 4

    cdef void process(self, Frame** burst, uint32_t n) noexcept nogil:
        cdef uint32_t longest = self.mtu + ETHERNET_HEADER
        cdef uint32_t first = 0          # of those checked but not yet sent
        # Where the outside completes checksums, such a frame is one like the others.
        cdef uint8_t unfinished = 0 if self.takes & TAKES_CSUM else NEEDS_CSUM
        cdef uint32_t i
        cdef Frame* frame
        for i in range(n):
            frame = burst[i]
            if wire_likely(frame.length <= longest and not frame.gso_type and not frame.flags & unfinished):
                continue
            # Order is kept: what came before goes first.
            if i > first:
                self.transmit(burst + first, i - first)
            first = i + 1
            if not self.fits(frame):
                drop(&self.head, frame, MTU)
            elif frame.gso_type or frame.flags & unfinished:
                self.finish_and_transmit(frame)
            else:
                self.transmit(&frame, 1)
        if n > first:
            self.transmit(burst + first, n - first)

    cdef void finish_and_transmit(self, Frame* frame) noexcept nogil:
        """A frame whose checksum or segmentation was left to us: pass it on to an outside that does it, else do it here."""
        cdef Segmenter segmenter
        cdef Frame* segment
        cdef int reason
        if offload_taken(frame, self.takes):
            self.transmit(&frame, 1)
            return
        reason = segmenter_begin(&segmenter, frame)
        if reason != WILL_DO:
            drop(&self.head, frame, <Reason>reason)
            return
        self.head.counters.cloned += segmenter.count - 1
        segment = segmenter_next(&segmenter)
        while segment != NULL:
            self.transmit(&segment, 1)
            segment = segmenter_next(&segmenter)
