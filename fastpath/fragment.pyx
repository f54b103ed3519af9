"""Cutting. Each piece but a datagram's last is a multiple of 8 octets, because offsets count in those (RFC 791, 3.1)."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t
from libc.string cimport memcpy, memset

from fastpath.arena cimport HEAD, HEADROOM, SMALL, Arena, Slots, arena_free, arena_init, take
from fastpath.counters cimport BAD_OFFLOAD, FRAGMENT_INVALID, IP_HEADER, IP_LENGTH, TOO_BIG
from fastpath.counters import reason_name
from fastpath.fragmentheader cimport DONT_FRAGMENT, FRAGMENT_HEADER, FRAGMENT_PROTOCOL, MORE_FRAGMENTS, PLACE
from fastpath.frame cimport CSUM_VALID, NEEDS_CSUM, SHARED, Frame
from fastpath.layout cimport HEADERS_MAX
from fastpath.offload cimport WILL_DO
from fastpath.sample cimport Sample, octets_of
from fastpath.transport cimport transport_copy, transport_sum
from fastpath.wire cimport fold, load16, store16, store32, sum_octets

cdef enum:
    HOP_BY_HOP = 0            # RFC 8200, 4.1: what may stand before a Fragment header
    ROUTING = 43
    DESTINATION = 60
    OPTION_END = 0            # RFC 791, 3.1
    OPTION_NOTHING = 1
    OPTION_COPIED = 0x80


cdef uint32_t later_header(uint8_t* to, const uint8_t* first, uint32_t network, uint32_t n) noexcept nogil:
    """The IPv4 header of fragments that do not begin the datagram: options with their copy bit set, padded; returns its end."""
    cdef uint32_t at = network + 20
    cdef uint32_t end = network + 20
    cdef uint32_t length
    memset(to, 0, n)
    memcpy(to, first, network + 20)
    while at < n and first[at] != OPTION_END:
        if first[at] == OPTION_NOTHING:
            at += 1
            continue
        length = first[at + 1] if at + 1 < n else 0
        if length < 2 or at + length > n:
            break
        if first[at] & OPTION_COPIED:
            memcpy(to + end, first + at, length)
            end += length
        at += length
    end = network + ((end - network + 3) & ~<uint32_t>3)
    to[network] = 0x40 | <uint8_t>((end - network) // 4)
    return end


cdef int begin_ipv4(Fragmenter* fragmenter, const Frame* frame, int64_t identification) noexcept nogil:
    cdef uint32_t network = fragmenter.network
    cdef uint8_t* header = fragmenter.first + network
    cdef uint32_t n = (header[0] & 15) * 4
    cdef uint16_t place = load16(header + 6)
    if n < 20 or network + n > min(frame.length, <uint32_t>HEADERS_MAX):
        return IP_HEADER
    fragmenter.body = fragmenter.first_length = network + n
    fragmenter.end = network + load16(header + 2)
    fragmenter.base = <uint32_t>(place & PLACE) * 8
    fragmenter.more = place & MORE_FRAGMENTS != 0
    if identification >= 0:
        store16(header + 4, <uint16_t>identification)
    fragmenter.later_length = later_header(fragmenter.later, fragmenter.first, network, network + n)
    return WILL_DO


cdef int begin_ipv6(Fragmenter* fragmenter, const Frame* frame, int64_t identification) noexcept nogil:
    """The headers that every router looks at go into each fragment: up to a Routing header, else a Hop-by-Hop one (RFC 8200, 4.5)."""
    cdef uint32_t network = fragmenter.network
    cdef const uint8_t* octets = fragmenter.first
    cdef uint32_t n = min(frame.length, <uint32_t>HEADERS_MAX)
    cdef uint32_t at = network + 40
    cdef uint32_t link = network + 6
    fragmenter.body = at
    fragmenter.following = link
    fragmenter.end = at + load16(octets + network + 4)
    while octets[link] in (HOP_BY_HOP, ROUTING, DESTINATION):
        if at + 8 > n:
            return IP_HEADER
        if octets[link] != DESTINATION:
            fragmenter.body = at + (octets[at + 1] + 1) * 8
            fragmenter.following = at
        link = at
        at += (octets[at + 1] + 1) * 8
        if at > n:
            return IP_HEADER
    if octets[link] == FRAGMENT_PROTOCOL:
        return TOO_BIG
    fragmenter.first_length = fragmenter.body + FRAGMENT_HEADER
    fragmenter.later_length = fragmenter.first_length
    fragmenter.identification = <uint32_t>identification
    return WILL_DO


cdef int finish_checksum(Fragmenter* fragmenter, const Frame* frame) noexcept nogil:
    """No fragment can tell its receiver what is left to do: so the octets up to the checksum are copied, and it is completed there."""
    cdef uint32_t start = frame.csum_start
    cdef uint32_t end = start + frame.csum_offset + 2
    cdef uint16_t checksum
    if fragmenter.base or fragmenter.more or start < fragmenter.body or end > fragmenter.end or end > HEADERS_MAX:
        return BAD_OFFLOAD
    checksum = <uint16_t>~fold(transport_sum(frame, start, fragmenter.end - start, 0))
    if frame.csum_offset == 6 and checksum == 0:
        checksum = 0xFFFF              # in UDP zero says "none" (RFC 768)
    fragmenter.own = end
    transport_copy(fragmenter.octets, frame, 0, end)
    memcpy(fragmenter.octets + end - 2, &checksum, 2)
    return WILL_DO


cdef int fragmenter_begin(Fragmenter* fragmenter, const Frame* frame, uint32_t network, uint32_t mtu,
                          int64_t identification) noexcept nogil:
    cdef uint32_t n = min(frame.length, <uint32_t>HEADERS_MAX)
    cdef uint32_t room, rest
    cdef int reason
    # A clone's own part is a short one, as in offload.
    if frame.gso_type or (frame.tail != NULL and frame.head > HEADERS_MAX):
        return BAD_OFFLOAD
    if network + 20 > n:
        return IP_HEADER
    fragmenter.frame = frame
    fragmenter.network = network
    fragmenter.mtu = mtu
    fragmenter.base = fragmenter.own = 0
    fragmenter.more = False
    fragmenter.lasting = True
    transport_copy(fragmenter.first, frame, 0, n)
    fragmenter.version = fragmenter.first[network] >> 4
    if fragmenter.version == 4:
        reason = begin_ipv4(fragmenter, frame, identification)
    elif network + 40 <= n:
        reason = begin_ipv6(fragmenter, frame, identification)
    else:
        reason = IP_HEADER
    if reason != WILL_DO:
        return reason
    if not fragmenter.body <= fragmenter.end <= frame.length:
        return IP_LENGTH
    if fragmenter.base + fragmenter.end - fragmenter.body > 0xFFFF:
        return FRAGMENT_INVALID
    if frame.flags & NEEDS_CSUM:
        reason = finish_checksum(fragmenter, frame)
        if reason != WILL_DO:
            return reason
    fragmenter.at = fragmenter.body
    fragmenter.count = 1
    if fragmenter.end - network <= mtu:
        # It fits as it is.
        fragmenter.first_length = fragmenter.body
        return WILL_DO
    if fragmenter.first_length - network + 8 > mtu:
        return TOO_BIG
    rest = fragmenter.end - fragmenter.body - ((mtu - (fragmenter.first_length - network)) & ~<uint32_t>7)
    room = mtu - (fragmenter.later_length - network)
    fragmenter.count = 2
    if rest > room:
        fragmenter.count += (rest - room + (room & ~<uint32_t>7) - 1) // (room & ~<uint32_t>7)
    return WILL_DO


cdef void put_fields(Fragmenter* fragmenter, uint8_t* octets, uint32_t header, uint32_t n) noexcept nogil:
    """Length, place and checksum of a fragment of `n` octets behind `header` octets of headers."""
    cdef uint8_t* ip = octets + fragmenter.network
    cdef uint32_t place = fragmenter.base + fragmenter.at - fragmenter.body
    cdef bint more = fragmenter.more or fragmenter.at + n < fragmenter.end
    cdef uint16_t checksum
    if fragmenter.version == 6:
        store16(ip + 4, <uint16_t>(header - fragmenter.network - 40 + n))
        if header == fragmenter.body:
            return
        ip = octets + fragmenter.body
        ip[0] = octets[fragmenter.following]
        octets[fragmenter.following] = FRAGMENT_PROTOCOL
        ip[1] = 0
        store16(ip + 2, <uint16_t>(place | more))
        store32(ip + 4, fragmenter.identification)
        return
    store16(ip + 2, <uint16_t>(header - fragmenter.network + n))
    store16(ip + 6, (load16(ip + 6) & DONT_FRAGMENT) | (MORE_FRAGMENTS if more else 0) | <uint16_t>(place // 8))
    store16(ip + 10, 0)
    checksum = <uint16_t>~fold(sum_octets(ip, header - fragmenter.network, 0))
    memcpy(ip + 10, &checksum, 2)


cdef Frame* fragmenter_next(Fragmenter* fragmenter, Arena* arena) noexcept nogil:
    cdef const Frame* frame = fragmenter.frame
    cdef bint begins = fragmenter.at == fragmenter.body
    cdef uint32_t header = fragmenter.first_length if begins else fragmenter.later_length
    cdef uint32_t room = fragmenter.mtu - (header - fragmenter.network)
    cdef uint32_t at = fragmenter.at
    cdef uint32_t end = fragmenter.end
    cdef uint32_t shared, own
    cdef Slots* slots = &arena.clones
    cdef Frame* fragment
    cdef uint8_t* data
    if fragmenter.count == 0:
        return NULL
    if end - at > room:
        end = at + (room & ~<uint32_t>7)
    # What is copied: octets that we changed, those of a part that is short or does not last, and as many as a clone has of its own.
    shared = max(at, fragmenter.own)
    if frame.tail != NULL or not fragmenter.lasting:
        shared = max(shared, frame.head)
    if header < HEAD:
        shared = max(shared, at + HEAD - header)
    shared = min(shared, end)
    if header + shared - at > HEAD + HEADROOM:
        shared = end
        slots = &arena.small if header + end - at <= SMALL else &arena.large
    fragment = take(slots, HEADROOM)
    if fragment == NULL:
        return NULL
    data = fragment.data
    fragment[0] = frame[0]
    fragment.data = data
    fragment.room = HEADROOM
    fragment.flags = frame.flags & ~(NEEDS_CSUM | CSUM_VALID | SHARED)
    fragment.head = header + shared - at
    fragment.length = header + end - at
    memcpy(data, &fragmenter.first[0] if begins or fragmenter.version == 6 else &fragmenter.later[0], header)
    put_fields(fragmenter, data, header, end - at)
    own = min(max(fragmenter.own, at), shared)
    memcpy(data + header, fragmenter.octets + at, own - at)
    transport_copy(data + header + own - at, frame, own, shared - own)
    fragment.tail = NULL
    if shared < end and shared < frame.head:
        fragment.tail = frame.data + shared
    elif shared < end:
        fragment.tail = frame.tail + (shared - frame.head)
    fragmenter.at = end
    fragmenter.count -= 1
    return fragment


def fragments(const uint8_t[::1] octets not None, uint32_t mtu, *, uint32_t network=14, int64_t identification=KEEP_ID,
              uint32_t csum_start=0, uint32_t csum_offset=0, uint32_t own=0, bint lasting=True) -> list[bytes]:
    """The fragments of a frame with an IP packet at `network` (used for testing).

    `csum_start` > 0: its checksum is left to us; `own` > 0: a frame in two parts, so many octets in the first. Errors: ValueError
    with the drop reason.
    """
    cdef Sample sample = Sample(octets, own)
    cdef Frame* frame = &sample.frame
    cdef Frame* fragment
    cdef Fragmenter fragmenter
    cdef Arena arena
    cdef int reason
    if csum_start:
        frame.flags = NEEDS_CSUM
        frame.csum_start, frame.csum_offset = <uint16_t>csum_start, <uint16_t>csum_offset
    reason = fragmenter_begin(&fragmenter, frame, network, mtu, identification)
    if reason != WILL_DO:
        raise ValueError(reason_name(reason))
    fragmenter.lasting = lasting
    count = fragmenter.count
    found = []
    arena_init(&arena, 1 << 13, 1 << 6, 1 << 13)
    try:
        fragment = fragmenter_next(&fragmenter, &arena)
        while fragment != NULL:
            found.append(octets_of(fragment))
            fragment = fragmenter_next(&fragmenter, &arena)
    finally:
        arena_free(&arena)
    assert len(found) == count
    return found
