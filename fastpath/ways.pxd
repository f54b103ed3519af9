"""What the gateway keeps for sources and targets, and the last steps of a packet that goes on: whether it fits, TTL, MAC addresses."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t
from libc.string cimport memcpy

from fastpath.address cimport Kind
from fastpath.gateway cimport SOURCE_BITS, WAY_BITS, Gateway, Source, generation_of, place_of
from fastpath.ip cimport Address, Packet, same
from fastpath.routes cimport Route

cdef inline bint source_known(const Gateway* gateway, const Address* address, uint32_t interface) noexcept nogil:
    """It was found that the address may send there."""
    cdef const Source* source = &gateway.sources[place_of(gateway, address) >> (WAY_BITS - SOURCE_BITS)]
    return same(&source.source, address) and source.interface == interface and source.generation == generation_of(gateway)

# FINE, or why nobody may send from that source here (RFC 1812, 5.3.7 and 5.3.8; RFC 3704). What is fine is remembered.
cdef int source_refused(Gateway* gateway, const Packet* packet, Kind kind) noexcept nogil

cdef inline void lower_ttl(uint8_t* header, uint8_t version) noexcept nogil:
    """RFC 1812, 5.3.1; the checksum as RFC 1624 has it, for one less in the high octet: it was right, so it never is 0xFFFF after."""
    cdef uint16_t checksum
    cdef uint32_t total
    if version == 6:
        header[7] -= 1
        return
    header[8] -= 1
    memcpy(&checksum, header + 10, 2)
    total = checksum + 1u
    checksum = <uint16_t>(total + (total >= 0xFFFF))
    memcpy(header + 10, &checksum, 2)

# The packet fits the link of `mtu` octets, or may be cut; else it ends here, with an error to its source (RFC 1191, 4; RFC 4443, 3.2).
cdef bint fits(Gateway* gateway, Packet* packet, uint32_t mtu) noexcept nogil
# The packet goes on to `goal` by the route: translated if it has a flow, as soon as the next hop is known, if it fits. `usual`: the route
# is that of the table for what comes by its interface, so that others may find the way.
cdef void pass_on(Gateway* gateway, Packet* packet, const Route* route, const Address* goal, bint usual) noexcept nogil
