"""Nodes with one building block of a gateway each, so that tests can watch it in a graph. No program needs them."""

cimport cython

from libc.stdint cimport int64_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy

from fastpath.counters cimport TURN_BUDGET, UNCONNECTED, Reason
from fastpath.fragment cimport Fragmenter, fragmenter_begin, fragmenter_next
from fastpath.frame cimport Frame
from fastpath.graph cimport Edge, Graph, Head, Node, drop, emit, set_due
from fastpath.icmp cimport (
    BAD_FIELD, BAD_OPTION, BIG, CUT_CHAIN, LIFETIME, NO_HOST, NO_PORT, NO_PROTOCOL, NO_WAY, PROHIBITED, REASSEMBLY_TIME, Icmp, Trouble,
    icmp_echo, icmp_error, icmp_init,
)
from fastpath.identification cimport Identifications, identifications_init
from fastpath.ip cimport FINE, Address, Packet, ip_read, ip_transport
from fastpath.mss cimport mss_clamp
from fastpath.offload cimport WILL_DO
from fastpath.reassembly cimport (
    Expired, Reassembly, reassembly_add, reassembly_due, reassembly_expire, reassembly_forget, reassembly_free, reassembly_init,
)
from fastpath.transport cimport transport_good, transport_reset

TROUBLES = {
    "no way": NO_WAY, "no host": NO_HOST, "no protocol": NO_PROTOCOL, "no port": NO_PORT, "big": BIG, "prohibited": PROHIBITED,
    "lifetime": LIFETIME, "reassembly time": REASSEMBLY_TIME, "bad field": BAD_FIELD, "bad option": BAD_OPTION,
    "cut chain": CUT_CHAIN,
}
ANSWERS = ("error", "echo", "reset", "clamp", "good")


cdef class OneWay(Node):
    """What comes in is worked on and goes to `out`."""
    cdef Edge out

    def __init__(self, Graph graph not None, str name not None):
        super().__init__(graph, name)
        self.out = graph.core.void_edge

    def lead_to(self, Node target, uint16_t target_input=0) -> None:
        """Where it goes."""
        self.connect(&self.out, target, target_input)

    cdef void disconnect(self, const Head* target) noexcept:
        if self.out.head == target:
            self.out = self.head.core.void_edge

    cdef void send(self, Frame* frame) noexcept nogil:
        self.head.counters.left += 1
        emit(&self.out, frame)


@cython.final
cdef class Answerer(OneWay):
    """Answers every packet: `answer` is one of ANSWERS; an "error" is for one of TROUBLES, from `sources` (one for each family)."""
    cdef Icmp icmp
    cdef Identifications identifications
    cdef uint32_t answer
    cdef Trouble trouble
    cdef uint32_t parameter
    cdef Address[2] sources
    cdef bint source_given

    def __init__(self, Graph graph not None, str name not None, str answer not None, *, str trouble="lifetime", uint32_t parameter=0,
                 sources=None, uint32_t rate=100, uint32_t burst=50):
        super().__init__(graph, name)
        self.answer = ANSWERS.index(answer)
        self.trouble = <Trouble><int>TROUBLES[trouble]
        self.parameter = parameter
        self.source_given = sources is not None
        for n, octets in enumerate(sources or ()):
            memcpy(&self.sources[n], <const char*>octets, 16)
        identifications_init(&self.identifications, 0)
        icmp_init(&self.icmp, rate, burst, &self.identifications)

    def named_counters(self) -> dict[str, int]:
        """Of the errors."""
        return {"sent": self.icmp.sent, "limited": self.icmp.limited, "silent": self.icmp.silent}

    cdef void process(self, Frame** burst, uint32_t n) noexcept nogil:
        cdef Packet packet
        cdef uint32_t i
        cdef int reason
        for i in range(n):
            reason = ip_read(&packet, burst[i])
            if reason == FINE and self.answer:
                reason = ip_transport(&packet)
            if reason != FINE:
                drop(&self.head, burst[i], <Reason>reason)
            else:
                self.work(&packet)

    cdef void work(self, Packet* packet) noexcept nogil:
        cdef Address* source = &self.sources[packet.version == 6]
        cdef Frame* frame = NULL
        cdef int reason = WILL_DO
        if self.answer == 1:
            reason = icmp_echo(&self.icmp, packet, source if self.source_given else NULL)
            if reason != WILL_DO:
                drop(&self.head, packet.frame, <Reason>reason)
            else:
                self.send(packet.frame)
            return
        if self.answer >= 3:
            if mss_clamp(packet, self.parameter) if self.answer == 3 else transport_good(packet):
                self.send(packet.frame)
            else:
                drop(&self.head, packet.frame, UNCONNECTED)
            return
        if self.answer == 0:
            frame = icmp_error(&self.icmp, &self.head.core.arena, packet, self.trouble, self.parameter, source, self.head.core.now)
        else:
            frame = transport_reset(&self.head.core.arena, packet)
        self.head.counters.consumed += 1
        if frame != NULL:
            self.head.counters.originated += 1
            self.send(frame)


