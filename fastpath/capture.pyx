"""Reading captures: refills, faults, and a plain iterator for Python."""

import zlib

from cpython.buffer cimport PyBUF_WRITE
from cpython.memoryview cimport PyMemoryView_FromMemory
from libc.stdint cimport int64_t, uint8_t
from libc.stdlib cimport free, malloc
from libc.string cimport memmove

from fastpath.linktype cimport LINK_ETHERNET, link_header
from fastpath.linktype import link_name
from fastpath.records cimport records_begin, records_next
from fastpath.source cimport BROKEN, BUFFER, END, MORE, PACKET

cdef enum:
    PIECE = 1 << 16               # octets read at once


class CaptureError(ValueError):
    """A file cannot be read, or no further. `record`: the number of the record that could not be; `offset`: where it begins."""

    def __init__(self, name: str, what: str, record: int, offset: int) -> None:
        super().__init__(f"{name}: {what} (record {record}, offset {offset})")
        self.name = name
        self.what = what
        self.record = record
        self.offset = offset


class Inflated:
    """What a gzip file (RFC 1952), one or several members, holds: its octets, read in pieces; memory does not grow with them."""

    def __init__(self, file, first: bytes) -> None:
        self.file = file
        self.input = first
        self.member = zlib.decompressobj(wbits=31)
        self.broken = None

    def readinto(self, room) -> int:
        """Like RawIOBase.readinto. Errors: EOFError if the file ends within a member, zlib.error if it is damaged."""
        while True:
            if self.broken is not None:
                raise self.broken
            if not self.input:
                self.input = self.file.read(65536)
            if self.member.eof:
                # Behind a member another may follow; zeroes are padding (gzip(1)).
                self.input = self.input.lstrip(b"\0") or self.file.read(65536).lstrip(b"\0")
                if not self.input:
                    return 0
                self.member = zlib.decompressobj(wbits=31)
            ended = not self.input
            octets = self.inflate(len(room))
            if octets:
                room[: len(octets)] = octets
                return len(octets)
            if ended:
                raise EOFError

    def inflate(self, limit: int) -> bytes:
        """What comes out of the input, up to `limit` octets; where it is damaged, what comes out before."""
        before = self.member.copy()
        try:
            octets = self.member.decompress(self.input, limit)
        except zlib.error as error:
            # What the call had found is lost with the error: go again, an octet at a time.
            self.broken = error
            octets = bytearray()
            for at in range(len(self.input)):
                try:
                    octets += before.decompress(self.input[at : at + 1])
                except zlib.error:
                    break
            return bytes(octets[:limit])
        self.input = self.member.unconsumed_tail or self.member.unused_data
        return octets


cdef class Capture:
    """Records of a pcap or pcapng file, gzipped or not, from a binary file object that need not be seekable.

    `name` stands in messages. Errors: CaptureError if it is neither, or of a link type that cannot become Ethernet.
    """

    def __cinit__(self):
        self.source.buffer = <uint8_t*>malloc(BUFFER)
        if self.source.buffer == NULL:
            raise MemoryError("capture")

    def __init__(self, file, str name not None):
        cdef Outcome outcome
        self.file = file
        self.name = name
        while self.source.end < 2 and not self.source.ended:
            self.fill()
        if self.source.end >= 2 and self.source.buffer[0] == 0x1F and self.source.buffer[1] == 0x8B:
            self.file = Inflated(file, self.source.buffer[:self.source.end])
            self.source.end = 0
            self.source.ended = False
        outcome = records_begin(&self.source)
        while outcome == MORE:
            self.fill()
            outcome = records_begin(&self.source)
        # A file cut short in its header has no records; `fault` tells when it is read.
        if outcome == BROKEN and not self.source.ended:
            raise self.error()

    def __dealloc__(self):
        free(self.source.buffer)
        free(self.source.interfaces)

    cdef int fill(self) except -1:
        """Read on, so that at least one octet more is at hand, or the end is known."""
        cdef Source* source = &self.source
        cdef Py_ssize_t n
        if source.start:
            memmove(source.buffer, source.buffer + source.start, source.end - source.start)
            source.end -= source.start
            source.start = 0
        # Small pieces stay in the cache until they are read.
        room = PyMemoryView_FromMemory(<char*>source.buffer + source.end, min(BUFFER - source.end, max(PIECE, source.need)), PyBUF_WRITE)
        try:
            n = self.file.readinto(room)
        except EOFError:
            self.damage = "the gzip file is cut short"
            n = 0
        except zlib.error as error:
            self.damage = f"the gzip file is damaged: {error}"
            n = 0
        source.end += n
        source.ended = n == 0
        return 0

    cdef Outcome next(self) except *:
        """The next record into `packet`, filling as needed: PACKET, END or BROKEN."""
        cdef Outcome outcome = MORE
        while outcome == MORE:
            if self.source.fault != NULL:
                return BROKEN
            outcome = records_next(&self.source, &self.packet)
            if outcome == MORE:
                self.fill()
        return BROKEN if outcome == END and self.damage is not None else outcome

    def error(self) -> CaptureError:
        """What went wrong, once the records have ended: see `fault`."""
        cdef const char* fault = self.source.fault
        what = self.damage or (fault.decode() if fault != NULL else "")
        if self.source.foreign:
            what = f"{link_name(self.source.foreign)} cannot become Ethernet frames"
        return CaptureError(self.name, what, self.source.records + 1, self.source.offset)

    @property
    def fault(self) -> CaptureError | None:
        """Why there are no more records, if not because the file ended as it should."""
        return self.error() if self.source.fault != NULL or self.damage is not None else None

    @property
    def records(self) -> int:
        """Records read so far."""
        return self.source.records

    def __iter__(self):
        return self

    def __next__(self) -> tuple[int, bytes, int]:
        """The next record: (time in ns, Ethernet frame, octets that the capture left out); see `fault` after the last."""
        cdef uint8_t[14] header
        cdef int replaced
        if self.next() != PACKET:
            raise StopIteration
        left_out = max(0, <int64_t>self.packet.original - self.packet.length)
        octets = self.packet.octets[:self.packet.length]
        if self.packet.link != LINK_ETHERNET:
            replaced = link_header(&self.packet, header)
            octets = b"" if replaced < 0 else header[:14] + octets[replaced:]
        return self.packet.time, octets, left_out
