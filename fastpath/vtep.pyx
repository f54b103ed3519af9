"""Overlays, peers and stations from Python; between turns only."""

cimport cython

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memset

from fastpath.address cimport LINK_LOCAL, MULTICAST, ORDINARY, address_read, address_text, kind_of, link_local, prefix_read
from fastpath.bucket cimport UNLIMITED, bucket_init, bucket_set
from fastpath.claims cimport claims_forget, claims_free, claims_init
from fastpath.decap cimport decap_burst
from fastpath.encap cimport encap_burst
from fastpath.endpoints cimport endpoint_put, endpoints_forget, endpoints_free, endpoints_init
from fastpath.ethernet cimport GROUP, mac_word
from fastpath.frame cimport Frame
from fastpath.gateway cimport NETWORKS_MAX, Gateway, Interface
from fastpath.graph cimport Graph, Head, Node, set_due
from fastpath.icmp cimport ICMP_BURST, icmp_init
from fastpath.igmp cimport membership_join, membership_leave, memberships_free, memberships_init
from fastpath.igmpsay cimport memberships_due
from fastpath.ip cimport Address, is_mapped, same
from fastpath.neighbor cimport (
    NOBODY, PERMANENT, neighbor_add, neighbor_become, neighbor_find, neighbor_remove, neighbors_due, neighbors_free, neighbors_init,
)
from fastpath.reassembly cimport (
    Expired, reassembly_due, reassembly_expire, reassembly_free, reassembly_init,
)
from fastpath.resolve cimport is_ours, resolve_expire
from fastpath.routebook cimport RouteBook
from fastpath.routerrows cimport neighbor_rows
from fastpath.routes cimport routes_free, routes_init
from fastpath.table cimport table_erase, table_home, table_insert
from fastpath.tunnels cimport (
    FLOODS, FREE, HEARD, NO_OVERLAY, NO_TUNNEL, PEER, SPARE, Overlay, Tunnel, Tunnels, numbers_add, numbers_remove, overlay_find, tunnel_prepare,
    tunnels_assign, tunnels_find, tunnels_free, tunnels_init, tunnels_release, tunnels_take,
)
from fastpath.underlay cimport underlay_resume, underlay_say, underlay_unreachable
from fastpath.vteprows cimport claim_rows, overlay_rows, station_rows, tunnel_rows, vtep_counters
from fastpath.vxlan cimport INHERIT_DSCP, INHERIT_TTL, VNI_MAX, WITH_CHECKSUM

cdef enum:
    ROUTES = 4096
    DATAGRAMS = 16                # of echo requests to us, being put together at the same time
    DATAGRAM_OCTETS = 1 << 18
    STATIONS = 65536              # addresses of programmed stations


