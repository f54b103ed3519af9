"""An IP packet in a frame: where its headers lie and what they say, read once, every length checked (RFC 791, 3.1; RFC 8200, 3 and 4).

IPv4 and IPv6 are one code: an address is 16 octets as they lie in the packet, IPv4 as ::ffff:a.b.c.d (RFC 4291, 2.5.5.2).
Two words compare and hash at once; whoever needs a prefix masks them with a mask in the same order (see address.pxd).

    ip_read         the IP header and, of IPv6, what extends it: FINE, or the Reason to drop for
    ip_transport    what lies behind it: ports, ICMP kind; only who needs them asks, a mere router does not
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy

from fastpath.counters cimport IP_CHECKSUM, IP_LENGTH, Reason
from fastpath.frame cimport ETHERNET_HEADER, Frame
from fastpath.wire cimport fold, wire_likely, wire_swap16

cdef enum:
    FINE = -1                     # no Reason

cdef enum:
    PROTOCOL_ICMP = 1
    PROTOCOL_SCTP = 132
    PROTOCOL_ICMPV6 = 58

cdef enum:                        # Packet.kind: what the transport header is to us
    OTHER = 0                     # a protocol without ports, or a fragment that is not the first
    PORTS = 1                     # TCP, UDP, SCTP: source_port and target_port
    QUERY = 2                     # an ICMP request: source_port is its identifier, target_port 0
    ANSWER = 3                    # an ICMP reply: target_port is its identifier, source_port 0
    ERROR = 4                     # an ICMP error: quotes a packet

cdef enum:                        # Packet.fragment
    WHOLE = 0
    FIRST = 1                     # has the transport header
    LATER = 2

cdef enum:                        # Packet.options
    OPTIONS = 1                   # the IPv4 header is longer than 20 octets
    EXTENDED = 2                  # IPv6 extension headers lie between

cdef enum:
    NO_FLOW = 0xFFFFFFFF
    IPV4_HEADER = 20
    IPV6_HEADER = 40

cdef struct Address:
    uint64_t high                 # as they lie in memory
    uint64_t low

cdef struct Packet:
    Frame* frame                  # its headers are in its first part
    Address source
    Address target
    uint16_t source_port          # as they lie in memory
    uint16_t target_port
    uint16_t network              # offset of the IP header in the frame
    uint16_t transport            # offset of what follows the IP header and its extensions
    uint32_t length               # octets of the IP packet, header included; what lies behind it in the frame is padding
    uint8_t version               # 4 or 6
    uint8_t protocol              # of what lies at `transport`
    uint8_t kind                  # set by ip_transport
    uint8_t fragment
    uint8_t ttl                   # or hop limit
    uint8_t options
    uint16_t interface            # of the router, by which it came in; the router sets it
    uint32_t hash                 # of the tuple; whoever looks flows up sets it
    uint32_t flow                 # twice the flow's number, plus 1 in the direction of replies; NO_FLOW

cdef inline bint same(const Address* a, const Address* b) noexcept nogil:
    return ((a.high ^ b.high) | (a.low ^ b.low)) == 0

cdef inline Address mapped(uint32_t address) noexcept nogil:
    """The IPv4 address, as it lies in memory, as ::ffff:a.b.c.d. For little-endian machines, like all of this."""
    return Address(0, <uint64_t>address << 32 | 0xFFFF0000u)

cdef inline uint32_t unmapped(const Address* address) noexcept nogil:
    return <uint32_t>(address.low >> 32)

cdef inline bint is_mapped(const Address* address) noexcept nogil:
    """It is an IPv4 address."""
    return address.high == 0 and <uint32_t>address.low == 0xFFFF0000u

# Everything that is not a plain IPv4 header; see ip_read.
cdef int ip_read_slowly(Packet* packet, Frame* frame) noexcept nogil
# A first fragment of IPv6 holds all headers, the transport's included (RFC 7112, 5; RFC 8200, 4.5); True of anything else.
cdef bint ip_chain_whole(const Packet* packet) noexcept nogil
# FINE, or TRANSPORT_HEADER: sets kind and ports of a packet that ip_read found fine. A fragment that is not the first is OTHER.
cdef int ip_transport(Packet* packet) noexcept nogil

cdef inline int ip_read(Packet* packet, Frame* frame) noexcept nogil:
    """FINE, or the Reason to drop for. Everything but kind, ports and interface is set, if FINE; `hash` to 0.

    Without options, IPv4's header is 20 octets that are summed as five words.
    """
    cdef const uint8_t* octets = frame.data
    cdef uint32_t kind, word, target
    cdef uint64_t first, second
    if wire_likely(frame.head >= ETHERNET_HEADER + IPV4_HEADER):
        memcpy(&kind, octets + 12, 4)
        if wire_likely(kind & 0xFFFFFF == 0x450008):
            memcpy(&first, octets + 14, 8)
            memcpy(&second, octets + 22, 8)
            memcpy(&target, octets + 30, 4)
            word = <uint32_t>(first >> 32)
            packet.length = wire_swap16(<uint16_t>(first >> 16))
            if packet.length < IPV4_HEADER or packet.length > frame.length - ETHERNET_HEADER:
                return IP_LENGTH
            if fold(<uint64_t><uint32_t>first + word + <uint32_t>second + (second >> 32) + target) != 0xFFFF:
                return IP_CHECKSUM
            packet.frame = frame
            packet.source = mapped(<uint32_t>(second >> 32))
            packet.target = mapped(target)
            packet.network = ETHERNET_HEADER
            packet.transport = ETHERNET_HEADER + IPV4_HEADER
            packet.version = 4
            packet.protocol = <uint8_t>(second >> 8)
            packet.ttl = <uint8_t>second
            packet.options = 0
            packet.flow = NO_FLOW
            packet.hash = 0
            packet.fragment = WHOLE
            # More fragments 0x2000, offset 0x1FFF: as they lie in memory.
            if word >> 16 & 0xFF3F:
                packet.fragment = LATER if word >> 16 & 0xFF1F else FIRST
            return FINE
    return ip_read_slowly(packet, frame)
