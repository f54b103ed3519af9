"""What becomes of each fragment, counted so that nothing vanishes."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset

from fastpath.abandon cimport abandon, abandon_pieces, make_record, make_room, restore
from fastpath.arena cimport HEADROOM, SMALL, Arena, Slots, take
from fastpath.counters cimport (
    BAD_OFFLOAD, FRAGMENT_INVALID, FRAGMENT_LIMIT, FRAGMENT_OVERLAP, FRAGMENT_TIMEOUT, OVERSIZE, TURN_BUDGET, Reason,
)
from fastpath.datagrams cimport FAMILY, NONE, Datagram, Datagrams, datagrams_close, datagrams_find, datagrams_free, datagrams_init
from fastpath.fragmentheader cimport DONT_FRAGMENT, FRAGMENT_HEADER, HEADER_MAX, FragmentHeader, fragment_read
from fastpath.frame cimport MAX_FRAME, NEEDS_CSUM, SHARED, Frame
from fastpath.graph cimport NEVER, Head, drop
from fastpath.holes cimport AGAIN, OVERLAP, Cover, datagram_copy, datagram_cover, datagram_lacks, datagram_mark, datagram_place
from fastpath.ip cimport Packet
from fastpath.pages cimport pages, unpages
from fastpath.transport cimport transport_copy
from fastpath.wire cimport fold, store16, sum_octets

cdef enum:
    SCRATCH = HEADROOM + HEADER_MAX + FRAGMENT_HEADER + 65536
    CE = 3                    # ECN field: congestion experienced (RFC 3168, 5)

TIMEOUT_IPV4 = 30_000_000_000
TIMEOUT_IPV6 = 60_000_000_000


cdef int reassembly_init(Reassembly* reassembly, uint32_t datagrams, size_t octets, uint64_t seed) except -1:
    memset(reassembly, 0, sizeof(Reassembly))
    datagrams_init(&reassembly.memory, datagrams, octets, seed)
    reassembly.scratch = <uint8_t*>pages(SCRATCH, False)
    if reassembly.scratch == NULL:
        raise MemoryError("reassembly: scratch")
    return 0


cdef void reassembly_free(Reassembly* reassembly) noexcept:
    datagrams_free(&reassembly.memory)
    unpages(reassembly.scratch, SCRATCH, False)
    reassembly.scratch = NULL


# -- taking in --------------------------------------------------------------------------------------------------------------


cdef void note(Datagram* datagram, const Packet* packet, const FragmentHeader* fragment) noexcept nogil:
    """What the fragment says of the datagram; the first one's header counts, any other's is kept for want of it (RFC 791, 3.2)."""
    if fragment.offset == 0 or datagram.header_length == 0:
        memcpy(datagram.header, packet.frame.data, fragment.header)
        datagram.header_length = <uint16_t>fragment.header
        datagram.network = packet.network
        datagram.begun = datagram.begun or fragment.offset == 0
        if packet.version == 6:
            datagram.following = <uint16_t>fragment.following
            datagram.header[fragment.following] = fragment.next
    if not fragment.more:
        datagram.length = fragment.end
    datagram.ecn |= <uint8_t>(1 << fragment.ecn)
    datagram.largest = max(datagram.largest, packet.length)
    if fragment.dont:
        datagram.largest_df = max(datagram.largest_df, packet.length)


cdef void store(Datagrams* memory, Datagram* datagram, const Packet* packet, const FragmentHeader* fragment) noexcept nogil:
    cdef uint32_t at = fragment.offset
    cdef uint32_t n
    cdef uint8_t* place
    while at < fragment.end:
        n = fragment.end - at
        place = datagram_place(memory, datagram, at, &n)
        transport_copy(place, packet.frame, fragment.data + at - fragment.offset, n)
        at += n
    datagram_mark(memory, datagram, fragment.offset, fragment.end, packet.frame.ingress, packet.frame.record)


cdef Frame* slot_for(Arena* arena, Frame* frame, uint32_t length) noexcept nogil:
    """Where a packet of that length can be put together: the large slot that the last fragment came in, or one of its own."""
    cdef Slots* large = &arena.large
    cdef uint8_t* data = frame.data
    cdef Frame* whole
    cdef size_t end
    if large.memory <= data < large.memory + <size_t>large.used * large.stride and not frame.flags & SHARED and frame.tail == NULL:
        end = (<size_t>(data - large.memory) // large.stride + 1) * large.stride
        if <size_t>(data - large.memory) + length <= end:
            return frame
    whole = take(&arena.small if length <= SMALL else large, HEADROOM)
    if whole == NULL:
        return NULL
    data = whole.data
    whole[0] = frame[0]
    whole.data = data
    whole.room = HEADROOM
    return whole


cdef bint finish_header(const Datagram* datagram, uint8_t* octets, uint32_t length) noexcept nogil:
    """The whole packet's header for `length` octets of data. False: it cannot say so many, or its ECN fields were mixed (RFC 3168, 5.3)."""
    cdef uint8_t* ip = octets + datagram.network
    cdef uint32_t n = datagram.header_length - datagram.network
    cdef bint congested = datagram.ecn >> CE & 1
    cdef uint16_t checksum
    # One that is not ECN-capable among others that are: as Linux does.
    if datagram.ecn & 1 and datagram.ecn != 1 or n + length - (40 if datagram.version == 6 else 0) > 0xFFFF:
        return False
    if datagram.version == 6:
        store16(ip + 4, <uint16_t>(n - 40 + length))
        ip[1] |= CE << 4 if congested else 0
        return True
    store16(ip + 2, <uint16_t>(n + length))
    store16(ip + 6, DONT_FRAGMENT if datagram.largest_df == datagram.largest else 0)
    ip[1] |= CE if congested else 0
    store16(ip + 10, 0)
    checksum = <uint16_t>~fold(sum_octets(ip, n, 0))
    memcpy(ip + 10, &checksum, 2)
    return True


