"""Joining datagrams into messages: see udpmessages.pxd."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcmp, memcpy, memset
from posix.uio cimport iovec

from fastpath.counters cimport IP_HEADER, IP_LENGTH, NOT_IP, TRANSPORT_HEADER, UDP_ONLY
from fastpath.frame cimport ETHERNET_HEADER, Frame
from fastpath.layout cimport PROTOCOL_UDP
from fastpath.offload cimport WILL_DO
from fastpath.wire cimport load16, load32, wire_likely, wire_unlikely

cdef enum:
    UDP_HEADER = 8


cdef int messages_init(Messages* messages, uint32_t sockets) except -1:
    memset(messages, 0, sizeof(Messages))
    messages.longest = SEGMENTS
    messages.first = <uint16_t*>malloc(sockets * sizeof(uint16_t))
    messages.last = <uint16_t*>malloc(sockets * sizeof(uint16_t))
    messages.all = <Message*>malloc(MESSAGES * sizeof(Message))
    messages.copies = <uint8_t*>malloc(COPIES)
    if messages.first == NULL or messages.last == NULL or messages.all == NULL or messages.copies == NULL:
        raise MemoryError("messages of a UDP port")
    memset(messages.first, 0xFF, sockets * sizeof(uint16_t))
    return 0


cdef void messages_free(Messages* messages) noexcept:
    free(messages.first)
    free(messages.last)
    free(messages.all)
    free(messages.copies)
    memset(messages, 0, sizeof(Messages))


cdef int datagram_read(Datagram* datagram, const Frame* frame) noexcept nogil:
    cdef const uint8_t* octets = frame.data
    cdef const uint8_t* udp
    cdef uint32_t length
    if wire_unlikely(frame.head < ETHERNET_HEADER + 20 + UDP_HEADER):
        return IP_HEADER
    if load16(octets + 12) == 0x0800:
        if octets[14] != 0x45:
            return IP_HEADER
        if octets[23] != PROTOCOL_UDP or load16(octets + 20) & 0x3FFF:
            return UDP_ONLY
        datagram.version = 4
        datagram.service = octets[15]
        datagram.ttl = octets[22]
        datagram.source = octets + 26
        datagram.target = octets + 30
        length = load16(octets + 16)
        udp = octets + 34
    elif load16(octets + 12) == 0x86DD:
        if octets[14] >> 4 != 6 or frame.head < ETHERNET_HEADER + 40 + UDP_HEADER:
            return IP_HEADER
        if octets[20] != PROTOCOL_UDP:
            return UDP_ONLY
        datagram.version = 6
        datagram.service = <uint8_t>(load32(octets + 14) >> 20)
        datagram.ttl = octets[21]
        datagram.source = octets + 22
        datagram.target = octets + 38
        length = load16(octets + 18) + 40
        udp = octets + 54
    else:
        return NOT_IP
    datagram.payload = <uint32_t>(udp - octets) + UDP_HEADER
    if length > frame.length - ETHERNET_HEADER or length + ETHERNET_HEADER < datagram.payload:
        return IP_LENGTH
    datagram.source_port = load16(udp)
    datagram.target_port = load16(udp + 2)
    length = load16(udp + 4)
    if length < UDP_HEADER or datagram.payload - UDP_HEADER + length > frame.length or datagram.target_port == 0:
        return TRANSPORT_HEADER
    datagram.octets = length - UDP_HEADER
    if datagram.octets > OCTETS:
        return IP_LENGTH
    return WILL_DO


cdef inline bint continues(const Messages* messages, const Message* message, const Datagram* datagram) noexcept nogil:
    """The datagram can be the next of this message."""
    return (
        not message.full and message.segments < messages.longest and datagram.octets <= message.size and datagram.octets
        and message.octets + datagram.octets <= OCTETS and message.version == datagram.version
        and message.service == datagram.service and message.ttl == datagram.ttl and message.target_port == datagram.target_port
        and memcmp(message.target, datagram.target, 4 if datagram.version == 4 else 16) == 0
    )


cdef bint messages_add(Messages* messages, uint16_t socket, const Datagram* datagram, Frame* frame, Frame* source,
                       bint copy) noexcept nogil:
    cdef Message* message = NULL
    cdef uint16_t at = messages.last[socket] if messages.first[socket] != NO_MESSAGE else <uint16_t>NO_MESSAGE
    cdef uint32_t own = min(datagram.octets, frame.head - datagram.payload)
    cdef uint8_t* begin = frame.data + datagram.payload
    if copy:
        if wire_unlikely(messages.copied + own > COPIES):
            return False
        begin = messages.copies + messages.copied
    if at != NO_MESSAGE and continues(messages, &messages.all[at], datagram):
        message = &messages.all[at]
    else:
        if wire_unlikely(messages.n == MESSAGES):
            return False
        message = &messages.all[messages.n]
        message.next = NO_MESSAGE
        message.segments = 0
        message.n_parts = 0
        message.octets = 0
        message.headers = 0
        message.full = False
        message.version = datagram.version
        message.ttl = datagram.ttl
        message.service = datagram.service
        message.target_port = datagram.target_port
        message.size = datagram.octets
        memcpy(message.target, datagram.target, 4 if datagram.version == 4 else 16)
        if at == NO_MESSAGE:
            messages.first[socket] = <uint16_t>messages.n
            messages.sockets[messages.n_sockets] = socket
            messages.n_sockets += 1
        else:
            messages.all[at].next = <uint16_t>messages.n
        messages.last[socket] = <uint16_t>messages.n
        messages.n += 1
    if copy:
        memcpy(begin, frame.data + datagram.payload, own)
        messages.copied += own
    if wire_likely(own > 0):
        message.parts[message.n_parts] = iovec(begin, own)
        message.n_parts += 1
    if datagram.octets > own:
        message.parts[message.n_parts] = iovec(<void*>frame.tail, datagram.octets - own)
        message.n_parts += 1
    message.frames[message.segments] = source
    message.segments += 1
    message.octets += datagram.octets
    message.headers += datagram.payload
    message.full = datagram.octets < message.size
    return True


cdef void message_single(Message* one, const Message* message, uint32_t i, uint32_t* part) noexcept nogil:
    one.version, one.ttl, one.service, one.target_port = message.version, message.ttl, message.service, message.target_port
    memcpy(one.target, message.target, 16)
    one.segments = 1
    one.headers = message.headers // message.segments
    one.octets = 0
    one.n_parts = 0
    one.frames[0] = message.frames[i]
    while part[0] < message.n_parts and one.octets < min(message.size, message.octets - i * message.size):
        one.parts[one.n_parts] = message.parts[part[0]]
        one.octets += <uint32_t>message.parts[part[0]].iov_len
        one.n_parts += 1
        part[0] += 1


cdef void messages_clear(Messages* messages) noexcept nogil:
    cdef uint32_t i
    for i in range(messages.n_sockets):
        messages.first[messages.sockets[i]] = NO_MESSAGE
    messages.n = messages.copied = 0
    messages.n_sockets = 0
