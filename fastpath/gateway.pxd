"""The C side of a Router: its interfaces, what it knows of routes and neighbors, and the ways it keeps for targets it has seen.

A packet's way in forward.pyx:

    for us?            own MAC address; of groups only ARP, neighbor discovery and nothing else                 else ignored
    ARP                resolve.pyx
    the header         ip_read
    the source         no martian, not one of ours; on an interface with `reverse_path` it belongs there
    the target         one of ours: deliver.pyx;  no martian
    flows, rules       with them: track.pyx
    TTL, route, MTU    ICMP errors quote the packet as it came
    the next hop       resolve.pyx: the packet waits untouched, and begins anew when the MAC address is known
    TTL - 1, MAC addresses, emit

A *way* keeps the outcome for a target, or for the gateway that a route leads to: edge, MAC addresses, MTU. A *source* keeps that an
address may send on an interface. Those of targets and of sources are direct-mapped caches; an entry counts only while `generation` is
what it was, and that changes with every change of routes, of interfaces, and of a neighbor's MAC address.

An interface belongs to a routing table: the main one, or one of its own (routingtable.pxd). What comes by it is routed by that table,
and finds that table's ways.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from fastpath.flowtable cimport FlowTable
from fastpath.frame cimport Frame
from fastpath.graph cimport Edge, Head
from fastpath.icmp cimport Icmp
from fastpath.identification cimport Identifications
from fastpath.ip cimport Address, is_mapped, unmapped
from fastpath.neighbor cimport Neighbors
from fastpath.reassembly cimport Reassembly
from fastpath.routes cimport Routes
from fastpath.ruletable cimport RuleTable
from fastpath.table cimport table_mix

cdef enum:
    NETWORKS_MAX = 32             # addresses of one interface
    INTERFACES_MAX = 0xFFFF
    WAY_BITS = 14                 # targets in use at a time; fewer than 2^16, as flows keep the number
    WAYS = 1 << WAY_BITS
    CLAMP = 0xFFFFFFFF            # Gateway.mss: to what both links take
    HOP_WAYS = 4096               # next hops whose way is kept: those of the main table with the lowest numbers
    SOURCE_BITS = 12
    SOURCES = 1 << SOURCE_BITS

cdef struct Network:              # an address of ours, and the subnet around it
    Address address
    uint32_t length               # of 128: IPv4 prefixes begin at 96

cdef struct Way:                  # a cache line
    Address target
    Edge edge
    uint8_t[12] macs              # the next hop's and ours
    uint32_t generation
    uint32_t mtu
    uint16_t interface
    uint8_t[10] spare

cdef struct Interface:
    Edge edge                     # where its frames go
    uint64_t mac                  # as a number
    uint64_t mac_word             # as it lies in memory: the low six octets
    Way* ways                     # its table's
    uint32_t mtu
    bint used                     # else the place is free: frames that come by it are ignored
    bint reverse_path             # a source must have its route by this interface (RFC 3704, 2.2)
    bint arp                      # ask for neighbors; else an unknown one is unreachable at once
    bint proxy_arp                # answer for targets that are routed elsewhere (RFC 1027)
    uint32_t n_networks
    Network[NETWORKS_MAX] networks
    Address link_local            # ::, without IPv6
    Icmp icmp
    Routes* routes                # its table's; NULL: the gateway's own
    uint16_t table                # the number of that

cdef struct Source:               # half of one
    Address source
    uint32_t generation
    uint32_t interface
    uint64_t spare

cdef struct GatewayCounters:
    uint64_t ignored              # frames that were not for us
    uint64_t forwarded
    uint64_t delivered            # packets to ourselves
    uint64_t answered             # ARP requests and neighbor solicitations

# The gateway; a frame, the interface that it came by, whether we made it. In forward.pyx.
ctypedef void (*waited_function)(void* gateway, Frame* frame, uint16_t interface, bint ours) noexcept nogil

cdef struct Gateway:
    Head* head
    FlowTable* flows              # NULL: a mere router
    RuleTable* rules              # NULL: everything may pass, untranslated
    Interface* interfaces
    uint32_t n_interfaces         # places in use or free
    uint32_t interface_generation
    Routes routes                 # the main table
    Neighbors neighbors
    Reassembly reassembly
    Way* ways                     # WAYS of them, the main table's
    Way* hop_ways                 # HOP_WAYS of them, by the number of a Hop of the main table
    Source* sources               # SOURCES of them
    uint64_t secret
    uint32_t largest              # of a packet that we put together, being worked on: the largest fragment; else 0
    uint32_t icmp_rate            # errors a second of an interface
    uint32_t mss                  # SYNs may announce so much at most; 0: anything
    bint opened                   # a flow was opened, so that when one ends has to be looked up
    int64_t flows_due             # when flows_expire wants to be called
    uint64_t expired_turn         # when it was: in which turn, counted from 1
    Identifications identifications    # of packets of our own, and of those that we fragment and name ourselves
    GatewayCounters counters
    uint32_t n_tables             # besides the main one
    waited_function resume        # what becomes of a packet that waited for its neighbor
    waited_function unreachable   # and of one that waited in vain: an error about it

cdef inline uint32_t generation_of(const Gateway* gateway) noexcept nogil:
    """All three only ever grow, so their sum changes when one does. `interface_generation` stands for tables besides the main one too."""
    return gateway.routes.generation + gateway.neighbors.generation + gateway.interface_generation

cdef inline const Routes* routes_of(const Gateway* gateway, uint32_t interface) noexcept nogil:
    """The table for what comes by the interface."""
    cdef const Routes* routes = gateway.interfaces[interface].routes
    return &gateway.routes if routes == NULL else routes

cdef inline uint32_t place_of_ipv4(const Gateway* gateway, uint32_t address) noexcept nogil:
    """Which entry of a cache. Keyed, so that nobody can aim at another's entry; a miss costs a look-up, no more."""
    return <uint32_t>(((<uint64_t>address ^ gateway.secret) * <uint64_t>0x9E3779B97F4A7C15) >> (64 - WAY_BITS))

cdef inline uint32_t place_of(const Gateway* gateway, const Address* address) noexcept nogil:
    if is_mapped(address):
        return place_of_ipv4(gateway, unmapped(address))
    return <uint32_t>(table_mix(address.high ^ gateway.secret, address.low ^ <uint64_t>0x9E3779B97F4A7C15) >> (64 - WAY_BITS))

# All of it for the node, which the Gateway lies in: tables of these sizes, keyed from `seed`; no interface yet. Errors: ValueError,
# MemoryError.
cdef int gateway_init(Gateway* gateway, Head* head, uint64_t seed, uint32_t neighbors, uint32_t routes,
                      waited_function resume, waited_function unreachable) except -1
cdef void gateway_free(Gateway* gateway) noexcept
# There are places for interfaces up to this number from now on. Errors: ValueError, MemoryError.
cdef int gateway_expect(Gateway* gateway, uint16_t number) except -1
# Nothing leads to the node any longer.
cdef void gateway_disconnect(Gateway* gateway, const Head* target) noexcept
# Have the node called when something is due next; and do what is due.
cdef void gateway_arm(Gateway* gateway) noexcept nogil
cdef void gateway_expire(Gateway* gateway, int64_t now) noexcept nogil
