"""Reading IP headers: options and extension headers, and what lies behind them."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t
from libc.string cimport memcpy

from fastpath.counters cimport (
    HEADER_CHAIN, IP_CHECKSUM, IP_HEADER, IP_LENGTH, MARTIAN_SOURCE, MARTIAN_TARGET, NOT_IP, SOURCE_ROUTE, TRANSPORT_HEADER,
)
from fastpath.counters import reason_name
from fastpath.frame cimport ETHERNET_HEADER, Frame
from fastpath.layout cimport PROTOCOL_TCP, PROTOCOL_UDP
from fastpath.wire cimport fold, load16, sum_octets

cdef enum:                        # IPv4 options (RFC 791, 3.1)
    END_OF_OPTIONS = 0
    NO_OPERATION = 1
    LOOSE_ROUTE = 131
    STRICT_ROUTE = 137

cdef enum:                        # IPv6 extension headers (RFC 8200, 4; RFC 4302)
    HOP_BY_HOP = 0
    ROUTING = 43
    FRAGMENT = 44
    AUTHENTICATION = 51
    NO_NEXT_HEADER = 59
    DESTINATION = 60

cdef enum:
    TYPE_IPV4 = 0x0800
    TYPE_IPV6 = 0x86DD
    EXTENSIONS_MAX = 8            # in one packet; who sends more wants to be a burden (RFC 9098, 7)


cdef int ip_read_slowly(Packet* packet, Frame* frame) noexcept nogil:
    cdef uint16_t kind
    if frame.head < ETHERNET_HEADER:
        return NOT_IP
    kind = load16(frame.data + 12)
    if kind != TYPE_IPV4 and kind != TYPE_IPV6:
        return NOT_IP
    packet.frame = frame
    packet.network = ETHERNET_HEADER
    packet.fragment = WHOLE
    packet.options = 0
    packet.flow = NO_FLOW
    packet.hash = 0
    if kind == TYPE_IPV4:
        return read_ipv4(packet, frame)
    return read_ipv6(packet, frame)


cdef int read_ipv4(Packet* packet, Frame* frame) noexcept nogil:
    """RFC 1812, 5.2.2: what has to be checked before anything else."""
    cdef const uint8_t* header = frame.data + ETHERNET_HEADER
    cdef uint32_t octets, word
    cdef uint16_t offset
    if frame.head < ETHERNET_HEADER + IPV4_HEADER:
        return IP_HEADER
    octets = (header[0] & 15) * 4
    if header[0] >> 4 != 4 or octets < IPV4_HEADER or frame.head < ETHERNET_HEADER + octets:
        return IP_HEADER
    packet.length = load16(header + 2)
    if packet.length < octets or packet.length > frame.length - ETHERNET_HEADER:
        return IP_LENGTH
    if fold(sum_octets(header, octets, 0)) != 0xFFFF:
        return IP_CHECKSUM
    offset = load16(header + 6)
    if offset & 0x3FFF:
        packet.fragment = LATER if offset & 0x1FFF else FIRST
    packet.version = 4
    packet.ttl = header[8]
    packet.protocol = header[9]
    packet.transport = <uint16_t>(ETHERNET_HEADER + octets)
    memcpy(&word, header + 12, 4)
    packet.source = mapped(word)
    memcpy(&word, header + 16, 4)
    packet.target = mapped(word)
    if octets > IPV4_HEADER:
        packet.options = OPTIONS
        return read_options(header + IPV4_HEADER, octets - IPV4_HEADER)
    return FINE


cdef int read_options(const uint8_t* options, uint32_t n) noexcept nogil:
    """Source routes are not taken (RFC 7126, 4.3 and 4.4); other options go along as they are (RFC 1812, 5.2.4)."""
    cdef uint32_t at = 0
    cdef uint32_t octets
    while at < n:
        if options[at] == END_OF_OPTIONS:
            return FINE
        if options[at] == NO_OPERATION:
            at += 1
            continue
        if at + 2 > n:
            return IP_HEADER
        octets = options[at + 1]
        if octets < 2 or at + octets > n:
            return IP_HEADER
        if options[at] == LOOSE_ROUTE or options[at] == STRICT_ROUTE:
            return SOURCE_ROUTE
        at += octets
    return FINE


cdef int read_ipv6(Packet* packet, Frame* frame) noexcept nogil:
    cdef const uint8_t* header = frame.data + ETHERNET_HEADER
    if frame.head < ETHERNET_HEADER + IPV6_HEADER or header[0] >> 4 != 6:
        return IP_HEADER
    # A jumbogram (RFC 2675) says 0 here, and is one in no frame that we carry.
    packet.length = load16(header + 4) + IPV6_HEADER
    if packet.length > frame.length - ETHERNET_HEADER:
        return IP_LENGTH
    packet.version = 6
    packet.protocol = header[6]
    packet.ttl = header[7]
    packet.transport = ETHERNET_HEADER + IPV6_HEADER
    memcpy(&packet.source, header + 8, 16)
    memcpy(&packet.target, header + 24, 16)
    # In a packet that form is nobody's, and here it would pass for IPv4 (RFC 4291, 2.5.5; draft-itojun-v6ops-v4mapped-harmful).
    if is_mapped(&packet.source):
        return MARTIAN_SOURCE
    if is_mapped(&packet.target):
        return MARTIAN_TARGET
    if packet.protocol in (HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, DESTINATION):
        packet.options = EXTENDED
        return read_extensions(packet)
    return FINE


cdef int cut_reason(const Packet* packet) noexcept nogil:
    """The headers go on behind the end: in other fragments, where the packet ends before what we have of it does."""
    return HEADER_CHAIN if packet.fragment == FIRST and packet.frame.head >= packet.length + ETHERNET_HEADER else IP_HEADER


cdef int read_extensions(Packet* packet) noexcept nogil:
    """From header to header (RFC 8200, 4). All must lie within the packet and the frame's first part."""
    cdef const uint8_t* octets = packet.frame.data
    cdef uint32_t end = min(packet.frame.head, packet.length + ETHERNET_HEADER)
    cdef uint32_t at = packet.transport
    cdef uint32_t n
    cdef uint32_t passed = 0
    cdef uint16_t offset
    while packet.protocol in (HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, DESTINATION):
        passed += 1
        if at + 8 > end:
            return cut_reason(packet)
        if passed > EXTENSIONS_MAX:
            return IP_HEADER
        # Hop-by-hop options come first or not at all (RFC 8200, 4.3).
        if packet.protocol == HOP_BY_HOP and passed > 1:
            return IP_HEADER
        if packet.protocol == ROUTING and octets[at + 2] == 0 and octets[at + 3] != 0:
            return SOURCE_ROUTE          # type 0 (RFC 5095)
        n = (octets[at + 1] + 1) * 8
        if packet.protocol == AUTHENTICATION:
            n = (octets[at + 1] + 2) * 4
        elif packet.protocol == FRAGMENT:
            n = 8
            offset = load16(octets + at + 2)
            # An "atomic" fragment is a whole packet (RFC 6946).
            if offset & 0xFFF9:
                packet.fragment = LATER if offset & 0xFFF8 else FIRST
        packet.protocol = octets[at]
        at += n
        if at > end:
            return cut_reason(packet)
        if packet.fragment == LATER:
            break
    packet.transport = <uint16_t>at
    return FINE


