"""The beginning of a file, pcap's records, and the way to pcapng's."""

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy

from fastpath.linktype cimport link_known
from fastpath.pcapng cimport SECTION, pcapng_next
from fastpath.source cimport (
    AGAIN, MORE, PACKET, RECORD_MAX, Outcome, Packet, Source, add_interface, advance, broken, foreign, get32, lacking,
)
from fastpath.wire cimport wire_swap32

# What the 32-bit seconds of pcap can say: whatever is read can be written.
cdef int64_t TIME_MAX = <int64_t>4294967295 * 1000000000 + 999999999

cdef enum:
    MICROSECONDS = 0xA1B2C3D4
    NANOSECONDS = 0xA1B23C4D
    FILE_HEADER = 24
    RECORD_HEADER = 16


cdef Outcome begin_later(Source* source, uint32_t need) noexcept nogil:
    source.need = need
    return broken(source, "the file is cut short") if source.ended else MORE


cdef Outcome records_begin(Source* source) noexcept nogil:
    cdef const uint8_t* octets = source.buffer + source.start
    cdef uint32_t available = source.end - source.start
    cdef uint32_t magic, link
    if available < 4:
        return begin_later(source, 4)
    memcpy(&magic, octets, 4)
    if magic == SECTION:
        source.pcapng = True
        return PACKET
    source.swapped = magic == wire_swap32(MICROSECONDS) or magic == wire_swap32(NANOSECONDS)
    magic = get32(source, octets)
    if magic != MICROSECONDS and magic != NANOSECONDS:
        return broken(source, "the file is neither pcap nor pcapng")
    if available < FILE_HEADER:
        return begin_later(source, FILE_HEADER)
    source.scale = 1000 if magic == MICROSECONDS else 1
    # The upper half of the field says other things than the link type (FCS length, reserved bits).
    link = get32(source, octets + 20) & 0xFFFF
    if not link_known(link):
        return foreign(source, link)
    if not add_interface(source, link, 0):
        return broken(source, "there is no memory for it")
    advance(source, FILE_HEADER)
    return PACKET


cdef Outcome pcap_next(Source* source, Packet* packet) noexcept nogil:
    cdef const uint8_t* octets = source.buffer + source.start
    cdef uint32_t available = source.end - source.start
    cdef uint32_t length
    if available < RECORD_HEADER:
        return lacking(source, RECORD_HEADER)
    length = get32(source, octets + 8)
    if length > RECORD_MAX:
        return broken(source, "the record's length is beyond 262,144 octets")
    if available < RECORD_HEADER + length:
        return lacking(source, RECORD_HEADER + length)
    packet.time = <int64_t>get32(source, octets) * 1000000000 + <int64_t>get32(source, octets + 4) * source.scale
    packet.octets = octets + RECORD_HEADER
    packet.length = length
    packet.original = get32(source, octets + 12)
    packet.link = source.interfaces[0].link
    advance(source, RECORD_HEADER + length)
    return PACKET


cdef Outcome records_next(Source* source, Packet* packet) noexcept nogil:
    cdef Outcome outcome = AGAIN
    cdef uint32_t octets
    while outcome == AGAIN:
        if source.skip:
            octets = <uint32_t>min(source.skip, <uint64_t>(source.end - source.start))
            advance(source, octets)
            source.skip -= octets
            if source.skip:
                source.need = 1
                return broken(source, "the file is cut short") if source.ended else MORE
        outcome = pcapng_next(source, packet) if source.pcapng else pcap_next(source, packet)
    if outcome == PACKET:
        packet.time = min(packet.time, TIME_MAX)
        source.records += 1
        packet.number = source.records
        source.time = packet.time
    return outcome
