"""Little-endian files on any machine; times are the turn's."""

import struct

from libc.stdint cimport int64_t, uint16_t, uint32_t, uint64_t
from libc.stdio cimport snprintf
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset, strlen

from fastpath.counters cimport REASONS_MAX, Reason
from fastpath import counters
from fastpath.graph cimport PORTS_MAX
from fastpath.sink cimport sink_abandon, sink_close, sink_flush, sink_has_room, sink_open, sink_put

cdef extern from "endian.h":
    uint16_t htole16(uint16_t) nogil
    uint32_t htole32(uint32_t) nogil

cdef enum:
    SNAPLEN = 262144
    ETHERNET = 1
    COMMENT = 1                   # option codes of pcapng
    NAME = 2
    TSRESOL = 9

cdef struct RecordHeader:
    uint32_t seconds
    uint32_t nanoseconds
    uint32_t kept
    uint32_t original

cdef struct PacketBlock:
    uint32_t kind
    uint32_t total
    uint32_t interface
    uint32_t high
    uint32_t low
    uint32_t kept
    uint32_t original


cdef class PcapWriter:
    """A nanosecond pcap file (magic 0xA1B23C4D), emptied if it exists. Errors: OSError, also at `close`."""

    def __init__(self, path):
        self.path = path
        sink_open(&self.sink, path)
        header = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, SNAPLEN, ETHERNET)
        sink_put(&self.sink, <const char*>header, <uint32_t>len(header))

    def __cinit__(self):
        self.sink.fd = -1

    def __dealloc__(self):
        sink_abandon(&self.sink)

    cdef bint put(self, int64_t time, const Frame* frame) noexcept nogil:
        """False: the file cannot be written."""
        cdef RecordHeader header
        cdef char* to
        header.seconds = htole32(<uint32_t>(time // 1000000000))
        header.nanoseconds = htole32(<uint32_t>(time % 1000000000))
        header.kept = header.original = htole32(frame.length)
        if frame.tail == NULL and sink_has_room(&self.sink, sizeof(RecordHeader) + frame.length):
            to = self.sink.buffer + self.sink.used
            memcpy(to, &header, sizeof(RecordHeader))
            memcpy(to + sizeof(RecordHeader), frame.data, frame.length)
            self.sink.used += sizeof(RecordHeader) + frame.length
            return True
        return (sink_put(&self.sink, &header, sizeof(RecordHeader)) and sink_put(&self.sink, frame.data, frame.head)
                and (frame.tail == NULL or sink_put(&self.sink, frame.tail, frame.length - frame.head)))

    def flush(self) -> None:
        """Write out what waits in the buffer."""
        sink_flush(&self.sink)

    def close(self) -> None:
        """Finish the file. Errors: OSError if any of it could not be written."""
        sink_close(&self.sink, self.path)


# The comments' beginnings, by reason.
cdef list texts = [f"{name}, record %llu: {sentence}".encode() for name, sentence in counters.REASONS]
cdef const char* openings[REASONS_MAX]


cdef int point() except -1:
    cdef uint32_t number
    for number in range(<uint32_t>len(texts)):
        openings[number] = <bytes>texts[number]
    return 0


point()


def block(kind: int, body: bytes) -> bytes:
    """A pcapng block."""
    body += bytes(-len(body) & 3)
    return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)


def option(code: int, value: bytes) -> bytes:
    """A pcapng option."""
    return struct.pack("<HH", code, len(value)) + value + bytes(-len(value) & 3)


def interface(name: str) -> bytes:
    """An Ethernet interface with nanosecond times."""
    body = struct.pack("<HHI", ETHERNET, 0, SNAPLEN) + option(NAME, name.encode()) + option(TSRESOL, b"\x09") + option(0, b"")
    return block(1, body)


cdef class DropWriter:
    """A pcapng file of dropped frames. `ports`: their names by index; each is an interface, by which frames came in.

    Each frame has a comment: reason, record number in its input file, sentence. Errors: OSError, also at `close`.
    """

    def __init__(self, path, ports):
        cdef uint32_t number
        self.path = path
        sink_open(&self.file.sink, path)
        head = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
        # Frames that came in by no port: made by a node.
        head += interface("engine")
        for number, (index, name) in enumerate(ports.items()):
            self.file.interfaces[<uint16_t>index] = number + 1
            head += interface(name)
        sink_put(&self.file.sink, <const char*>head, <uint32_t>len(head))

    def __cinit__(self):
        self.file.sink.fd = -1
        self.file.interfaces = <uint32_t*>calloc(PORTS_MAX, sizeof(uint32_t))
        if self.file.interfaces == NULL:
            raise MemoryError("drops")

    def __dealloc__(self):
        sink_abandon(&self.file.sink)
        free(self.file.interfaces)

    def close(self) -> None:
        """Finish the file. Errors: OSError if any of it could not be written."""
        sink_close(&self.file.sink, self.path)

    @property
    def frames(self) -> int:
        """Frames written."""
        return self.file.written


cdef void write_drop(void* context, Head* head, Frame* frame, Reason reason) noexcept nogil:
    cdef DropFile* file = <DropFile*>context
    cdef int64_t time = head.core.now
    cdef char[320] comment
    cdef uint16_t[2] option
    cdef uint32_t length, padding, n
    cdef uint32_t zero = 0
    cdef PacketBlock header
    snprintf(comment, 256, openings[<uint32_t>reason], <unsigned long long>frame.record)
    length = <uint32_t>strlen(comment)
    padding = -length & 3
    memset(comment + length, 0, 4)
    n = frame.length + (-frame.length & 3) + 4 + length + padding + 4
    header.kind = htole32(6)
    header.total = htole32(<uint32_t>sizeof(PacketBlock) + n + 4)
    header.interface = htole32(file.interfaces[frame.ingress])
    header.high = htole32(<uint32_t>(<uint64_t>time >> 32))
    header.low = htole32(<uint32_t>time)
    header.kept = header.original = htole32(frame.length)
    option[0] = htole16(COMMENT)
    option[1] = htole16(<uint16_t>length)
    sink_put(&file.sink, &header, sizeof(PacketBlock))
    sink_put(&file.sink, frame.data, frame.head)
    if frame.tail != NULL:
        sink_put(&file.sink, frame.tail, frame.length - frame.head)
    sink_put(&file.sink, &zero, -frame.length & 3)
    sink_put(&file.sink, option, 4)
    sink_put(&file.sink, comment, length + padding)
    sink_put(&file.sink, &zero, 4)
    sink_put(&file.sink, &header.total, 4)
    file.written += 1
