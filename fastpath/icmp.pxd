"""What a gateway says itself: ICMP and ICMPv6 errors and echo replies (RFC 792; RFC 1122, 3.2.2; RFC 1812, 4.3; RFC 4443).

One `Icmp` belongs to one interface of the router: it limits the rate and counts. `icmp_error` decides alone whether an error may
be sent at all, and gives a frame to route or NULL; whoever calls it drops or keeps the packet itself, and counts the frame as
originated. An error quotes the packet as it came, so it is made before the packet is changed. What the sender left undone
(a checksum, the cutting into segments) is finished in the quote: it is what would have been on a wire.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from fastpath.arena cimport Arena
from fastpath.frame cimport Frame
from fastpath.identification cimport Identifications
from fastpath.ip cimport Address, Packet

cdef enum:
    ICMP_RATE = 100           # errors a second and interface by default
    ICMP_BURST = 50           # that may follow each other at once (Linux: icmp_msgs_burst)
    ICMP_QUOTED = 1280        # octets of the longest error, IP header included (RFC 4443, 2.4 c); IPv4: 576 (RFC 1812, 4.3.2.3)

cdef enum Trouble:            # why: type and code follow from it and from the packet's family
    NO_WAY                    # 3/0, 1/0    no route to it
    NO_HOST                   # 3/1, 1/3    the next hop's MAC address cannot be found
    NO_PROTOCOL               # 3/2, 4/1    we do not serve the protocol (parameter, IPv6: offset of its number in the packet)
    NO_PORT                   # 3/3, 1/4    UDP: nothing listens
    BIG                       # 3/4, 2/0    parameter: the MTU of the next link
    PROHIBITED                # 3/13, 1/1   rules forbid it
    LIFETIME                  # 11/0, 3/0   TTL or hop limit used up
    REASSEMBLY_TIME           # 11/1, 3/1   fragments are missing
    BAD_FIELD                 # 12/0, 4/0   parameter: offset of the octet in the packet
    BAD_OPTION                # 12/0, 4/2   the same; IPv6: an option whose type demands an answer (RFC 8200, 4.2)
    CUT_CHAIN                 # -, 4/3      the first fragment does not hold all headers (RFC 7112, 5)

cdef struct Icmp:
    int64_t interval          # ns in which one message is earned; negative: none is ever
    int64_t depth             # ns that may be saved up
    int64_t spent             # what is earned up to this time is spent
    Identifications* identifications    # of packets of our own
    uint64_t sent
    uint64_t limited          # not sent: too many
    uint64_t silent           # not sent: no error may be sent about such a packet

# `rate`: errors a second, 0: none; `burst`: at least 1.
cdef void icmp_init(Icmp* icmp, uint32_t rate, uint32_t burst, Identifications* identifications) noexcept nogil
# Another rate from now on; what was spent stays spent.
cdef void icmp_limit(Icmp* icmp, uint32_t rate, uint32_t burst) noexcept nogil
# Spend one message's worth; False: the limit is reached.
cdef bint icmp_take(Icmp* icmp, int64_t now) noexcept nogil
# May an error be sent about this packet (RFC 1122, 3.2.2; RFC 1812, 4.3.2.7; RFC 4443, 2.4 e)? Directed broadcasts are the caller's
# to know. The source must identify one host, which an address of a martian kind does not.
cdef bint icmp_may(const Packet* packet, Trouble trouble) noexcept nogil
# The error as a frame in a slot of the arena, from our address `source` to the packet's source; MACs are the packet's, swapped:
# it goes back where it came from if nobody changes them. NULL: none may be sent, the limit is reached, or no slot is free.
cdef Frame* icmp_error(Icmp* icmp, Arena* arena, const Packet* packet, Trouble trouble, uint32_t parameter, const Address* source,
                       int64_t now) noexcept nogil
# An echo request becomes its reply, in place; `source`: our address, or NULL for the one that was asked. MACs stay as they are.
# WILL_DO (offload.pxd), or the Reason to drop it for. The packet then reads as the reply (source, target, ttl, kind).
cdef int icmp_echo(Icmp* icmp, Packet* packet, const Address* source) noexcept nogil
