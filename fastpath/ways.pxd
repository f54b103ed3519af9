"""What the gateway keeps for sources and targets, and the last steps of a packet that goes on: whether it fits, TTL, MAC addresses."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t
from libc.string cimport memcpy

from fastpath.address cimport ORDINARY, Kind, kind_of
from fastpath.gateway cimport HOP_WAYS, SOURCE_BITS, WAY_BITS, Gateway, Source, Way, generation_of, place_of
from fastpath.hops cimport Hop
from fastpath.ip cimport Address, Packet, same
from fastpath.routes cimport GATEWAY, LARGE, LINK, Route, routes_hop

cdef inline bint source_known(const Gateway* gateway, const Address* address, uint32_t interface) noexcept nogil:
    """It was found that the address may send there."""
    cdef const Source* source = &gateway.sources[place_of(gateway, address) >> (WAY_BITS - SOURCE_BITS)]
    return same(&source.source, address) and source.interface == interface and source.generation == generation_of(gateway)

cdef inline bint way_known(const Gateway* gateway, const Way* way, const Address* target) noexcept nogil:
    return same(&way.target, target) and way.generation == generation_of(gateway)

cdef inline const Way* routed_way(Gateway* gateway, Way* ways, const Address* target) noexcept nogil:
    """What is kept for the gateway that the target's route leads to, or for the target itself; NULL: nothing, or no host has the address.

    `ways`: those of the interface that the packet came by.
    """
    cdef const Hop* hop
    cdef Way* way
    cdef uint32_t number
    if ways != gateway.ways or kind_of(target) != ORDINARY:
        return NULL
    hop = routes_hop(&gateway.routes, target)
    if hop == NULL or hop.kind > GATEWAY:
        return NULL
    number = <uint32_t>(hop - gateway.routes.hops.hops)
    if hop.kind == LINK or number >= HOP_WAYS:
        way = &ways[place_of(gateway, target)]
        return way if way_known(gateway, way, target) else NULL
    way = &gateway.hop_ways[number]
    if way.generation != generation_of(gateway):
        return NULL
    if gateway.routes.count < LARGE and not gateway.routes.is_dense:
        # A few routes are looked through by length: next time it is found at once.
        ways[place_of(gateway, target)] = way[0]
        ways[place_of(gateway, target)].target = target[0]
    return way

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
