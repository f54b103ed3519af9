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
from fastpath.layout cimport PROTOCOL_TCP, PROTOCOL_UDP
from fastpath.wire cimport wire_likely, wire_unlikely

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

cdef void rewrite_of(const FlowTable* table, const Flow* flow, uint32_t direction, Rewrite* rewrite) noexcept nogil
# The deltas of the original direction, once the record's tuples are filled.
cdef void deltas_make(const FlowTable* table, Flow* flow) noexcept nogil
# The IP header at `ip` gets the addresses.
cdef void translate_addresses(uint8_t* ip, uint32_t version, const Rewrite* rewrite) noexcept nogil
# Ports or identifier and checksum of the `room` octets of transport header at hand. False: it cannot be done.
cdef bint translate_transport(uint8_t* header, uint32_t room, const Packet* packet, const Rewrite* rewrite) noexcept nogil

cdef inline void translate_plain(const FlowTable* table, const Flow* flow, const Packet* packet) noexcept nogil:
    """TCP and UDP over IPv4 with a whole checksum: the most frequent case in one piece."""
    cdef uint8_t* ip = packet.frame.data + packet.network
    cdef uint8_t* header = packet.frame.data + packet.transport
    cdef uint64_t source, target, addresses
    cdef uint32_t ports
    # One's complement: the inverse of a difference is its complement.
    cdef uint16_t inverse = 0
    cdef uint16_t checksum
    if packet.flow & 1:
        source = flow.target.low
        target = flow.source.low
        ports = flow.target_port | <uint32_t>flow.source_port << 16
        inverse = 0xFFFF
    else:
        source = reply_target(table, flow).low
        target = reply_source(table, flow).low
        ports = flow.new_source_port | <uint32_t>flow.new_target_port << 16
    addresses = source >> 32 | (target >> 32 << 32)
    memcpy(ip + 12, &addresses, 8)
    memcpy(&checksum, ip + 10, 2)
    checksum = adjusted(checksum, flow.address_delta ^ inverse)
    memcpy(ip + 10, &checksum, 2)
    memcpy(header, &ports, 4)
    header += 6 if packet.protocol == PROTOCOL_UDP else 16
    memcpy(&checksum, header, 2)
    if wire_likely(checksum != 0 or packet.protocol == PROTOCOL_TCP):
        checksum = adjusted(checksum, flow.delta ^ inverse)
        if wire_unlikely(checksum == 0) and packet.protocol == PROTOCOL_UDP:
            checksum = 0xFFFF
        memcpy(header, &checksum, 2)
