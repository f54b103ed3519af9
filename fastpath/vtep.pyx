"""Overlays, peers and stations from Python; between turns only."""

cimport cython

from libc.stdint cimport int64_t, uint16_t, uint32_t, uint64_t

from fastpath.claims cimport claims_free, claims_init
from fastpath.decap cimport decap_burst
from fastpath.encap cimport encap_burst
from fastpath.endpoints cimport endpoints_free, endpoints_init
from fastpath.frame cimport Frame
from fastpath.gateway cimport Gateway, Interface, gateway_disconnect, gateway_expect, gateway_expire, gateway_free, gateway_init
from fastpath.graph cimport Graph, Head, Node, set_due
from fastpath.icmp cimport ICMP_BURST, icmp_init
from fastpath.igmp cimport memberships_free, memberships_init
from fastpath.igmpsay cimport memberships_due
from fastpath.interfaces cimport interface_open, neighbor_fix, neighbor_forget
from fastpath.ip cimport Address, is_mapped
from fastpath.neighbor cimport neighbors_due
from fastpath.overlaybook cimport OverlayBook
from fastpath.reassembly cimport reassembly_due
from fastpath.routebook cimport RouteBook
from fastpath.routerrows cimport neighbor_rows
from fastpath.tunnels cimport tunnels_free, tunnels_init
from fastpath.underlay cimport underlay_resume, underlay_say, underlay_unreachable
from fastpath.vteprows cimport claim_rows, overlay_rows, station_rows, tunnel_rows, vtep_counters

cdef enum:
    ROUTES = 4096
    STATIONS = 65536              # addresses of programmed stations


