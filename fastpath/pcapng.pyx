"""One block at a time."""

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy

from fastpath.linktype cimport link_known
from fastpath.source cimport (
    AGAIN, BLOCK_MAX, PACKET, RECORD_MAX, Interface, Outcome, Packet, Source, add_interface, advance, broken, foreign, get16,
    get32, lacking,
)
from fastpath.wire cimport wire_swap32

cdef extern from *:
    """
    /* Ticks of an interface's clock as ns since 1970, within what 32-bit seconds can say (no 128-bit integers in Cython). */
    static int64_t pcapng_time(uint64_t ticks, unsigned resolution, int64_t offset) {
        static const int64_t last = 4294967295ll * 1000000000ll + 999999999ll;
        unsigned n = resolution & 0x7F, i;
        __int128 ns;
        if (resolution & 0x80) {
            ns = n < 64 ? (__int128)(ticks >> n) * 1000000000 : 0;
            if (n) {
                unsigned __int128 part = n < 64 ? ticks & ((1ull << n) - 1) : ticks;
                ns += n < 98 ? (part * 1000000000u) >> n : 0;
            }
        } else if (n <= 9) {
            ns = ticks;
            for (i = n; i < 9; i++) ns *= 10;
        } else {
            for (i = n; i > 9 && ticks; i--) ticks /= 10;
            ns = ticks;
        }
        ns += (__int128)offset * 1000000000;
        return ns < 0 ? 0 : ns > last ? last : (int64_t)ns;
    }
    """
    int64_t pcapng_time(uint64_t ticks, unsigned int resolution, int64_t offset) noexcept nogil

cdef enum:
    INTERFACE = 1
    OLD_PACKET = 2
    SIMPLE_PACKET = 3
    ENHANCED_PACKET = 6
    BYTE_ORDER = 0x1A2B3C4D
    TSRESOL = 9                   # options of an interface
    TSOFFSET = 14


cdef Outcome pcapng_next(Source* source, Packet* packet) noexcept nogil:
    cdef const uint8_t* octets = source.buffer + source.start
    cdef uint32_t available = source.end - source.start
    cdef uint32_t kind, total
    if available < 12:
        return lacking(source, 12)
    memcpy(&kind, octets, 4)
    if kind == SECTION:
        return begin_section(source, octets)
    kind = get32(source, octets)
    total = get32(source, octets + 4)
    if total < 12 or total & 3:
        return broken(source, "the block's length is not possible")
    if kind not in (INTERFACE, OLD_PACKET, SIMPLE_PACKET, ENHANCED_PACKET):
        source.skip = total
        return AGAIN
    if total > BLOCK_MAX:
        return broken(source, "the block's length is beyond 327,680 octets")
    if available < total:
        return lacking(source, total)
    if get32(source, octets + total - 4) != total:
        return broken(source, "the block's two lengths differ")
    if kind == INTERFACE:
        return read_interface(source, octets, total)
    return read_packet(source, packet, octets, kind, total)


cdef Outcome begin_section(Source* source, const uint8_t* octets) noexcept nogil:
    cdef uint32_t magic, total
    memcpy(&magic, octets + 8, 4)
    source.swapped = magic == wire_swap32(BYTE_ORDER)
    total = get32(source, octets + 4)
    if get32(source, octets + 8) != BYTE_ORDER or total < 28 or total & 3:
        return broken(source, "the section header is not possible")
    source.n_interfaces = 0
    source.skip = total
    return AGAIN


cdef Outcome read_interface(Source* source, const uint8_t* octets, uint32_t total) noexcept nogil:
    cdef uint32_t at = 16
    cdef uint32_t code, length, high, low
    cdef Interface* interface
    if total < 20:
        return broken(source, "the block's length is not possible")
    if not add_interface(source, get16(source, octets + 8), get32(source, octets + 12)):
        return broken(source, "there are more than 65,536 interfaces")
    interface = &source.interfaces[source.n_interfaces - 1]
    while at + 4 <= total - 4:
        code = get16(source, octets + at)
        length = get16(source, octets + at + 2)
        at += 4
        if code == 0 or at + length > total - 4:
            break
        if code == TSRESOL and length == 1:
            interface.resolution = octets[at]
        elif code == TSOFFSET and length == 8:
            high = get32(source, octets + at + (0 if source.swapped else 4))
            low = get32(source, octets + at + (4 if source.swapped else 0))
            interface.offset = <int64_t>((<uint64_t>high << 32) | low)
        at += (length + 3) & ~3
    advance(source, total)
    return AGAIN


cdef Outcome read_packet(Source* source, Packet* packet, const uint8_t* octets, uint32_t kind, uint32_t total) noexcept nogil:
    """Where the three forms have their fields:

                      interface   time      kept   original   octets
        enhanced      8 (32 bit)  12        20     24         28
        old           8 (16 bit)  12        20     24         28
        simple        the first   –         –      8          12
    """
    cdef uint32_t number = 0
    cdef uint32_t header = 12 if kind == SIMPLE_PACKET else 28
    cdef uint64_t ticks
    cdef Interface* interface
    if total < header + 4:
        return broken(source, "the block's length is not possible")
    if kind == ENHANCED_PACKET:
        number = get32(source, octets + 8)
    elif kind == OLD_PACKET:
        number = get16(source, octets + 8)
    if number >= source.n_interfaces:
        return broken(source, "the packet's interface is not described")
    interface = &source.interfaces[number]
    if not link_known(interface.link):
        return foreign(source, interface.link)
    packet.link = interface.link
    packet.octets = octets + header
    if kind == SIMPLE_PACKET:
        packet.original = get32(source, octets + 8)
        packet.length = packet.original
        if interface.snaplen:
            packet.length = min(packet.length, interface.snaplen)
        # Without a time of its own it goes with what came before.
        packet.time = source.time
    else:
        ticks = (<uint64_t>get32(source, octets + 12) << 32) | get32(source, octets + 16)
        packet.time = pcapng_time(ticks, interface.resolution, interface.offset)
        packet.length = get32(source, octets + 20)
        packet.original = get32(source, octets + 24)
    if packet.length > total - header - 4 or packet.length > RECORD_MAX:
        return broken(source, "the packet is longer than its block")
    advance(source, total)
    return PACKET
