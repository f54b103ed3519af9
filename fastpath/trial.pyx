"""Packets through flows without a router around them: one at a time, or in bursts to measure (used for testing)."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from fastpath.address cimport address_read, address_text
from fastpath.counters import reason_name
from fastpath.counters cimport UNTRANSLATABLE
from fastpath.flows cimport Flows, flows_expire, flows_find, flows_goal, flows_hash, flows_prefetch, flows_translate
from fastpath.flowtable cimport KNOWN, NONE, Found
from fastpath.frame cimport Frame
from fastpath.ip cimport FINE, Address, Packet, ip_read, ip_transport
from fastpath.rules cimport NOT_OURS, Rules, TARGET_OWN, TARGET_REFUSED, WILL_PASS, rules_admit, rules_target
from fastpath.opening cimport OPEN_MAPPING, OPEN_MIDSTREAM, OPEN_PORT_STAYS, Opening, flows_open
from fastpath.wire cimport wire_swap16

cdef extern from *:
    """
    #if defined(__x86_64__)
    #include <x86intrin.h>
    #define trial_ticks() __rdtsc()
    #else
    #include <time.h>
    static unsigned long long trial_ticks(void) {
        struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1000000000ull + t.tv_nsec;
    }
    #endif
    """
    uint64_t trial_ticks() noexcept nogil

cdef enum:
    SLOT = 192                    # of a frame in a load
    LOAD_BURST = 64


cdef class Trial:
    """A place for one frame, and a table of flows."""
    cdef readonly Flows flows
    cdef Packet packet

    def __cinit__(self, Flows flows not None):
        self.flows = flows

    def handle(self, const uint8_t[::1] octets not None, int64_t now, *, uint32_t pool=0, target=None, target_port=None, source=None,
               bint midstream=True, bint mapping=False, bint opens=True, uint32_t own=0, uint8_t flags=0, uint16_t csum_start=0,
               bint find_only=False, Rules rules=None, uint16_t ingress=0, ours=(), route=None) -> tuple[str, bytes]:
        """The frame through the table: ("forward GOAL", frame) or (why it is dropped, b"").

        What becomes of a new flow: source from `pool` or, port kept, `source`; to `target` and `target_port`; `mapping`: by an open
        one. `opens`: a new flow is not refused. `own`: octets of the frame's first part. `flags`, `csum_start`: as in Frame.
        Or `rules` say, for a router with the addresses `ours` at whose interface `ingress` it came in: `route` gives that for an address.
        """
        cdef Frame frame
        cdef Opening opening
        cdef Address goal
        cdef Found found
        cdef int reason
        # At the end of the memory, so that the sanitised build sees who reads further.
        cdef uint8_t* data = <uint8_t*>calloc(1, octets.shape[0] + 1)
        cdef uint8_t* tail = NULL
        try:
            memset(&frame, 0, sizeof(Frame))
            if octets.shape[0]:
                memcpy(data, &octets[0], octets.shape[0])
            frame.data = data
            frame.length = <uint32_t>octets.shape[0]
            frame.head = min(own or frame.length, frame.length)
            frame.flags = flags
            frame.csum_start = csum_start
            if frame.head < frame.length:
                tail = <uint8_t*>calloc(1, frame.length - frame.head)
                memcpy(tail, data + frame.head, frame.length - frame.head)
                memset(data + frame.head, 0xEE, frame.length - frame.head)
                frame.tail = tail
            reason = ip_read(&self.packet, &frame)
            if reason == FINE:
                reason = ip_transport(&self.packet)
            if reason != FINE:
                return reason_name(reason), b""
            self.packet.hash = 0
            found = flows_find(&self.flows.table, &self.packet, now)
            if found == NONE:
                if not opens:
                    return "no flow", b""
                if rules is not None:
                    self.packet.interface = ingress
                    mine = address_text(&self.packet.target) in ours
                    said = rules_target(&rules.table, &self.packet, <uint32_t>ingress if mine else <uint32_t>NOT_OURS, &opening, now)
                    if said == TARGET_REFUSED:
                        return reason_name(rules.table.reason), b""
                    if said == TARGET_OWN and mine:
                        return "deliver", b""
                    reason = rules_admit(&rules.table, &self.packet, &opening, route(address_text(&opening.target)))
                    if reason != WILL_PASS:
                        return reason_name(reason), b""
                    found = flows_open(&self.flows.table, &self.packet, &opening, now)
            if found == NONE:
                memset(&opening, 0, sizeof(Opening))
                opening.target = self.packet.target
                opening.target_port = self.packet.target_port
                opening.pool = <uint16_t>pool
                if midstream:
                    opening.flags |= OPEN_MIDSTREAM
                if mapping:
                    opening.flags |= OPEN_MAPPING
                if target is not None:
                    address_read(target, &opening.target)
                if target_port is not None:
                    opening.target_port = wire_swap16(<uint16_t>target_port)
                if source is not None:
                    address_read(source, &opening.source)
                    opening.flags |= OPEN_PORT_STAYS
                found = flows_open(&self.flows.table, &self.packet, &opening, now)
            if found != KNOWN:
                return reason_name(self.flows.table.reason), b""
            flows_goal(&self.flows.table, &self.packet, &goal)
            if find_only:
                return f"forward {address_text(&goal)}", b""
            if not flows_translate(&self.flows.table, &self.packet):
                return reason_name(UNTRANSLATABLE), b""
            out = bytes(data[:frame.head])
            if frame.tail != NULL:
                out += bytes(tail[:frame.length - frame.head])
            return f"forward {address_text(&goal)}", out
        finally:
            free(data)
            free(tail)

    def expire(self, int64_t now) -> int:
        """flows_expire: when it wants to be called next."""
        return flows_expire(&self.flows.table, now)


cdef class Load:
    """Many frames of up to 192 octets, again and again through a table, to measure what that costs."""
    cdef readonly Flows flows
    cdef uint8_t* templates
    cdef uint32_t* lengths
    cdef readonly uint32_t count

    def __cinit__(self, Flows flows not None, frames):
        cdef uint32_t i
        cdef const uint8_t[::1] octets
        self.flows = flows
        self.count = len(frames)
        self.templates = <uint8_t*>calloc(max(self.count, 1), SLOT)
        self.lengths = <uint32_t*>calloc(max(self.count, 1), sizeof(uint32_t))
        if self.templates == NULL or self.lengths == NULL:
            raise MemoryError("load")
        for i in range(self.count):
            octets = frames[i]
            if octets.shape[0] > SLOT:
                raise ValueError("frames of up to 192 octets")
            memcpy(self.templates + <size_t>i * SLOT, &octets[0], octets.shape[0])
            self.lengths[i] = <uint32_t>octets.shape[0]

    def __dealloc__(self):
        free(self.templates)
        free(self.lengths)

    def run(self, uint64_t packets, int64_t now, int64_t step, *, uint32_t pool=0, bint track=True,
            bint prefetch=True) -> tuple[int, int, int]:
        """(packets that passed, that did not, ticks): bursts of 64, each `step` ns after the one before. `track`: not just the reading."""
        cdef uint64_t done = 0, passed = 0, refused = 0
        cdef uint64_t before
        cdef uint32_t at = 0
        cdef uint32_t i
        cdef Frame[LOAD_BURST] frames
        cdef Packet[LOAD_BURST] read
        cdef uint8_t[LOAD_BURST * SLOT] slots
        cdef Opening opening
        cdef Found found
        memset(&opening, 0, sizeof(Opening))
        memset(frames, 0, sizeof(frames))
        opening.pool = <uint16_t>pool
        with nogil:
            before = trial_ticks()
            while done < packets:
                for i in range(LOAD_BURST):
                    frames[i].data = slots + i * SLOT
                    memcpy(frames[i].data, self.templates + <size_t>at * SLOT, 64)
                    frames[i].length = frames[i].head = self.lengths[at]
                    at = 0 if at + 1 == self.count else at + 1
                    if ip_read(&read[i], &frames[i]) == FINE and ip_transport(&read[i]) == FINE and track:
                        flows_hash(&self.flows.table, &read[i])
                if track:
                    for i in range(LOAD_BURST if prefetch else 0):
                        flows_prefetch(&self.flows.table, &read[i])
                    for i in range(LOAD_BURST):
                        found = flows_find(&self.flows.table, &read[i], now)
                        if found == NONE:
                            opening.target = read[i].target
                            opening.target_port = read[i].target_port
                            found = flows_open(&self.flows.table, &read[i], &opening, now)
                        if found == KNOWN and flows_translate(&self.flows.table, &read[i]):
                            passed += 1
                        else:
                            refused += 1
                done += LOAD_BURST
                now += step
            before = trial_ticks() - before
        return passed, refused, before
