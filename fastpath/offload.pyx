"""Software segmentation, as a network card does it (virtio 1.2, 5.1.6.2; TCP: RFC 9293; ECN: RFC 3168, 6.1.2).

Segments get consecutive sequence numbers and IPv4 identifications; FIN and PSH stay on the last, CWR on the first. Sums are
taken in machine order throughout (RFC 1071, 2 B).
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset

from fastpath.arena cimport HEAD, HEADROOM, Arena, arena_free, arena_init, clone
from fastpath.counters cimport BAD_OFFLOAD, TURN_BUDGET
from fastpath.counters import reason_name
from fastpath.facts cimport checksum_at, checksum_fits, read_facts
from fastpath.frame cimport GSO_ECN, GSO_NONE, NEEDS_CSUM, OUTER_CSUM, SHARED, Frame
from fastpath.layout cimport HEADERS_MAX, PROTOCOL_TCP, PROTOCOL_UDP, Layout, layout_pseudo
from fastpath.sample cimport Sample, octets_of
from fastpath.wire cimport fold, load16, load32, store16, store32, sum_octets, wire_swap16

cdef enum:
    FIN = 0x01
    PSH = 0x08
    CWR = 0x80


cdef int segmenter_begin(Segmenter* segmenter, const Frame* frame) noexcept nogil:
    cdef uint32_t n = min(frame.length, <uint32_t>HEADERS_MAX)
    cdef uint32_t own = min(n, frame.head)
    cdef uint32_t whole
    cdef uint16_t partial
    # A clone's own part is a short one; a border between the parts further back than the headers is never copied.
    if frame.tail != NULL and frame.head > HEADERS_MAX:
        return BAD_OFFLOAD
    memcpy(segmenter.headers, frame.data, own)
    if n > own:
        memcpy(segmenter.headers + own, frame.tail, n - own)
    segmenter.frame = frame
    segmenter.done = 0
    segmenter.count = 1
    if not frame.gso_type:
        if not checksum_fits(frame):
            return BAD_OFFLOAD
        segmenter.header = <uint32_t>frame.csum_start + frame.csum_offset + 2
        segmenter.size = frame.length - segmenter.header
        return WILL_DO
    if not read_facts(frame, segmenter.headers, n, &segmenter.outer, &segmenter.inner):
        return BAD_OFFLOAD
    segmenter.header = segmenter.inner.payload
    segmenter.size = frame.gso_size
    if frame.length > segmenter.header:
        segmenter.count = (frame.length - segmenter.header + segmenter.size - 1) // segmenter.size
    if segmenter.count > SEGMENTS_MAX:
        return TURN_BUDGET
    # The sender's own sum is kept: if addresses were translated it was adjusted, and what was corrupt stays so.
    memcpy(&partial, segmenter.headers + frame.csum_start + frame.csum_offset, 2)
    whole = frame.length - segmenter.inner.transport
    segmenter.pseudo = <uint64_t>partial + <uint16_t>~wire_swap16(<uint16_t>whole) + <uint16_t>~wire_swap16(<uint16_t>(whole >> 16))
    return WILL_DO


cdef inline uint64_t joined(uint64_t first, uint32_t n, uint64_t rest) noexcept nogil:
    """The sum of n octets and of what follows them."""
    if n & 1:
        return first + wire_swap16(fold(rest))
    return first + rest


cdef void put_checksum(uint8_t* field, uint64_t total, bint udp) noexcept nogil:
    cdef uint16_t checksum = <uint16_t>~fold(total)
    if udp and checksum == 0:
        checksum = 0xFFFF              # zero says "none" (RFC 768)
    memcpy(field, &checksum, 2)


cdef void put_lengths(uint8_t* octets, const Layout* layout, uint32_t end, uint32_t number) noexcept nogil:
    """IP and UDP length fields for a packet that ends at `end`, the IPv4 identification and header checksum."""
    cdef uint8_t* header = octets + layout.network
    cdef uint32_t n = layout.transport - layout.network
    cdef uint16_t checksum
    if layout.protocol == PROTOCOL_UDP:
        store16(octets + layout.transport + 4, <uint16_t>(end - layout.transport))
    if layout.version == 6:
        store16(header + 4, <uint16_t>(end - layout.network - 40))
        return
    store16(header + 2, <uint16_t>(end - layout.network))
    store16(header + 4, <uint16_t>(load16(header + 4) + number))
    store16(header + 10, 0)
    checksum = <uint16_t>~fold(sum_octets(header, n, 0))
    memcpy(header + 10, &checksum, 2)


cdef void put_headers(Segmenter* segmenter, uint8_t* octets, uint32_t end) noexcept nogil:
    """All fields that differ from segment to segment but the L4 checksums."""
    cdef uint8_t* transport = octets + segmenter.inner.transport
    cdef uint16_t pseudo
    if segmenter.inner.protocol == PROTOCOL_TCP:
        store32(transport + 4, load32(transport + 4) + segmenter.done * segmenter.size)
        if segmenter.done:
            transport[13] &= ~CWR
        if segmenter.done + 1 < segmenter.count:
            transport[13] &= ~(FIN | PSH)
    put_lengths(octets, &segmenter.inner, end, segmenter.done)
    if segmenter.outer.network:
        put_lengths(octets, &segmenter.outer, end, segmenter.done)
    pseudo = fold(segmenter.pseudo + wire_swap16(<uint16_t>(end - segmenter.inner.transport)))
    memcpy(transport + checksum_at(segmenter.inner.protocol), &pseudo, 2)


cdef Frame* segmenter_next(Segmenter* segmenter) noexcept nogil:
    cdef const Frame* frame = segmenter.frame
    cdef Frame* segment = &segmenter.segment
    cdef uint8_t* octets = segmenter.scratch + HEADROOM
    cdef uint32_t start = segmenter.header + segmenter.done * segmenter.size
    cdef uint32_t end = min(start + segmenter.size, frame.length)
    cdef uint32_t border = segmenter.header
    cdef uint64_t rest = 0
    if segmenter.done == segmenter.count:
        return NULL
    memcpy(octets, segmenter.headers, segmenter.header)
    segment[0] = frame[0]
    segment.length = segmenter.header + end - start
    if start < frame.head < end:
        # The payload begins in the frame's own part and ends in the shared one: the first piece goes along with the headers.
        memcpy(octets + border, frame.data + start, frame.head - start)
        border += frame.head - start
        segment.tail = frame.tail
    elif start < frame.head:
        segment.tail = frame.data + start
    else:
        segment.tail = frame.tail + (start - frame.head)
    if border == segment.length:
        segment.tail = NULL
    else:
        rest = sum_octets(segment.tail, segment.length - border, 0)
    if frame.gso_type:
        put_headers(segmenter, octets, segment.length)
    put_checksum(octets + frame.csum_start + frame.csum_offset,
                 joined(sum_octets(octets + frame.csum_start, border - frame.csum_start, 0), border - frame.csum_start, rest),
                 frame.csum_offset == 6)
    if frame.gso_type and segmenter.outer.network:
        put_outer_checksum(segmenter, octets, segment.length, border, rest)
    segment.data = octets
    segment.head = border
    segment.room = HEADROOM
    segment.gso_type = GSO_NONE
    segment.flags = frame.flags & ~(NEEDS_CSUM | OUTER_CSUM | SHARED)
    segmenter.done += 1
    return segment


cdef void put_outer_checksum(Segmenter* segmenter, uint8_t* octets, uint32_t length, uint32_t border, uint64_t rest) noexcept nogil:
    """The tunnel's own checksum over a segment that is finished but for it; without the wish for one it is zero (RFC 7348, 5)."""
    cdef uint32_t start = segmenter.outer.transport
    cdef uint64_t total
    store16(octets + start + 6, 0)
    if not segmenter.frame.flags & OUTER_CSUM:
        return
    total = layout_pseudo(&segmenter.outer, octets, length - start)
    put_checksum(octets + start + 6, joined(sum_octets(octets + start, border - start, total), border - start, rest), True)