cdef bint ip_chain_whole(const Packet* packet) noexcept nogil:
    cdef uint32_t n = packet.length + packet.network - packet.transport
    cdef uint32_t whole = 1
    if packet.version == 4 or packet.fragment != FIRST:
        return True
    if packet.protocol == PROTOCOL_TCP:
        whole = 20
        if n >= 20 and packet.transport + 20 <= packet.frame.head:
            whole = max(whole, <uint32_t>(packet.frame.data[packet.transport + 12] >> 4) * 4)
    elif packet.protocol == PROTOCOL_UDP or packet.protocol == PROTOCOL_ICMPV6:
        whole = 8
    elif packet.protocol == PROTOCOL_SCTP:
        whole = 12
    return n >= whole or packet.protocol == NO_NEXT_HEADER


cdef int ip_transport(Packet* packet) noexcept nogil:
    cdef const uint8_t* octets = packet.frame.data + packet.transport
    cdef uint32_t n = packet.length + packet.network - packet.transport
    cdef uint32_t own = packet.frame.head - packet.transport
    packet.kind = OTHER
    packet.source_port = packet.target_port = 0
    if packet.fragment == LATER:
        return FINE
    # Of a clone only the first part may be read as headers; none of these lies deeper unless extensions push it there.
    if own > n:
        own = n
    if packet.protocol == PROTOCOL_TCP:
        # Of a first fragment only the ports are sure to be there.
        if own < 20 or octets[12] >> 4 < 5 or (octets[12] >> 4) * 4 > n:
            return TRANSPORT_HEADER
    elif packet.protocol == PROTOCOL_UDP:
        if own < 8 or load16(octets + 4) < 8 or (load16(octets + 4) > n and packet.fragment == WHOLE):
            return TRANSPORT_HEADER
    elif packet.protocol == PROTOCOL_SCTP:
        if own < 12:
            return TRANSPORT_HEADER
    elif packet.protocol == (PROTOCOL_ICMP if packet.version == 4 else PROTOCOL_ICMPV6):
        if own < 8:
            return TRANSPORT_HEADER
        packet.kind = icmp_kind(octets[0], packet.version)
        if packet.kind == QUERY:
            memcpy(&packet.source_port, octets + 4, 2)
        elif packet.kind == ANSWER:
            memcpy(&packet.target_port, octets + 4, 2)
        return FINE
    else:
        return FINE
    packet.kind = PORTS
    memcpy(&packet.source_port, octets, 2)
    memcpy(&packet.target_port, octets + 2, 2)
    return FINE