@cython.final
cdef class Vtep(Node):
    """A VXLAN tunnel end point on a graph: `addresses` are ours on the underlay, with prefix, of both families.

    `mtu`: the underlay's; `port`: UDP's, of all that is sent and received; `neighbors`, `tunnels`: bounds of its tables; `arp`: ask for next
    hops; `icmp_rate`: errors a second; `strict`: reserved bits of a VXLAN header are an error; `any_hop`: the port's outside routes, so
    that next hops need no MAC address.
    """

    def __init__(self, Graph graph not None, str name not None, *, uint64_t mac, addresses, uint32_t mtu=1500, uint16_t port=4789,
                 uint32_t neighbors=4096, uint32_t tunnels=4096, bint arp=True, uint32_t icmp_rate=100, bint strict=False,
                 bint any_hop=False):
        cdef Gateway* gateway = &self.end.gateway
        cdef Interface* interface
        cdef uint64_t seed = graph.core.seed ^ <uint64_t>(len(graph.nodes) + 1)
        if mac == 0 or mac & GROUP or mac >> 48:
            raise ValueError("an individual MAC address, as a number")
        if not 128 <= mtu <= 65535:
            raise ValueError("mtu: 128 to 65535 octets")
        if port == 0:
            raise ValueError("port: 1 to 65535")
        gateway.head = &self.head
        gateway.resume = underlay_resume
        gateway.unreachable = underlay_unreachable
        routes_init(&gateway.routes, ROUTES, seed)
        neighbors_init(&gateway.neighbors, &self.head, neighbors, seed + 1)
        reassembly_init(&gateway.reassembly, DATAGRAMS, DATAGRAM_OCTETS, seed + 2)
        tunnels_init(&self.end.tunnels, tunnels, seed + 3)
        endpoints_init(&self.end.endpoints, STATIONS, seed + 5)
        claims_init(&self.end.claims, seed + 6)
        gateway.secret = gateway.routes.table.secret1 ^ gateway.neighbors.table.secret0
        gateway.identification = <uint32_t>gateway.secret
        self.end.secret0 = self.end.tunnels.by_peer.secret0
        self.end.secret1 = self.end.tunnels.by_vni.secret1
        gateway.interfaces = <Interface*>calloc(1, sizeof(Interface))
        if gateway.interfaces == NULL:
            raise MemoryError("vtep: interface")
        gateway.n_interfaces = 1
        interface = &gateway.interfaces[0]
        interface.mac = mac
        interface.mac_word = mac_word(mac)
        interface.mtu = mtu
        interface.arp = arp
        icmp_init(&interface.icmp, icmp_rate, ICMP_BURST, <uint16_t>gateway.secret)
        icmp_init(&self.end.icmp, icmp_rate, ICMP_BURST, <uint16_t>(gateway.secret >> 16))
        self.end.tunnels.port = port
        self.end.mtu = mtu
        self.end.strict = strict
        self.end.any_hop = any_hop
        self.book = RouteBook()
        self.book.routes = &gateway.routes
        self.bridges, self.names, self.limits = [], [], []
        self.placed = {}
        assign(self.book, interface, addresses)
        memberships_init(&self.end.groups, mac, first_ipv4(interface), &interface.link_local, seed + 7)
        super().__init__(graph, name)
        interface.edge = self.head.core.void_edge
        interface.used = True

    def __dealloc__(self):
        routes_free(&self.end.gateway.routes)
        neighbors_free(&self.end.gateway.neighbors)
        reassembly_free(&self.end.gateway.reassembly)
        tunnels_free(&self.end.tunnels)
        endpoints_free(&self.end.endpoints)
        claims_free(&self.end.claims)
        memberships_free(&self.end.groups)
        free(self.end.gateway.interfaces)

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
        cdef Expired expired
        resolve_expire(&self.end.gateway, now)
        underlay_say(&self.end, now)
        while reassembly_expire(&self.end.gateway.reassembly, &self.head, now, &expired):
            pass
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
        if self.end.gateway.interfaces[0].edge.head == target:
            self.end.gateway.interfaces[0].edge = self.head.core.void_edge

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
        cdef Address key
        cdef uint32_t found
        address_read(address, &key)
        if mac == 0 or mac & GROUP or mac >> 48:
            raise ValueError("an individual MAC address, as a number")
        found = neighbor_find(&self.end.gateway.neighbors, 0, &key)
        if found != NOBODY:
            neighbor_remove(&self.end.gateway.neighbors, found)
        found = neighbor_add(&self.end.gateway.neighbors, 0, &key)
        if found == NOBODY:
            raise OverflowError(f"the table is full: {self.end.gateway.neighbors.capacity} neighbors")
        self.end.gateway.neighbors.neighbors[found].mac = mac
        neighbor_become(&self.end.gateway.neighbors, found, PERMANENT, self.head.core.now)

    def remove_neighbor(self, str address not None) -> bool:
        """Forget a neighbor, permanent or not; packets that wait for it are dropped. False if it is not known."""
        cdef Address key
        cdef uint32_t found
        address_read(address, &key)
        found = neighbor_find(&self.end.gateway.neighbors, 0, &key)
        if found == NOBODY:
            return False
        neighbor_remove(&self.end.gateway.neighbors, found)
        self.arm()
        return True

    def neighbors(self, int64_t now):
        """Who is known: a NumPy array of NEIGHBORS_DTYPE (routerrows)."""
        return neighbor_rows(&self.end.gateway.neighbors, now)

    # -- overlays -------------------------------------------------------------------------------------------------------

    cdef Overlay* overlay(self, object number) except NULL:
        if not 0 <= number < self.end.tunnels.n_overlays or not self.end.tunnels.overlays[<uint32_t>number].used:
            raise ValueError(f"{self.name} has no overlay {number}")
        return &self.end.tunnels.overlays[<uint32_t>number]

    def add_overlay(self, str name not None, Node bridge not None, uint32_t vni, *, str local not None, uint32_t spare=256, **settings) -> int:
        """The bridge is a part of the overlay from now on: the Vtep makes itself members of it. Returns the overlay's number.

        `local`: which address of ours is the outer source; `spare`: tunnels for VTEPs that will be heard of; `settings` as of
        `set_overlay`. Errors: ValueError; OverflowError if there are not so many tunnels.
        """
        cdef uint32_t number = self.names.index(None) if None in self.names else len(self.names)
        cdef Overlay* overlays
        cdef Overlay* overlay
        cdef Address address
        cdef uint64_t key = <uint64_t>1 << 32 | vni
        if not 1 <= vni <= VNI_MAX:
            raise ValueError(f"vni: 1 to {VNI_MAX}")
        if overlay_find(&self.end.tunnels, vni) != NO_OVERLAY:
            raise ValueError(f"{self.name} has an overlay of VNI {vni} already")
        address_read(local, &address)
        if not is_ours(&self.end.gateway.interfaces[0], &address):
            raise ValueError(f"{local}: not an address of {self.name}")
        if spare + 1 > free_numbers(&self.end.tunnels):
            raise OverflowError(f"{self.name} has too few tunnels left for {spare} spare ones: make it with more")
        if number == self.end.tunnels.n_overlays:
            overlays = <Overlay*>realloc(self.end.tunnels.overlays, (number + 1) * sizeof(Overlay))
            if overlays == NULL:
                raise MemoryError("vtep: overlays")
            self.end.tunnels.overlays = overlays
            self.end.tunnels.n_overlays += 1
            memset(&overlays[number], 0, sizeof(Overlay))
            self.bridges.append(None)
            self.names.append(None)
            self.limits.append(0)
        overlay = &self.end.tunnels.overlays[number]
        memset(overlay, 0, sizeof(Overlay))
        overlay.vni = vni
        overlay.local = address
        overlay.inner_mtu = self.end.mtu - (50 if is_mapped(&address) else 70)
        bucket_init(&overlay.rate, 0, 1)
        checked(settings, overlay)
        table_insert(&self.end.tunnels.by_vni, key, table_home(&self.end.tunnels.by_vni, key), number)
        self.bridges[number], self.names[number] = bridge, name
        self.limits[number] = settings.get("limit", 0)
        overlay.used = True
        overlay.learn = settings.get("learn", True)
        overlay.floods = self.join(number, FLOODS)
        for _ in range(spare):
            self.join(number, SPARE)
        self.apply(number, settings)
        return number

    def set_overlay(self, number: int, **settings) -> None:
        """Other settings from the next frame on; those not named get their defaults. Peers, stations and what was learned stay.

        `ttl`, `dscp`: of outer packets, -1 inherits; `checksum`: of UDP, None: over IPv6 only; `inner_vlan`: "strip" (and discard what comes
        with a tag) or "keep"; `learn`: stations of frames from tunnels are learned; `unknown`: unknown unicast is flooded, else dropped,
        and questions for programmed stations are answered; `permitted_only`: frames of peers that were given only; `group`: floods go
        there; `flood_rate`: flooded frames a second, 0: any; `mss`: what SYNs may announce at most, 0: anything; `too_big`: who
        sends what does not fit is told; `limit`: stations learned at each tunnel, 0: the bridge's own.
        """
        checked(settings, self.overlay(number))
        self.apply(number, settings)

    cdef int apply(self, uint32_t number, dict settings) except -1:
        cdef Overlay* overlay = &self.end.tunnels.overlays[number]
        cdef Address group = Address(0, 0)
        cdef uint16_t each
        cdef Tunnel* tunnel
        cdef int ttl = settings.get("ttl", 64)
        cdef int dscp = settings.get("dscp", 0)
        checksum = settings.get("checksum")
        if settings.get("group"):
            address_read(settings["group"], &group)
        if not same(&group, &overlay.group):
            if group.high or group.low:
                membership_join(&self.end.groups, &group, self.head.core.now)
            if overlay.group.high or overlay.group.low:
                membership_leave(&self.end.groups, &overlay.group, self.head.core.now)
            overlay.group = group
            self.end.tunnels.tunnels[overlay.floods].peer = group
        overlay.ttl = <uint8_t>(64 if ttl < 0 else ttl)
        overlay.service = <uint8_t>(0 if dscp < 0 else dscp << 2)
        overlay.flags = (INHERIT_TTL if ttl < 0 else 0) | (INHERIT_DSCP if dscp < 0 else 0)
        if checksum if checksum is not None else not is_mapped(&overlay.local):
            overlay.flags |= WITH_CHECKSUM
        overlay.keep_vlan = settings.get("inner_vlan", "strip") == "keep"
        overlay.learn = settings.get("learn", True)
        overlay.unknown = settings.get("unknown", True)
        overlay.permitted_only = settings.get("permitted_only", False)
        overlay.too_big = settings.get("too_big", True)
        overlay.mss = settings.get("mss", 0)
        rate = settings.get("flood_rate", 10000)
        bucket_set(&overlay.rate, rate or UNLIMITED, max(rate // 10, 1))
        self.limits[number] = settings.get("limit", 0)
        for each in range(1, self.end.tunnels.used):
            tunnel = &self.end.tunnels.tunnels[each]
            if tunnel.kind == FREE or tunnel.overlay != number:
                continue
            if tunnel.kind == HEARD and (overlay.permitted_only or not overlay.learn):
                tunnels_release(&self.end.tunnels, each)
                tunnel.kind = SPARE
                self.bridges[number].flush(tunnel.member)
            tunnel_prepare(&self.end.tunnels, tunnel)
            tunnel.direct = overlay.mss == 0 and (tunnel.kind == PEER or tunnel.kind == HEARD)
            self.bridges[number].set_member(tunnel.member, limit=self.limits[number], flood=tunnel.kind == FLOODS,
                                            learn=tunnel.kind != FLOODS and overlay.learn, tunnel=True)
        self.head.core.rewired = True
        self.arm()
        return 0

    def remove_overlay(self, number: int) -> None:
        """It goes with its peers and stations; the bridge forgets what was behind them."""
        cdef Overlay* overlay = self.overlay(number)
        cdef uint16_t each
        for each in range(1, self.end.tunnels.used):
            if self.end.tunnels.tunnels[each].kind != FREE and self.end.tunnels.tunnels[each].overlay == number:
                self.leave(each)
        endpoints_forget(&self.end.endpoints, number, 0)
        claims_forget(&self.end.claims, number)
        self.placed = {key: value for key, value in self.placed.items() if key[0] != number}
        if overlay.group.high or overlay.group.low:
            membership_leave(&self.end.groups, &overlay.group, self.head.core.now)
        table_erase(&self.end.tunnels.by_vni, <uint64_t>1 << 32 | overlay.vni)
        free(overlay.flooded)
        free(overlay.spares)
        memset(overlay, 0, sizeof(Overlay))
        self.bridges[number] = self.names[number] = None
        self.head.core.rewired = True
        self.arm()

    # -- tunnels --------------------------------------------------------------------------------------------------------

    cdef uint16_t join(self, uint32_t number, uint8_t kind) except 0:
        """A tunnel of the overlay, and the bridge's member for it."""
        cdef Overlay* overlay = &self.end.tunnels.overlays[number]
        cdef uint16_t each = tunnels_take(&self.end.tunnels)
        cdef Tunnel* tunnel = &self.end.tunnels.tunnels[each]
        bridge = self.bridges[number]
        tunnel.edge = self.head.core.void_edge
        tunnel.overlay = <uint16_t>number
        tunnel.member = bridge.add_member(self, target_input=each, limit=self.limits[number], flood=kind == FLOODS,
                                          learn=kind != FLOODS and overlay.learn, tunnel=True)
        tunnel.kind = kind
        self.connect(&tunnel.edge, bridge, tunnel.member)
        if kind == SPARE:
            numbers_add(&overlay.spares, &overlay.n_spares, each)
        tunnel_prepare(&self.end.tunnels, tunnel)
        tunnel.direct = overlay.mss == 0 and kind != FLOODS
        return each

    cdef int leave(self, uint16_t number) except -1:
        cdef Tunnel* tunnel = &self.end.tunnels.tunnels[number]
        cdef Overlay* overlay = &self.end.tunnels.overlays[tunnel.overlay]
        tunnels_release(&self.end.tunnels, number)
        numbers_remove(overlay.flooded, &overlay.n_flooded, number)
        numbers_remove(overlay.spares, &overlay.n_spares, number)
        self.bridges[tunnel.overlay].remove_member(tunnel.member)
        memset(tunnel, 0, sizeof(Tunnel))
        tunnel.edge = self.head.core.void_edge
        return 0

    cdef int peer_address(self, uint32_t number, object text, Address* address) except -1:
        address_read(text, address)
        if is_mapped(address) != is_mapped(&self.end.tunnels.overlays[number].local):
            raise ValueError(f"{text}: of another family than the overlay's own address")
        if kind_of(address) != ORDINARY and kind_of(address) != LINK_LOCAL:
            raise ValueError(f"{text}: no VTEP has this address")
        if is_ours(&self.end.gateway.interfaces[0], address):
            raise ValueError(f"{text}: an address of {self.name} itself")
        return 0

    cdef uint16_t tunnel_to(self, uint32_t number, object text) except 0:
        """The tunnel to a peer that is given: one that was only heard of becomes such a one."""
        cdef Overlay* overlay = &self.end.tunnels.overlays[number]
        cdef Address address
        cdef uint16_t each
        self.peer_address(number, text, &address)
        each = tunnels_find(&self.end.tunnels, overlay.vni, &address)
        if each == NO_TUNNEL:
            each = self.join(number, PEER)
            if not tunnels_assign(&self.end.tunnels, each, overlay.vni, &address):
                self.leave(each)
                raise OverflowError("the table of tunnels is full")
        elif self.end.tunnels.tunnels[each].kind == HEARD:
            # Its place among the spare ones is for the next that is heard of.
            numbers_remove(overlay.spares, &overlay.n_spares, each)
            self.end.tunnels.tunnels[each].kind = PEER
            if free_numbers(&self.end.tunnels):
                self.join(number, SPARE)
        return each

    def add_peer(self, overlay: int, str address not None, *, bint flood=True) -> None:
        """A remote VTEP of the overlay; `flood`: it gets what is flooded. Errors: ValueError, OverflowError."""
        cdef Overlay* to = self.overlay(overlay)
        cdef uint16_t each = self.tunnel_to(overlay, address)
        cdef Tunnel* tunnel = &self.end.tunnels.tunnels[each]
        tunnel.given = True
        if flood != tunnel.flood:
            if flood:
                numbers_add(&to.flooded, &to.n_flooded, each)
            else:
                numbers_remove(to.flooded, &to.n_flooded, each)
            tunnel.flood = flood
        self.head.core.rewired = True

    def remove_peer(self, overlay: int, str address not None) -> None:
        """It gets and may send nothing from now on, unless stations are programmed there. Errors: ValueError if it is not known."""
        cdef Overlay* to = self.overlay(overlay)
        cdef Address key
        cdef uint16_t each
        address_read(address, &key)
        each = tunnels_find(&self.end.tunnels, to.vni, &key)
        if each == NO_TUNNEL or not self.end.tunnels.tunnels[each].given:
            raise ValueError(f"overlay {overlay} has no peer {address}")
        self.end.tunnels.tunnels[each].given = self.end.tunnels.tunnels[each].flood = False
        numbers_remove(to.flooded, &to.n_flooded, each)
        if not self.end.tunnels.tunnels[each].stations:
            self.leave(each)
        self.head.core.rewired = True

    # -- stations -------------------------------------------------------------------------------------------------------

    def add_station(self, overlay: int, uint64_t mac, str peer not None, addresses=()) -> None:
        """The station is at the peer, whatever traffic says; `addresses`: its own, for which questions are answered where `unknown` is off."""
        cdef uint16_t each
        cdef Address address
        self.overlay(overlay)
        if mac == 0 or mac & GROUP or mac >> 48:
            raise ValueError("an individual MAC address, as a number")
        addresses = tuple(addresses)
        for text in addresses:
            address_read(text, &address)
        if (overlay, mac) in self.placed:
            self.remove_station(overlay, mac)
        each = self.tunnel_to(overlay, peer)
        self.bridges[overlay].add_static(mac, self.end.tunnels.tunnels[each].member)
        self.end.tunnels.tunnels[each].stations += 1
        self.placed[overlay, mac] = (each, addresses)
        for text in addresses:
            address_read(text, &address)
            endpoint_put(&self.end.endpoints, overlay, &address, mac)

    def remove_station(self, overlay: int, uint64_t mac) -> None:
        """Forget what `add_station` said. Errors: ValueError if it did not."""
        cdef Tunnel* tunnel
        cdef uint16_t each
        self.overlay(overlay)
        if (overlay, mac) not in self.placed:
            raise ValueError(f"overlay {overlay} has no such station")
        each = self.placed.pop((overlay, mac))[0]
        tunnel = &self.end.tunnels.tunnels[each]
        self.bridges[overlay].forget(mac)
        endpoints_forget(&self.end.endpoints, overlay, mac)
        tunnel.stations -= 1
        if not tunnel.stations and not tunnel.given:
            self.leave(each)

    # -- for people -----------------------------------------------------------------------------------------------------

    def overlays(self):
        """A NumPy array of OVERLAYS_DTYPE."""
        return overlay_rows(&self.end, self.names)

    def tunnels(self, int64_t now):
        """A NumPy array of TUNNELS_DTYPE: one row for each peer that was given or is heard of, and for each overlay's floods."""
        return tunnel_rows(&self.end, now)

    def stations(self):
        """Programmed ones: a NumPy array of STATIONS_DTYPE; the bridge has those that were learned."""
        return station_rows(&self.end, self.placed)

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


cdef uint32_t free_numbers(const Tunnels* tunnels) noexcept:
    cdef uint32_t number
    cdef uint32_t n = tunnels.capacity - tunnels.used
    for number in range(1, tunnels.used):
        n += tunnels.tunnels[number].kind == FREE
    return n


cdef int assign(RouteBook book, Interface* interface, object addresses) except -1:
    """Give the underlay's interface these addresses, "10.0.0.1/16"."""
    cdef Address address
    cdef uint32_t length = 0
    addresses = list(addresses)
    if not 1 <= len(addresses) <= NETWORKS_MAX:
        raise ValueError(f"a VTEP has 1 to {NETWORKS_MAX} addresses")
    for text in addresses:
        prefix_read(text, &address, &length)
        if kind_of(&address) != ORDINARY and kind_of(&address) != LINK_LOCAL:
            raise ValueError(f"{text}: no address that a VTEP can have")
        if not is_mapped(&address):
            interface.link_local = link_local(interface.mac)
            if kind_of(&address) == LINK_LOCAL:
                interface.link_local = address
                continue
        interface.networks[interface.n_networks].address = address
        interface.networks[interface.n_networks].length = length
        interface.n_networks += 1
    book.derive(interface, 0, True)
    return 0


cdef int checked(dict settings, const Overlay* overlay) except -1:
    """Errors: TypeError for a setting that is none, ValueError for a value that makes no sense. Nothing is changed."""
    cdef Address group
    for key in settings:
        if key not in SETTINGS:
            raise TypeError(f"an overlay has no setting {key!r}")
    if not -1 <= settings.get("ttl", 64) <= 255 or settings.get("ttl", 64) == 0:
        raise ValueError("ttl: 1 to 255, or -1 to inherit the inner packet's")
    if not -1 <= settings.get("dscp", 0) <= 63:
        raise ValueError("dscp: 0 to 63, or -1 to inherit the inner packet's")
    if settings.get("inner_vlan", "strip") not in ("strip", "keep"):
        raise ValueError('inner_vlan: "strip" or "keep"')
    if settings.get("mss", 0) and not 64 <= settings["mss"] <= 65535:
        raise ValueError("mss: 64 to 65535 octets, or 0")
    if not 0 <= settings.get("flood_rate", 1) <= 10**9:
        raise ValueError("flood_rate: 1 to 10^9 frames a second, or 0 for any")
    if not 0 <= settings.get("limit", 0) <= 1 << 28:
        raise ValueError("limit: 1 to 2^28 stations, or 0 for the bridge's own")
    if settings.get("group"):
        address_read(settings["group"], &group)
        if kind_of(&group) != MULTICAST or is_mapped(&group) != is_mapped(&overlay.local):
            raise ValueError(f"{settings['group']}: not a multicast group of the family of the overlay's own address")
    return 0


SETTINGS = frozenset((
    "ttl", "dscp", "checksum", "inner_vlan", "learn", "unknown", "permitted_only", "group", "flood_rate", "mss", "too_big", "limit",
))