cdef Frame* join(Reassembly* reassembly, Head* head, uint32_t number, Frame* frame) noexcept nogil:
    """All of it has come, the last octets in this frame, and all of them are in our memory."""
    cdef Datagram* datagram = &reassembly.memory.records[number]
    cdef Frame* whole
    if not finish_header(datagram, datagram.header, datagram.length):
        abandon(reassembly, head, number, FRAGMENT_INVALID)
        return NULL
    if datagram.header_length + datagram.length > MAX_FRAME:
        # IPv6 counts without its first header, so it can be a little longer than any frame of ours.
        abandon(reassembly, head, number, OVERSIZE)
        return NULL
    whole = slot_for(&head.core.arena, frame, datagram.header_length + datagram.length)
    if whole == NULL:
        abandon(reassembly, head, number, TURN_BUDGET)
        return NULL
    memcpy(whole.data, datagram.header, datagram.header_length)
    datagram_copy(&reassembly.memory, datagram, 0, whole.data + datagram.header_length, datagram.length)
    whole.head = whole.length = datagram.header_length + datagram.length
    whole.tail = NULL
    whole.flags = 0
    reassembly.counters.whole += 1
    head.counters.held -= datagram.n_pieces
    head.counters.consumed += datagram.n_pieces - 1
    datagrams_close(&reassembly.memory, number)
    return whole