cdef void put_piece(Frame* frame, const Layout* layout, uint32_t whole, uint32_t number) noexcept nogil:
    """Header fields of a piece of a super-frame of `whole` octets of transport header and payload, behind `number` segments of it."""
    cdef uint8_t* transport = frame.data + layout.transport
    cdef uint8_t* field = transport + checksum_at(layout.protocol)
    cdef uint16_t partial
    put_lengths(frame.data, layout, frame.length, number)
    memcpy(&partial, field, 2)
    partial = fold(<uint64_t>partial + <uint16_t>~wire_swap16(<uint16_t>whole) + <uint16_t>~wire_swap16(<uint16_t>(whole >> 16))
                   + wire_swap16(<uint16_t>(frame.length - layout.transport)))
    memcpy(field, &partial, 2)
    if frame.length - layout.payload <= frame.gso_size:
        frame.gso_type = GSO_NONE


cdef Frame* offload_split(Arena* arena, Frame* frame, uint32_t longest, int* reason) noexcept nogil:
    cdef Layout outer, inner
    cdef Frame* rest
    cdef uint32_t number, cut, whole
    reason[0] = WILL_DO
    if frame.length <= longest:
        return NULL
    reason[0] = BAD_OFFLOAD
    if frame.gso_type == GSO_NONE or not read_facts(frame, frame.data, min(frame.head, <uint32_t>HEADERS_MAX), &outer, &inner):
        return NULL
    # What a clone has of its own must hold the headers, which are changed.
    if outer.network or inner.payload > HEAD or longest < inner.payload + frame.gso_size:
        return NULL
    rest = clone(arena, frame)
    if rest == NULL:
        reason[0] = TURN_BUDGET
        return NULL
    number = (longest - inner.payload) // frame.gso_size
    cut = inner.payload + number * frame.gso_size
    whole = frame.length - inner.transport
    rest.head = inner.payload
    rest.length = inner.payload + frame.length - cut
    if cut >= frame.head:
        rest.tail = frame.tail + (cut - frame.head)
    elif frame.tail == NULL:
        rest.tail = frame.data + cut
    else:
        # It begins in the frame's own part and ends in the shared one: the first piece goes along with the headers.
        memcpy(rest.data + rest.head, frame.data + cut, frame.head - cut)
        rest.head += frame.head - cut
        rest.tail = frame.tail
    frame.length = cut
    if cut <= frame.head:
        frame.head = cut
        frame.tail = NULL
    if inner.protocol == PROTOCOL_TCP:
        store32(rest.data + inner.transport + 4, load32(rest.data + inner.transport + 4) + number * frame.gso_size)
        rest.data[inner.transport + 13] &= ~CWR
        frame.data[inner.transport + 13] &= ~(FIN | PSH)
        rest.gso_type &= ~GSO_ECN
    put_piece(frame, &inner, whole, 0)
    put_piece(rest, &inner, whole, number)
    reason[0] = WILL_DO
    return rest