cdef uint8_t icmp_kind(uint8_t kind, uint8_t version) noexcept nogil:
    """RFC 792, RFC 950 and RFC 1122, 3.2.2; RFC 4443, 2.1."""
    if version == 4:
        if kind in (8, 13, 15, 17):
            return QUERY
        if kind in (0, 14, 16, 18):
            return ANSWER
        return ERROR if kind in (3, 4, 5, 11, 12) else OTHER
    if kind < 128:
        return ERROR
    if kind == 128:
        return QUERY
    return ANSWER if kind == 129 else OTHER


def read(const uint8_t[::1] octets not None, uint32_t own=0) -> dict | str:
    """What ip_read and ip_transport find in the frame, or the reason's name (used for testing). `own`: octets of the first part."""
    cdef Packet packet
    cdef Frame frame
    cdef int reason = NOT_IP
    if octets.shape[0]:
        frame.data = <uint8_t*>&octets[0]
        frame.length = <uint32_t>octets.shape[0]
        frame.head = min(own or frame.length, frame.length)
        reason = ip_read(&packet, &frame)
    if reason == FINE:
        reason = ip_transport(&packet)
    if reason != FINE:
        return reason_name(reason)
    return {
        "version": packet.version, "source": (<uint8_t*>&packet.source)[:16], "target": (<uint8_t*>&packet.target)[:16],
        "transport": packet.transport, "length": packet.length, "protocol": packet.protocol, "kind": packet.kind,
        "fragment": packet.fragment, "ttl": packet.ttl, "options": packet.options,
        "source_port": (<uint8_t*>&packet.source_port)[:2], "target_port": (<uint8_t*>&packet.target_port)[:2],
    }