cdef Frame* reassembly_add(Reassembly* reassembly, Head* head, const Packet* packet, int64_t now, uint32_t* largest) noexcept nogil:
    cdef Datagrams* memory = &reassembly.memory
    cdef Datagram wanted
    cdef Datagram* datagram
    cdef FragmentHeader fragment
    cdef Cover cover
    cdef bint clash = False
    cdef uint32_t number
    cdef Frame* frame = packet.frame
    reassembly.pointer = 0
    if frame.flags & NEEDS_CSUM or frame.gso_type:
        # Nobody's stack makes these: what is left to do cannot be done to a part.
        drop(head, frame, BAD_OFFLOAD)
        return NULL
    if not fragment_read(&fragment, packet, &reassembly.pointer):
        drop(head, frame, FRAGMENT_INVALID)
        return NULL
    memset(&wanted, 0, sizeof(Datagram))
    wanted.source = packet.source
    wanted.target = packet.target
    wanted.id = fragment.id
    wanted.interface = packet.interface
    wanted.protocol = fragment.protocol
    wanted.version = packet.version
    number = datagrams_find(memory, &wanted, &clash)
    if number == NONE:
        if not clash:
            number = make_record(reassembly, head, &wanted, now)
        if number == NONE:
            drop(head, frame, FRAGMENT_LIMIT)
            return NULL
    datagram = &memory.records[number]
    cover = datagram_cover(memory, datagram, fragment.offset, fragment.end)
    if cover == OVERLAP:
        abandon(reassembly, head, number, FRAGMENT_OVERLAP)
        drop(head, frame, FRAGMENT_OVERLAP)
        return NULL
    # One that claims to be the last, and others go further; or it goes further than the last.
    if datagram.end > fragment.end and not fragment.more or datagram.length and fragment.end > datagram.length \
            or datagram.length and not fragment.more and fragment.end != datagram.length:
        abandon(reassembly, head, number, FRAGMENT_INVALID)
        drop(head, frame, FRAGMENT_INVALID)
        return NULL
    if cover == AGAIN:
        reassembly.counters.duplicates += 1
        head.counters.consumed += 1
        return NULL
    if not make_room(reassembly, head, number, datagram_lacks(datagram, fragment.offset, fragment.end)):
        drop(head, frame, FRAGMENT_LIMIT)
        return NULL
    note(datagram, packet, &fragment)
    store(memory, datagram, packet, &fragment)
    head.counters.held += 1
    if datagram.octets != datagram.length or not datagram.begun:
        return NULL
    largest[0] = datagram.largest
    return join(reassembly, head, number, frame)


# -- time -------------------------------------------------------------------------------------------------------------------


cdef int64_t due_of(const Datagrams* memory, uint32_t family) noexcept nogil:
    cdef uint32_t number = memory.families[family].oldest
    if number == NONE:
        return NEVER
    return memory.records[number].began + (TIMEOUT_IPV6 if family else TIMEOUT_IPV4)


cdef int64_t reassembly_due(const Reassembly* reassembly) noexcept nogil:
    return min(due_of(&reassembly.memory, 0), due_of(&reassembly.memory, 1))


cdef bint reassembly_expire(Reassembly* reassembly, Head* head, int64_t now, Expired* expired) noexcept nogil:
    cdef Datagrams* memory = &reassembly.memory
    cdef uint32_t family = due_of(memory, 1) < due_of(memory, 0)
    cdef uint32_t number = memory.families[family].oldest
    cdef uint32_t first
    cdef Datagram* datagram
    if due_of(memory, family) > now:
        return False
    datagram = &memory.records[number]
    abandon_pieces(reassembly, head, datagram, FRAGMENT_TIMEOUT)
    expired.interface = datagram.interface
    expired.frame = NULL
    if datagram.begun:
        first = datagram.first_piece
        while memory.pieces[first].offset:
            first = memory.pieces[first].next
        restore(reassembly, datagram, 0, memory.pieces[first].length)
        reassembly.frame.ingress = memory.pieces[first].ingress
        reassembly.frame.record = memory.pieces[first].record
        expired.frame = &reassembly.frame
    datagrams_close(memory, number)
    reassembly.counters.expired += 1
    return True


cdef void reassembly_forget(Reassembly* reassembly, Head* head, uint16_t interface, Reason reason) noexcept nogil:
    cdef Datagrams* memory = &reassembly.memory
    cdef uint32_t family, number, following
    for family in range(2):
        number = memory.families[family].oldest
        while number != NONE:
            following = memory.records[number].links[FAMILY].newer
            if memory.records[number].interface == interface:
                abandon(reassembly, head, number, reason)
            number = following
