"""An IP packet in a frame: where its headers lie and what they say, read once, every length checked (RFC 791, 3.1; RFC 8200, 3 and 4).

IPv4 and IPv6 are one code: an address is 16 octets as they lie in the packet, IPv4 as ::ffff:a.b.c.d (RFC 4291, 2.5.5.2).
Two words compare and hash at once; whoever needs a prefix masks them with a mask in the same order.
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

from fastpath.counters cimport Reason
from fastpath.frame cimport Frame

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

cdef enum:
    NO_FLOW = 0xFFFFFFFF

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
    uint8_t kind
    uint8_t fragment
    uint8_t ttl                   # or hop limit
    uint8_t options               # IPv4 options that we look at: see ip.pyx
    uint16_t interface            # of the router, by which it came in
    uint32_t hash                 # of the tuple; whoever looks flows up sets it
    uint32_t flow                 # twice the flow's number, plus 1 in the direction of replies; NO_FLOW

cdef inline bint same(const Address* a, const Address* b) noexcept nogil:
    return ((a.high ^ b.high) | (a.low ^ b.low)) == 0
