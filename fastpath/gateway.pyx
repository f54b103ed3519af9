"""A Gateway made and unmade; what falls due in it: neighbors, datagrams in parts, flows."""

from libc.stdint cimport int64_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport free, realloc
from libc.string cimport memset

from fastpath.egress cimport complain
from fastpath.flows cimport flows_expire
from fastpath.graph cimport NEVER, Head, set_due
from fastpath.icmp cimport ICMP_RATE, REASSEMBLY_TIME
from fastpath.identification cimport identifications_init
from fastpath.ip cimport FINE, Packet, ip_read
from fastpath.lifetimes cimport MORE_SOON
from fastpath.neighbor cimport neighbors_due, neighbors_free, neighbors_init
from fastpath.pages cimport pages, unpages
from fastpath.reassembly cimport Expired, reassembly_due, reassembly_expire, reassembly_free, reassembly_init
from fastpath.resolve cimport resolve_expire
from fastpath.routes cimport routes_free, routes_init

cdef enum:
    DATAGRAMS = 256               # being put together at the same time
    DATAGRAM_OCTETS = 1 << 20


cdef int gateway_init(Gateway* gateway, Head* head, uint64_t seed, uint32_t neighbors, uint32_t routes,
                      waited_function resume, waited_function unreachable) except -1:
    gateway.head = head
    gateway.flows_due = NEVER
    gateway.icmp_rate = ICMP_RATE
    gateway.resume = resume
    gateway.unreachable = unreachable
    routes_init(&gateway.routes, routes, seed)
    neighbors_init(&gateway.neighbors, head, neighbors, seed + 1)
    reassembly_init(&gateway.reassembly, DATAGRAMS, DATAGRAM_OCTETS, seed + 2)
    gateway.secret = gateway.routes.table.secret1 ^ gateway.neighbors.table.secret0
    identifications_init(&gateway.identifications, seed + 3)
    gateway.ways = <Way*>pages(WAYS * sizeof(Way), False)
    gateway.sources = <Source*>pages(SOURCES * sizeof(Source), False)
    gateway.hop_ways = <Way*>pages(HOP_WAYS * sizeof(Way), False)
    if gateway.ways == NULL or gateway.sources == NULL or gateway.hop_ways == NULL:
        raise MemoryError("gateway: ways")
    return 0


cdef void gateway_free(Gateway* gateway) noexcept:
    routes_free(&gateway.routes)
    neighbors_free(&gateway.neighbors)
    reassembly_free(&gateway.reassembly)
    unpages(gateway.ways, WAYS * sizeof(Way), False)
    unpages(gateway.hop_ways, HOP_WAYS * sizeof(Way), False)
    unpages(gateway.sources, SOURCES * sizeof(Source), False)
    free(gateway.interfaces)
    gateway.interfaces = NULL


cdef int gateway_expect(Gateway* gateway, uint16_t number) except -1:
    cdef Interface* interfaces
    cdef uint32_t n = gateway.n_interfaces
    if number < n:
        return 0
    if number >= INTERFACES_MAX:
        raise ValueError(f"a gateway has at most {INTERFACES_MAX} interfaces")
    interfaces = <Interface*>realloc(gateway.interfaces, (number + 1) * sizeof(Interface))
    if interfaces == NULL:
        raise MemoryError("gateway: interfaces")
    gateway.interfaces = interfaces
    memset(&interfaces[n], 0, (number + 1 - n) * sizeof(Interface))
    while n <= number:
        interfaces[n].edge = gateway.head.core.void_edge
        interfaces[n].ways = gateway.ways
        n += 1
    gateway.n_interfaces = n
    return 0


cdef void gateway_disconnect(Gateway* gateway, const Head* target) noexcept:
    cdef uint32_t number
    for number in range(gateway.n_interfaces):
        if gateway.interfaces[number].edge.head == target:
            gateway.interfaces[number].edge = gateway.head.core.void_edge
    gateway.interface_generation += 1


cdef void gateway_arm(Gateway* gateway) noexcept nogil:
    cdef int64_t due = min(neighbors_due(&gateway.neighbors), reassembly_due(&gateway.reassembly))
    due = min(due, gateway.flows_due)
    if due != gateway.head.due:
        set_due(gateway.head, due)


cdef void gateway_expire(Gateway* gateway, int64_t now) noexcept nogil:
    cdef Expired expired
    cdef Packet packet
    resolve_expire(gateway, now)
    if gateway.flows_due <= now:
        expire_flows(gateway, now)
    while reassembly_expire(&gateway.reassembly, gateway.head, now, &expired):
        if expired.frame != NULL and ip_read(&packet, expired.frame) == FINE:
            packet.interface = expired.interface
            complain(gateway, &packet, REASSEMBLY_TIME, 0)
    gateway_arm(gateway)


cdef void expire_flows(Gateway* gateway, int64_t now) noexcept nogil:
    """Once a turn, however much time the turn makes up for: what is looked at in a turn is bounded."""
    if gateway.expired_turn == gateway.head.core.turns + 1:
        # Or a turn after a long pause would never end: the rest goes soon after it.
        gateway.flows_due = gateway.head.core.until + MORE_SOON
        return
    gateway.expired_turn = gateway.head.core.turns + 1
    gateway.flows_due = flows_expire(gateway.flows, now)