@cython.final
cdef class Vtep(Node):
    """A VXLAN tunnel end point on a graph: `addresses` are ours on the underlay, with prefix, of both families.

    `mtu`: the underlay's; `port`: UDP's, of all that is sent and received; `neighbors`, `tunnels`: bounds of its tables; `arp`: ask for
    next hops; `icmp_rate`: errors a second; `strict`: reserved bits of a VXLAN header are an error; `any_hop`: the port's outside
    routes, so that next hops need no MAC address.
    """

    def __init__(self, Graph graph not None, str name not None, *, uint64_t mac, addresses, uint32_t mtu=1500, uint16_t port=4789,
                 uint32_t neighbors=4096, uint32_t tunnels=65534, bint arp=True, uint32_t icmp_rate=100, bint strict=False,
                 bint any_hop=False):
        cdef uint64_t seed = graph.core.seed ^ <uint64_t>(len(graph.nodes) + 1)
        if not 128 <= mtu <= 65535:
            raise ValueError("mtu: 128 to 65535 octets")
        if port == 0:
            raise ValueError("port: 1 to 65535")
        if not addresses:
            raise ValueError("a VTEP has an address at least")
        gateway_init(&self.end.gateway, &self.head, seed, neighbors, ROUTES, underlay_resume, underlay_unreachable)
        tunnels_init(&self.end.tunnels, tunnels, seed + 4)
        endpoints_init(&self.end.endpoints, STATIONS, seed + 6)
        claims_init(&self.end.claims, seed + 7)
        self.end.gateway.icmp_rate = icmp_rate
        self.end.secret0 = self.end.tunnels.by_peer.secret0
        self.end.secret1 = self.end.tunnels.by_vni.secret1
        self.end.tunnels.port = port
        self.end.mtu = mtu
        self.end.strict = strict
        self.end.any_hop = any_hop
        self.book = RouteBook()
        self.book.routes = &self.end.gateway.routes
        self.overlay_book = OverlayBook()
        self.overlay_book.end = &self.end
        self.overlay_book.owner = name
        super().__init__(graph, name)
        try:
            self.open(mac, mtu, addresses, arp, seed + 8)
        except BaseException:
            graph.discard(self)
            raise

    cdef int open(self, uint64_t mac, uint32_t mtu, object addresses, bint arp, uint64_t seed) except -1:
        """The underlay's interface, and what is said there of groups."""
        cdef Gateway* gateway = &self.end.gateway
        cdef Interface* interface
        gateway_expect(gateway, 0)
        interface = &gateway.interfaces[0]
        interface_open(gateway, self.book, 0, mac, mtu, addresses)
        interface.arp = arp
        icmp_init(&self.end.icmp, gateway.icmp_rate, ICMP_BURST, &gateway.identifications)
        memberships_init(&self.end.groups, mac, first_ipv4(interface), &interface.link_local, seed)
        return 0

    def __dealloc__(self):
        gateway_free(&self.end.gateway)
        tunnels_free(&self.end.tunnels)
        endpoints_free(&self.end.endpoints)
        claims_free(&self.end.claims)
        memberships_free(&self.end.groups)

    # -- the graph ------------------------------------------------------------------------------------------------------

    cdef void process(self, Frame** burst, uint32_t n) noexcept nogil:
        cdef uint32_t first = 0
        cdef uint32_t i
        cdef bint inward
        while first < n:
            inward = burst[first].input == 0
            i = first + 1
            while i < n and (burst[i].input == 0) == inward:
                i += 1
            if inward:
                decap_burst(&self.end, burst + first, i - first)
            else:
                encap_burst(&self.end, burst + first, i - first)
            first = i
        self.arm()

    cdef void arm(self) noexcept nogil:
        cdef int64_t due = min(neighbors_due(&self.end.gateway.neighbors), reassembly_due(&self.end.gateway.reassembly))
        due = min(due, memberships_due(&self.end.groups))
        if due != self.head.due:
            set_due(&self.head, due)

    cdef void expire(self, int64_t now) noexcept nogil:
        gateway_expire(&self.end.gateway, now)
        underlay_say(&self.end, now)
        self.arm()

    cdef uint32_t fanout(self) noexcept:
        cdef uint32_t number, most = 1
        for number in range(self.end.tunnels.n_overlays):
            most = max(most, self.end.tunnels.overlays[number].n_flooded)
        return most - 1

    cdef int expect(self, uint16_t number) except -1:
        if number >= self.end.tunnels.capacity:
            raise ValueError(f"{self.name} has no input {number}: 0 is the underlay's, the others are tunnels'")
        return 0

    cdef void disconnect(self, const Head* target) noexcept:
        cdef uint32_t number
        for number in range(self.end.tunnels.used):
            if self.end.tunnels.tunnels[number].edge.head == target:
                self.end.tunnels.tunnels[number].edge = self.head.core.void_edge
        gateway_disconnect(&self.end.gateway, target)

    # -- the underlay ---------------------------------------------------------------------------------------------------

    def lead(self, Node target, uint16_t target_input=0) -> None:
        """Where outer frames go: an input of a node, or None for nowhere."""
        self.connect(&self.end.gateway.interfaces[0].edge, target, target_input)

    def add_route(self, str prefix not None, str gateway not None) -> None:
        """Tunnel packets to the prefix go to the gateway. Errors: ValueError; OverflowError if the table is full."""
        self.book.add(prefix, 0, gateway)

    def remove_route(self, str prefix not None) -> bool:
        """Take out what `add_route` put in; False if it did not."""
        return self.book.remove(prefix)

    def add_neighbor(self, str address not None, uint64_t mac) -> None:
        """The next hop has this MAC address, whatever anybody says. Errors: OverflowError if the table is full of such ones."""
        neighbor_fix(&self.end.gateway, 0, address, mac)

    def remove_neighbor(self, str address not None) -> bool:
        """Forget a neighbor, permanent or not; packets that wait for it are dropped. False if it is not known."""
        return neighbor_forget(&self.end.gateway, 0, address)

    def neighbors(self, int64_t now):
        """Who is known: a NumPy array of NEIGHBORS_DTYPE (routerrows)."""
        return neighbor_rows(&self.end.gateway.neighbors, now)

    # -- overlays -------------------------------------------------------------------------------------------------------

    def add_overlay(self, str name not None, Node bridge not None, uint32_t vni, *, str local not None, int ttl=64, int dscp=0,
                    checksum=None, str inner_vlan not None="strip", bint learn=True, bint unknown=True,
                    bint permitted_only=False, str group=None, uint32_t flood_rate=10000, uint32_t mss=0, bint too_big=True,
                    uint32_t spare=256, uint32_t limit=0) -> int:
        """The bridge is a part of the overlay from now on: the Vtep makes itself members of it. Returns the overlay's number.

        `local`: which address of ours is the outer source. `ttl`, `dscp`: of outer packets, -1 inherits the inner one's; `checksum`: of
        UDP, None: over IPv6 only; `inner_vlan`: "strip" (and discard what comes with a tag) or "keep"; `learn`: stations of frames from
        tunnels are learned; `unknown`: unknown unicast is flooded, else dropped, and questions for programmed stations are answered;
        `permitted_only`: frames of peers that were given only; `group`: floods go there; `flood_rate`: flooded frames a second, 0: any;
        `mss`: what SYNs may announce at most, 0: anything; `too_big`: who sends what does not fit is told; `spare`: tunnels for VTEPs
        that will be heard of; `limit`: stations learned at each tunnel, 0: the bridge's own. Errors: ValueError; OverflowError if
        there are not so many tunnels.
        """
        number = self.overlay_book.add(self, name, bridge, vni, local, spare, {
            "ttl": ttl, "dscp": dscp, "checksum": checksum, "inner_vlan": inner_vlan, "learn": learn, "unknown": unknown,
            "permitted_only": permitted_only, "group": group, "flood_rate": flood_rate, "mss": mss, "too_big": too_big, "limit": limit,
        })
        self.arm()
        return number

    def set_overlay(self, number: int, *, int ttl=64, int dscp=0, checksum=None, str inner_vlan not None="strip",
                    bint learn=True, bint unknown=True, bint permitted_only=False, str group=None, uint32_t flood_rate=10000,
                    uint32_t mss=0, bint too_big=True, uint32_t limit=0) -> None:
        """Other settings from the next frame on (see `add_overlay`); peers, stations and what was learned stay."""
        self.overlay_book.set(number, {
            "ttl": ttl, "dscp": dscp, "checksum": checksum, "inner_vlan": inner_vlan, "learn": learn, "unknown": unknown,
            "permitted_only": permitted_only, "group": group, "flood_rate": flood_rate, "mss": mss, "too_big": too_big, "limit": limit,
        })
        self.arm()

    def remove_overlay(self, number: int) -> None:
        """It goes with its peers and stations; the bridge forgets what was behind them."""
        self.overlay_book.remove(number)
        self.arm()

    def add_peer(self, overlay: int, str address not None, *, bint flood=True) -> None:
        """A remote VTEP of the overlay; `flood`: it gets what is flooded. Errors: ValueError, OverflowError."""
        self.overlay_book.add_peer(self, overlay, address, flood)

    def remove_peer(self, overlay: int, str address not None) -> None:
        """It is as if not given; stations programmed there stay. Errors: ValueError if it is not known."""
        self.overlay_book.remove_peer(overlay, address)

    def add_station(self, overlay: int, mac: int, str peer not None, addresses=()) -> None:
        """The station is at the peer, whatever traffic says; `addresses`: its own, for which questions are answered if `unknown` is off."""
        self.overlay_book.add_station(self, overlay, mac, peer, tuple(addresses))

    def remove_station(self, overlay: int, mac: int) -> None:
        """Forget what `add_station` said. Errors: ValueError if it did not."""
        self.overlay_book.remove_station(overlay, mac)

    # -- for people -----------------------------------------------------------------------------------------------------

    def overlays(self):
        """A NumPy array of OVERLAYS_DTYPE."""
        return overlay_rows(&self.end, self.overlay_book.names)

    def tunnels(self, int64_t now):
        """A NumPy array of TUNNELS_DTYPE: one row for each peer that was given or is heard of, and for each overlay's floods."""
        return tunnel_rows(&self.end, now)

    def stations(self):
        """Programmed ones: a NumPy array of STATIONS_DTYPE; the bridge has those that were learned."""
        return station_rows(&self.end, self.overlay_book.placed)

    def reports(self, int64_t now):
        """Addresses that two stations of an overlay claim: a NumPy array of CLAIMS_DTYPE."""
        return claim_rows(&self.end, now)

    def named_counters(self) -> dict:
        """This VTEP's own counters."""
        return vtep_counters(&self.end)


cdef const Address* first_ipv4(const Interface* interface) noexcept:
    cdef uint32_t i
    for i in range(interface.n_networks):
        if is_mapped(&interface.networks[i].address):
            return &interface.networks[i].address
    return &NOWHERE_IPV4


cdef Address NOWHERE_IPV4 = Address(0, 0xFFFF0000u)
