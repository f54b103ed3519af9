"""A packet of a flow becomes what it leaves as: new addresses and ports stored, checksums adjusted (RFC 3022, 4.1; RFC 1624).

What the checksums change by was worked out when the flow was made: Flow.address_delta for sums that cover the addresses,
Flow.delta for the transport's, which may cover ports or an identifier too. A checksum is the inverse of a sum, so

    new = ~(~old + delta)                        and a packet that came corrupt stays so: nothing is recomputed

A sum is never zero unless all octets are, hence ~0xFFFF = 0x0000 is what comes out at that corner (RFC 1624, 3) everywhere but
in UDP, where 0x0000 means "no checksum": it stays, and a computed one is sent as 0xFFFF (RFC 768). A frame that NEEDS_CSUM has
the pseudo-header's sum in place of the checksum, not inverted: the addresses are added to it, and ports are none of its business.
SCTP has a CRC over its header and data, ports included but not addresses (RFC 9260, 6.8): see crc.pxd.
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

from libc.string cimport memcpy

from fastpath.flowtable cimport Flow, FlowTable, reply_source, reply_target
from fastpath.ip cimport Address, Packet
from fastpath.layout cimport PROTOCOL_UDP

cdef struct Rewrite:              # what a packet of one direction of a flow becomes
    Address source
    Address target
    uint16_t source_port
    uint16_t target_port
    uint16_t address_delta
    uint16_t delta

cdef inline uint16_t summed(uint32_t total) noexcept nogil:
    """A sum of a few 16-bit words, folded."""
    total = (total >> 16) + (total & 0xFFFF)
    return <uint16_t>((total >> 16) + (total & 0xFFFF))

cdef inline uint16_t adjusted(uint16_t checksum, uint16_t delta) noexcept nogil:
    """The checksum after what it covers changed by `delta` (RFC 1624, eqn. 3). 0xFFFF counts as 0 in such a sum, and keeps it from 0."""
    return <uint16_t>~summed(<uint32_t><uint16_t>~checksum + delta + 0xFFFF)

cdef inline void translate_plain(const FlowTable* table, const Flow* flow, uint32_t direction, uint8_t* ip, uint8_t* header,
                                 uint8_t protocol) noexcept nogil:
    """All of it for UDP and TCP over IPv4 with checksums in place: two stores and two sums."""
    cdef uint64_t pair
    cdef uint32_t ports
    cdef uint16_t checksum
    cdef uint16_t turned = 0
    cdef uint8_t* at = header + (6 if protocol == PROTOCOL_UDP else 16)
    if direction:
        turned = 0xFFFF
        pair = flow.target.low >> 32 | (flow.source.low & <uint64_t>0xFFFFFFFF00000000)
        memcpy(&ports, &flow.source_port, 4)
        ports = ports << 16 | ports >> 16
    else:
        pair = reply_target(table, flow).low >> 32 | (reply_source(table, flow).low & <uint64_t>0xFFFFFFFF00000000)
        memcpy(&ports, &flow.new_source_port, 4)
    memcpy(ip + 12, &pair, 8)
    memcpy(&checksum, ip + 10, 2)
    checksum = adjusted(checksum, flow.address_delta ^ turned)
    memcpy(ip + 10, &checksum, 2)
    memcpy(header, &ports, 4)
    memcpy(&checksum, at, 2)
    # UDP: 0 is no checksum and stays so, and none becomes 0 (RFC 768).
    if checksum or protocol != PROTOCOL_UDP:
        checksum = adjusted(checksum, flow.delta ^ turned)
        if checksum == 0 and protocol == PROTOCOL_UDP:
            checksum = 0xFFFF
        memcpy(at, &checksum, 2)

cdef void rewrite_of(const FlowTable* table, const Flow* flow, uint32_t direction, Rewrite* rewrite) noexcept nogil
# The deltas of the original direction, once the record's tuples are filled.
cdef void deltas_make(const FlowTable* table, Flow* flow) noexcept nogil
# The IP header at `ip` gets the addresses.
cdef void translate_addresses(uint8_t* ip, uint32_t version, const Rewrite* rewrite) noexcept nogil
# Ports or identifier and checksum of the `room` octets of transport header at hand. False: it cannot be done.
cdef bint translate_transport(uint8_t* header, uint32_t room, const Packet* packet, const Rewrite* rewrite) noexcept nogil