def segments(const uint8_t[::1] octets not None, *, int gso_type=0, int gso_size=0, int csum_start=0, int csum_offset=0,
             bint outer_csum=False, int outer_transport=0, int inner_network=0, uint32_t own=0) -> list[bytes]:
    """The finished segments of a frame that wants its checksum completed (used for testing).

    `own` > 0: a frame in two parts, so many octets in the first. Errors: ValueError with the drop reason.
    """
    cdef Sample sample = Sample(octets, own)
    cdef Frame* frame = &sample.frame
    cdef Frame* segment
    cdef Segmenter segmenter
    cdef int reason
    frame.flags = NEEDS_CSUM | (OUTER_CSUM if outer_csum else 0)
    frame.gso_type, frame.gso_size = <uint8_t>gso_type, <uint16_t>gso_size
    frame.csum_start, frame.csum_offset = <uint16_t>csum_start, <uint16_t>csum_offset
    frame.outer_transport, frame.inner_network = <uint16_t>outer_transport, <uint16_t>inner_network
    reason = segmenter_begin(&segmenter, frame)
    if reason != WILL_DO:
        raise ValueError(reason_name(reason))
    found = []
    segment = segmenter_next(&segmenter)
    while segment != NULL:
        found.append(octets_of(segment))
        segment = segmenter_next(&segmenter)
    return found


def pieces(const uint8_t[::1] octets not None, uint32_t longest, *, int gso_type, int gso_size, int csum_start, int csum_offset,
           uint32_t own=0) -> list[dict[str, int | bytes]]:
    """A super-frame split into frames of at most `longest` octets: their octets and facts (used for testing). As `segments`."""
    cdef Arena arena
    cdef Sample sample = Sample(octets, own)
    cdef Frame* piece = &sample.frame
    cdef Frame* rest
    cdef int reason
    piece.flags = NEEDS_CSUM
    piece.gso_type, piece.gso_size = <uint8_t>gso_type, <uint16_t>gso_size
    piece.csum_start, piece.csum_offset = <uint16_t>csum_start, <uint16_t>csum_offset
    memset(&arena, 0, sizeof(Arena))
    arena_init(&arena, 1, 1, SEGMENTS_MAX)
    found = []
    try:
        while piece != NULL:
            rest = offload_split(&arena, piece, longest, &reason)
            if reason != WILL_DO:
                raise ValueError(reason_name(reason))
            found.append({
                "octets": octets_of(piece),
                "gso_type": piece.gso_type, "gso_size": piece.gso_size, "csum_start": csum_start, "csum_offset": csum_offset,
            })
            piece = rest
    finally:
        arena_free(&arena)
    return found
