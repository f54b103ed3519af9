"""Memory ports serve Lab, tests and benchmarks. A frame is copied afresh into its slot when polled, as a device would."""

cimport cython

from cpython.bytes cimport PyBytes_FromStringAndSize
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, realloc
from libc.string cimport memcpy, memset

from fastpath.arena cimport Arena, take_polled
from fastpath.counters cimport OUTBOX_FULL
from fastpath.frame cimport MAX_FRAME, Frame
from fastpath.graph cimport Graph, drop, wake
from fastpath.port cimport Port, count_in, receive
from fastpath.wire cimport wire_likely

cdef enum:
    LINE = 64

cdef inline size_t padded(size_t octets) noexcept nogil:
    # No octets take a line too: whole lines are read.
    return (max(octets, <size_t>1) + LINE - 1) & ~<size_t>(LINE - 1)


cdef inline void copy_lines(uint8_t* to, const uint8_t* source, uint32_t n) noexcept nogil:
    """Copy n octets in whole lines: both sides have the room, and short frames save the call."""
    if wire_likely(n <= LINE):
        memcpy(to, source, LINE)
    elif n <= 4 * LINE:
        memcpy(to, source, LINE)
        memcpy(to + LINE, source + LINE, LINE)
        if n > 2 * LINE:
            memcpy(to + 2 * LINE, source + 2 * LINE, LINE)
            if n > 3 * LINE:
                memcpy(to + 3 * LINE, source + 3 * LINE, LINE)
    else:
        memcpy(to, source, n)


@cython.final
cdef class Outbox:
    """Bounded to `limit` octets, records included; a frame that does not fit is dropped as `outbox full`."""

    def __init__(self, size_t limit=256 << 20):
        self.limit = limit

    def __dealloc__(self):
        free(self.octets)

    cdef bint put(self, int64_t time, uint32_t port, const uint8_t* head, uint32_t n, const uint8_t* tail, uint32_t rest) noexcept nogil:
        cdef size_t octets = sizeof(Record) + n + rest
        cdef uint8_t* grown
        cdef Record record
        if self.used + octets > self.size:
            if self.used + octets > self.limit:
                return False
            grown = <uint8_t*>realloc(self.octets, min(self.limit, 2 * (self.size + octets)))
            if grown == NULL:
                return False
            self.octets = grown
            self.size = min(self.limit, 2 * (self.size + octets))
        record.time = time
        record.port = port
        record.length = n + rest
        memcpy(self.octets + self.used, &record, sizeof(Record))
        memcpy(self.octets + self.used + sizeof(Record), head, n)
        if rest:
            memcpy(self.octets + self.used + sizeof(Record) + n, tail, rest)
        self.used += octets
        self.count += 1
        return True

    def take(self) -> list[tuple[int, int, bytes]]:
        """Everything since the last call: (port index, time in ns, octets), in the order it was emitted."""
        cdef size_t at = 0
        cdef Record record
        rows = []
        while at < self.used:
            memcpy(&record, self.octets + at, sizeof(Record))
            at += sizeof(Record)
            rows.append((record.port, record.time, PyBytes_FromStringAndSize(<char*>self.octets + at, record.length)))
            at += record.length
        self.used = 0
        self.count = 0
        return rows


@cython.final
cdef class MemoryPort(Port):
    """A port whose outside is a list of frames. Without an `outbox`, what leaves is counted and touched only (benchmarks)."""

    def __init__(self, Graph graph not None, str name not None, *, Outbox outbox=None, uint32_t mtu=1500):
        super().__init__(graph, name, mtu=mtu)
        self.outbox = outbox

    def __dealloc__(self):
        free(self.octets)
        free(self.lengths)

    cdef int make_room(self, size_t octets) except -1:
        cdef uint8_t* grown
        cdef uint32_t* lengths
        cdef size_t size = max(2 * self.size, self.used + octets)
        if self.used + octets > self.size:
            grown = <uint8_t*>realloc(self.octets, size)
            if grown == NULL:
                raise MemoryError(f"{self.name}: frames waiting")
            self.octets = grown
            self.size = size
        if self.count == self.room:
            lengths = <uint32_t*>realloc(self.lengths, (2 * self.room + 16) * sizeof(uint32_t))
            if lengths == NULL:
                raise MemoryError(f"{self.name}: frames waiting")
            self.lengths = lengths
            self.room = 2 * self.room + 16
        return 0

    def push(self, const uint8_t[::1] octets not None) -> None:
        """A frame arrives from outside; the next turn polls it. Errors: ValueError beyond 65,549 octets."""
        cdef size_t length = octets.shape[0]
        if length > MAX_FRAME:
            raise ValueError(f"a frame has at most {MAX_FRAME} octets, this one {length}")
        self.make_room(padded(length))
        if length:
            memcpy(self.octets + self.used, &octets[0], length)
        memset(self.octets + self.used + length, 0, padded(length) - length)
        self.used += padded(length)
        self.lengths[self.count] = <uint32_t>length
        self.count += 1
        wake(&self.head)

    def cycle(self, frames) -> None:
        """Poll these frames again and again, for benchmarks; an empty list ends it."""
        self.used = self.cursor = 0
        self.count = self.polled = 0
        self.cyclic = False
        for frame in frames:
            self.push(frame)
        self.cyclic = self.count > 0

    cdef uint32_t poll(self, uint32_t room) noexcept nogil:
        cdef Arena* arena = &self.head.core.arena
        cdef const uint8_t* source = self.octets + self.cursor
        cdef uint32_t at = self.polled
        cdef uint32_t n = 0
        cdef uint32_t length
        cdef uint64_t octets = 0
        cdef Frame* frame
        if not self.cyclic:
            room = min(room, self.count - at)
        while n < room:
            length = self.lengths[at]
            frame = take_polled(arena, length)
            if frame == NULL:
                break
            copy_lines(frame.data, source, length)
            frame.head = frame.length = length
            receive(self, frame)
            source += padded(length)
            octets += length
            n += 1
            at += 1
            if at == self.count:
                at = 0
                source = self.octets
        count_in(self, n, octets)
        self.polled = at
        self.cursor = source - self.octets
        if at == 0 and n and not self.cyclic:
            self.count = 0
            self.used = 0
        if self.count:
            wake(&self.head)
        return n

    cdef void transmit(self, Frame** burst, uint32_t n) noexcept nogil:
        cdef uint32_t i
        cdef uint32_t sent = 0
        cdef uint64_t octets = 0
        cdef uint64_t touched = 0
        cdef Frame* frame
        if self.outbox is None:
            for i in range(n):
                touched += burst[i].data[0]
                octets += burst[i].length
            self.touched += touched
            sent = n
        else:
            for i in range(n):
                frame = burst[i]
                if not self.outbox.put(self.head.core.now, self.index, frame.data, frame.head, frame.tail, frame.length - frame.head):
                    drop(&self.head, frame, OUTBOX_FULL)
                    continue
                sent += 1
                octets += frame.length
        self.head.counters.left += sent
        self.traffic.out_frames += sent
        self.traffic.out_octets += octets