@cython.final
cdef class Reassembler(OneWay):
    """Puts datagrams together, and with an `mtu` cuts them again; of one that is not whole in time an error is sent."""
    cdef Reassembly reassembly
    cdef Icmp icmp
    cdef Identifications identifications
    cdef Address[2] sources
    cdef uint32_t mtu
    cdef uint32_t id

    def __cinit__(self, *args, uint32_t datagrams=64, size_t octets=1 << 20, uint64_t seed=0, **kwargs):
        reassembly_init(&self.reassembly, datagrams, octets, seed)

    def __dealloc__(self):
        reassembly_free(&self.reassembly)

    def __init__(self, Graph graph not None, str name not None, *, sources=None, uint32_t mtu=0, uint32_t datagrams=64,
                 size_t octets=1 << 20, uint64_t seed=0):
        super().__init__(graph, name)
        self.mtu = mtu
        for n, address in enumerate(sources or ()):
            memcpy(&self.sources[n], <const char*>address, 16)
        identifications_init(&self.identifications, 0)
        icmp_init(&self.icmp, 100, 50, &self.identifications)

    def named_counters(self) -> dict[str, int]:
        """Of the datagrams, and memory in use: records, sources, blocks and pieces."""
        counters = &self.reassembly.counters
        memory = &self.reassembly.memory
        return {
            "whole": counters.whole, "duplicates": counters.duplicates, "expired": counters.expired, "evicted": counters.evicted,
            "records": memory.record_pool.count - memory.record_pool.free, "sources": memory.source_pool.count - memory.source_pool.free,
            "blocks": memory.block_pool.count - memory.block_pool.free, "pieces": memory.piece_pool.count - memory.piece_pool.free,
            "keys": memory.table.count, "pointer": self.reassembly.pointer,
        }

    def forget(self, uint16_t interface) -> None:
        """Drop what waits of an interface."""
        reassembly_forget(&self.reassembly, &self.head, interface, UNCONNECTED)

    cdef void process(self, Frame** burst, uint32_t n) noexcept nogil:
        cdef Packet packet
        cdef Frame* frame
        cdef uint32_t i
        cdef uint32_t largest = 0
        cdef int reason
        for i in range(n):
            frame = burst[i]
            reason = ip_read(&packet, frame)
            packet.interface = frame.input
            if reason == FINE and packet.fragment:
                frame = reassembly_add(&self.reassembly, &self.head, &packet, self.head.core.now, &largest)
                if frame == NULL:
                    continue
                # Other octets, read anew.
                reason = ip_read(&packet, frame)
            if reason != FINE:
                drop(&self.head, frame, <Reason>reason)
            elif self.mtu == 0:
                self.send(frame)
            else:
                self.cut(&packet, min(largest, self.mtu) if largest else self.mtu)
        set_due(&self.head, reassembly_due(&self.reassembly))

    cdef void cut(self, Packet* packet, uint32_t mtu) noexcept nogil:
        cdef Fragmenter fragmenter
        cdef Frame* fragment
        cdef int reason = fragmenter_begin(&fragmenter, packet.frame, packet.network, mtu, self.id)
        self.id += 1
        if reason != WILL_DO:
            drop(&self.head, packet.frame, <Reason>reason)
            return
        self.head.counters.cloned += fragmenter.count - 1
        fragment = fragmenter_next(&fragmenter, &self.head.core.arena)
        while fragment != NULL:
            self.send(fragment)
            fragment = fragmenter_next(&fragmenter, &self.head.core.arena)
        for _ in range(fragmenter.count):
            drop(&self.head, packet.frame, TURN_BUDGET)

    cdef void expire(self, int64_t now) noexcept nogil:
        cdef Packet packet
        cdef Expired expired
        cdef Frame* frame
        while reassembly_expire(&self.reassembly, &self.head, now, &expired):
            if expired.frame == NULL or ip_read(&packet, expired.frame) != FINE:
                continue
            frame = icmp_error(&self.icmp, &self.head.core.arena, &packet, REASSEMBLY_TIME, 0, &self.sources[packet.version == 6], now)
            if frame != NULL:
                self.head.counters.originated += 1
                self.send(frame)
        set_due(&self.head, reassembly_due(&self.reassembly))
