"""Building what icmp.pxd promises. The rate is kept as in a virtual scheduling algorithm: one time, no timer (ITU-T I.371, annex A)."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy

from fastpath.address cimport MULTICAST, RESERVED, kind_of
from fastpath.arena cimport HEAD, Arena
from fastpath.counters cimport NO_SERVICE, TRANSPORT_CHECKSUM, TRANSPORT_HEADER, UNTRANSLATABLE
from fastpath.frame cimport NEEDS_CSUM, SHARED, Frame
from fastpath.identification cimport identification_next
from fastpath.ip cimport ANSWER, LATER, PROTOCOL_ICMP, PROTOCOL_ICMPV6, Address, Packet
from fastpath.offload cimport WILL_DO, Segmenter, segmenter_begin, segmenter_next
from fastpath.transport cimport ANSWER_TTL, one_host, transport_answer, transport_copy, transport_good, transport_pseudo, transport_sum
from fastpath.wire cimport fold, store16, store32, sum_octets, update16

cdef enum:
    SECOND = 1_000_000_000
    HEADER = 8                # octets of an error in front of the quote
    SHORT = 576               # octets of the longest error over IPv4
    ECHO_REQUEST = 8
    ECHO_REQUEST_V6 = 128
    ECHO_REPLY_V6 = 129
    REDIRECT_V6 = 137
    CONTROL = 0xC0            # precedence 6, "internetwork control" (RFC 1812, 4.3.2.5)

# Type and code by Trouble.
cdef uint8_t[11] TYPES = [3, 3, 3, 3, 3, 3, 11, 11, 12, 12, 12]
cdef uint8_t[11] CODES = [0, 1, 2, 3, 4, 13, 0, 1, 0, 0, 0]
cdef uint8_t[11] TYPES_V6 = [1, 1, 4, 1, 2, 1, 3, 3, 4, 4, 4]
cdef uint8_t[11] CODES_V6 = [0, 3, 1, 4, 0, 1, 0, 1, 0, 2, 3]


# -- the rate ---------------------------------------------------------------------------------------------------------------


cdef void icmp_init(Icmp* icmp, uint32_t rate, uint32_t burst, Identifications* identifications) noexcept nogil:
    icmp_limit(icmp, rate, burst)
    icmp.spent = -(<int64_t>1 << 62)
    icmp.identifications = identifications
    icmp.sent = icmp.limited = icmp.silent = 0


cdef void icmp_limit(Icmp* icmp, uint32_t rate, uint32_t burst) noexcept nogil:
    icmp.interval = SECOND // rate if rate else -1
    icmp.depth = icmp.interval * max(burst, <uint32_t>1)


cdef bint icmp_take(Icmp* icmp, int64_t now) noexcept nogil:
    if icmp.interval >= 0:
        icmp.spent = max(icmp.spent, now - icmp.depth)
        if icmp.spent + icmp.interval <= now:
            icmp.spent += icmp.interval
            return True
    icmp.limited += 1
    return False


# -- errors -----------------------------------------------------------------------------------------------------------------


cdef bint is_complaint(const Packet* packet) noexcept nogil:
    """The packet is an ICMP error or a redirect itself, or one cut so short that nobody can tell."""
    cdef uint8_t kind
    if packet.protocol != (PROTOCOL_ICMP if packet.version == 4 else PROTOCOL_ICMPV6):
        return False
    if packet.transport >= packet.network + packet.length or packet.transport >= packet.frame.head:
        return True
    kind = packet.frame.data[packet.transport]
    if packet.version == 6:
        return kind < ECHO_REQUEST_V6 or kind == REDIRECT_V6
    # Queries are known; what is not one of them may be an error (RFC 792, RFC 950, RFC 1256).
    return kind not in (0, 8, 9, 10, 13, 14, 15, 16, 17, 18)


cdef bint icmp_may(const Packet* packet, Trouble trouble) noexcept nogil:
    # Groups may be told of an MTU and of an option that they demand to be told of (RFC 4443, 2.4 e.3): over IPv6 only.
    cdef bint group_too = packet.version == 6 and (trouble == BIG or trouble == BAD_OPTION)
    if packet.fragment == LATER or not one_host(&packet.source) or is_complaint(packet):
        return False
    if group_too:
        return True
    if packet.frame.data[0] & 1:
        return False
    return kind_of(&packet.target) not in (MULTICAST, RESERVED)


cdef uint32_t quote(uint8_t* to, const Packet* packet, uint32_t longest) noexcept nogil:
    """The packet as it came, cut to `longest` octets; returns how many."""
    cdef Segmenter segmenter
    cdef const Frame* frame = packet.frame
    cdef uint32_t n = packet.length
    if (frame.flags & NEEDS_CSUM or frame.gso_type) and segmenter_begin(&segmenter, frame) == WILL_DO:
        frame = segmenter_next(&segmenter)
        n = min(n, frame.length - packet.network)
    n = min(n, longest)
    transport_copy(to, frame, packet.network, n)
    return n


cdef Frame* icmp_error(Icmp* icmp, Arena* arena, const Packet* packet, Trouble trouble, uint32_t parameter, const Address* source,
                       int64_t now) noexcept nogil:
    cdef bint old = packet.version == 4
    cdef uint8_t service = CONTROL | (packet.frame.data[packet.network + 1] & 0x1C) if old else 0
    cdef uint8_t protocol = PROTOCOL_ICMP if old else PROTOCOL_ICMPV6
    cdef uint8_t[ICMP_QUOTED] quoted
    cdef uint8_t* message = NULL
    cdef uint64_t total = 0
    cdef uint16_t checksum
    cdef int identification = 0
    cdef uint32_t n
    cdef Frame* frame
    if not icmp_may(packet, trouble):
        icmp.silent += 1
        return NULL
    if not icmp_take(icmp, now):
        return NULL
    n = quote(quoted, packet, (SHORT - 20 if old else ICMP_QUOTED - 40) - HEADER)
    if old:
        # Shorter than any link's MTU has to be, it may still be cut (RFC 1812, 4.3.2.3).
        identification = <int>identification_next(icmp.identifications, source, &packet.source, protocol)
    frame = transport_answer(arena, packet, source, protocol, service, identification, HEADER + n, &message)
    if frame == NULL:
        return NULL
    icmp.sent += 1
    memcpy(message + HEADER, quoted, n)
    message[0] = TYPES[<uint32_t>trouble] if old else TYPES_V6[<uint32_t>trouble]
    message[1] = CODES[<uint32_t>trouble] if old else CODES_V6[<uint32_t>trouble]
    store16(message + 2, 0)
    if trouble == BIG:
        store32(message + 4, parameter)
    elif trouble == BAD_FIELD or trouble == BAD_OPTION or (trouble == NO_PROTOCOL and not old):
        # The older pointer is one octet, the first of the four.
        store32(message + 4, parameter << 24 if old else parameter)
    else:
        store32(message + 4, 0)
    if not old:
        total = transport_pseudo(source, &packet.source, HEADER + n, PROTOCOL_ICMPV6)
    checksum = <uint16_t>~fold(sum_octets(message, HEADER + n, total))
    memcpy(message + 2, &checksum, 2)
    return frame


# -- echo -------------------------------------------------------------------------------------------------------------------


cdef int icmp_echo(Icmp* icmp, Packet* packet, const Address* source) noexcept nogil:
    cdef Frame* frame = packet.frame
    cdef uint8_t* ip = frame.data + packet.network
    cdef uint8_t* message = frame.data + packet.transport
    cdef bint old = packet.version == 4
    cdef Address asked = packet.target
    cdef uint16_t before, after, checksum
    if packet.fragment or packet.transport + HEADER > frame.head or not packet.transport + HEADER <= packet.network + packet.length:
        return TRANSPORT_HEADER
    if packet.protocol != (PROTOCOL_ICMP if old else PROTOCOL_ICMPV6) or message[0] != (ECHO_REQUEST if old else ECHO_REQUEST_V6):
        return NO_SERVICE
    if not transport_good(packet):
        return TRANSPORT_CHECKSUM
    if frame.flags & SHARED and packet.transport + 4 > HEAD:
        # What lies there is read by others in this turn.
        return UNTRANSLATABLE
    memcpy(&before, message, 2)
    message[0] = 0 if old else ECHO_REPLY_V6
    memcpy(&after, message, 2)
    memcpy(&checksum, message + 2, 2)
    checksum = update16(checksum, before, after)
    if source != NULL and not old:
        # Source and target change places, which no sum notices; only another address than the one asked is a change (RFC 1624).
        checksum = update16(checksum, fold(sum_octets(<const uint8_t*>&asked, 16, 0)), fold(sum_octets(<const uint8_t*>source, 16, 0)))
    memcpy(message + 2, &checksum, 2)
    if old and checksum == 0:
        # A reply of nothing but zeros has the sum of zero, not of minus zero; RFC 1624 reckons with headers that are never so.
        checksum = <uint16_t>~fold(transport_sum(frame, packet.transport, packet.network + packet.length - packet.transport, 0))
        memcpy(message + 2, &checksum, 2)
    packet.target = packet.source
    packet.source = source[0] if source != NULL else asked
    packet.ttl = ANSWER_TTL
    packet.kind = ANSWER
    packet.target_port = packet.source_port
    packet.source_port = 0
    if not old:
        ip[7] = ANSWER_TTL
        memcpy(ip + 8, &packet.source, 16)
        memcpy(ip + 24, &packet.target, 16)
        return WILL_DO
    # It may be fragmented on its way, so it gets an identification of our own.
    store16(ip + 4, <uint16_t>identification_next(icmp.identifications, &packet.source, &packet.target, PROTOCOL_ICMP))
    store16(ip + 6, 0)
    ip[8] = ANSWER_TTL
    memcpy(ip + 12, <const uint8_t*>&packet.source + 12, 4)
    memcpy(ip + 16, <const uint8_t*>&packet.target + 12, 4)
    store16(ip + 10, 0)
    checksum = <uint16_t>~fold(sum_octets(ip, (ip[0] & 15) * 4, 0))
    memcpy(ip + 10, &checksum, 2)
    return WILL_DO
