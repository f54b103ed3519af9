"""Interfaces, routes and neighbors from Python; between turns only."""

cimport cython

from libc.stdint cimport int64_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport free, realloc
from libc.string cimport memset

from fastpath.address cimport LINK_LOCAL, ORDINARY, address_read, kind_of, link_local, prefix_read
from fastpath.counters cimport FRAGMENT_LIMIT
from fastpath.egress cimport complain
from fastpath.ethernet cimport GROUP, mac_word
from fastpath.flows cimport Flows, flows_expire
from fastpath.forward cimport forward_burst, forward_resume, forward_tracked, forward_unreachable
from fastpath.frame cimport Frame
from fastpath.gateway cimport INTERFACES_MAX, NETWORKS_MAX, SOURCES, WAYS, Gateway, Interface, Source, Way
from fastpath.graph cimport NEVER, Graph, Head, Node, set_due
from fastpath.icmp cimport ICMP_BURST, REASSEMBLY_TIME, icmp_init
from fastpath.ip cimport FINE, Address, Packet, ip_read, is_mapped
from fastpath.lifetimes cimport next_expiry
from fastpath.neighbor cimport (
    NOBODY, PERMANENT, neighbor_add, neighbor_become, neighbor_find, neighbor_remove, neighbors_due, neighbors_forget, neighbors_free,
    neighbors_init,
)
from fastpath.pages cimport pages, unpages
from fastpath.reassembly cimport (
    Expired, reassembly_due, reassembly_expire, reassembly_forget, reassembly_free, reassembly_init,
)
from fastpath.resolve cimport resolve_expire
from fastpath.routebook cimport RouteBook
from fastpath.routerrows cimport gateway_counters, neighbor_rows, route_rows
from fastpath.routes cimport routes_free, routes_init
from fastpath.routingtable cimport RoutingTable, RoutingTables
from fastpath.rules cimport Rules

cdef enum:
    DATAGRAMS = 256               # being put together at the same time
    DATAGRAM_OCTETS = 1 << 20


@cython.final
cdef class Router(Node):
    """A router on a graph; with `flows` it tracks and translates as `rules` say.

    `neighbors` and `routes` bound its tables; `icmp_rate`: errors a second and interface; `mss`: what SYNs may announce at most,
    0: anything.
    """

    def __init__(self, Graph graph not None, str name not None, *, Flows flows=None, Rules rules=None, uint32_t neighbors=4096,
                 uint32_t routes=131072, uint32_t icmp_rate=100, uint32_t mss=0):
        cdef Gateway* gateway = &self.gateway
        cdef uint64_t seed = graph.core.seed ^ <uint64_t>(len(graph.nodes) + 1)
        if rules is not None and rules.flows is not flows:
            raise ValueError("rules belong to the flows that they were made with")
        if mss and not 64 <= mss <= 65535:
            raise ValueError("mss: 64 to 65535 octets, or 0")
        gateway.head = &self.head
        gateway.flows = NULL if flows is None else &flows.table
        gateway.rules = NULL if rules is None else &rules.table
        gateway.flows_due = NEVER
        gateway.mss = mss
        self.flows = flows
        self.rules = rules
        gateway.resume = forward_resume
        gateway.unreachable = forward_unreachable
        routes_init(&gateway.routes, routes, seed)
        neighbors_init(&gateway.neighbors, &self.head, neighbors, seed + 1)
        reassembly_init(&gateway.reassembly, DATAGRAMS, DATAGRAM_OCTETS, seed + 2)
        gateway.secret = gateway.routes.table.secret1 ^ gateway.neighbors.table.secret0
        gateway.identification = <uint32_t>gateway.secret
        gateway.ways = <Way*>pages(WAYS * sizeof(Way), False)
        gateway.sources = <Source*>pages(SOURCES * sizeof(Source), False)
        if gateway.ways == NULL or gateway.sources == NULL:
            raise MemoryError("router: ways")
        self.icmp_rate = icmp_rate
        self.names = []
        self.book = RouteBook()
        self.book.routes = &gateway.routes
        self.tables = RoutingTables()
        self.tables.gateway = gateway
        self.tables.main = self.book
        self.tables.limit, self.tables.seed = routes, seed
        super().__init__(graph, name)

    def __dealloc__(self):
        routes_free(&self.gateway.routes)
        neighbors_free(&self.gateway.neighbors)
        reassembly_free(&self.gateway.reassembly)
        unpages(self.gateway.ways, WAYS * sizeof(Way), False)
        unpages(self.gateway.sources, SOURCES * sizeof(Source), False)
        free(self.gateway.interfaces)

    # -- the graph ------------------------------------------------------------------------------------------------------

    cdef void process(self, Frame** burst, uint32_t n) noexcept nogil:
        if self.gateway.flows == NULL:
            forward_burst(&self.gateway, burst, n)
        else:
            forward_tracked(&self.gateway, burst, n)
            if self.gateway.opened:
                self.gateway.opened = False
                self.gateway.flows_due = next_expiry(self.gateway.flows, self.head.core.now)
        self.arm()

    cdef void arm(self) noexcept nogil:
        cdef int64_t due = min(neighbors_due(&self.gateway.neighbors), reassembly_due(&self.gateway.reassembly))
        due = min(due, self.gateway.flows_due)
        if due != self.head.due:
            set_due(&self.head, due)

    cdef void expire(self, int64_t now) noexcept nogil:
        cdef Expired expired
        cdef Packet packet
        resolve_expire(&self.gateway, now)
        if self.gateway.flows_due <= now:
            self.expire_flows(now)
        while reassembly_expire(&self.gateway.reassembly, &self.head, now, &expired):
            if expired.frame != NULL and ip_read(&packet, expired.frame) == FINE:
                packet.interface = expired.interface
                complain(&self.gateway, &packet, REASSEMBLY_TIME, 0)
        self.arm()

    cdef void expire_flows(self, int64_t now) noexcept nogil:
        """Once a turn, however much time the turn makes up for: what is looked at in a turn is bounded."""
        cdef Gateway* gateway = &self.gateway
        if gateway.expired_turn == self.head.core.turns + 1:
            # Twice as long each time, or a turn after a long pause would never end.
            gateway.flows_due = now + max(now - gateway.expired_at, <int64_t>1_000_000)
            return
        gateway.expired_turn = self.head.core.turns + 1
        gateway.expired_at = now
        gateway.flows_due = flows_expire(gateway.flows, now)

    cdef int expect(self, uint16_t number) except -1:
        """There is a place of that number from now on: whoever leads here may do so before or after `add_interface`, which fills it."""
        cdef Interface* interfaces
        cdef uint32_t n = self.gateway.n_interfaces
        if number < n:
            return 0
        if number >= INTERFACES_MAX:
            raise ValueError(f"a router has at most {INTERFACES_MAX} interfaces")
        interfaces = <Interface*>realloc(self.gateway.interfaces, (number + 1) * sizeof(Interface))
        if interfaces == NULL:
            raise MemoryError("router: interfaces")
        self.gateway.interfaces = interfaces
        memset(&interfaces[n], 0, (number + 1 - n) * sizeof(Interface))
        while n <= number:
            interfaces[n].edge = self.head.core.void_edge
            interfaces[n].ways = self.gateway.ways
            self.names.append(None)
            n += 1
        self.gateway.n_interfaces = n
        return 0

    cdef void disconnect(self, const Head* target) noexcept:
        cdef uint32_t number
        for number in range(self.gateway.n_interfaces):
            if self.gateway.interfaces[number].edge.head == target:
                self.gateway.interfaces[number].edge = self.head.core.void_edge
        self.gateway.interface_generation += 1

    # -- interfaces -----------------------------------------------------------------------------------------------------

    cdef Interface* interface(self, object number) except NULL:
        if not 0 <= number < self.gateway.n_interfaces or not self.gateway.interfaces[<uint32_t>number].used:
            raise ValueError(f"{self.name} has no interface {number}")
        return &self.gateway.interfaces[<uint32_t>number]

    def add_interface(self, str name not None, *, uint64_t mac, uint32_t mtu=1500, addresses=(), bint reverse_path=True, bint arp=True,
                      bint proxy_arp=False, uint32_t table=0) -> int:
        """A new interface; its number is the input that its frames must come by. It leads nowhere until `lead`.

        `table`: the number of the routing table (add_route) that what comes by it is routed by; 0: the main one.
        """
        cdef uint32_t number = self.names.index(None) if None in self.names else len(self.names)
        cdef Interface* interface
        if mac == 0 or mac & GROUP or mac >> 48:
            raise ValueError("an individual MAC address, as a number")
        if not 68 <= mtu <= 65535:
            raise ValueError("mtu: 68 to 65535 octets")
        self.expect(<uint16_t>min(number, <uint32_t>INTERFACES_MAX))
        self.tables.book_of(table)
        interface = &self.gateway.interfaces[number]
        memset(interface, 0, sizeof(Interface))
        interface.ways = self.gateway.ways
        interface.edge = self.head.core.void_edge
        interface.mac = mac
        interface.mac_word = mac_word(mac)
        interface.mtu = mtu
        interface.reverse_path = reverse_path
        interface.arp = arp
        interface.proxy_arp = proxy_arp
        icmp_init(&interface.icmp, self.icmp_rate, ICMP_BURST, <uint16_t>(self.gateway.secret >> (number & 31)))
        self.assign(interface, <uint16_t>number, addresses)
        interface.used = True
        self.tables.join(<uint16_t>number, table)
        self.names[number] = name
        self.gateway.interface_generation += 1
        return number

    def lead(self, number: int, Node target, uint16_t target_input=0) -> None:
        """Where frames that leave by the interface go: an input of a node, or None for nowhere."""
        self.connect(&self.interface(number).edge, target, target_input)
        self.gateway.interface_generation += 1

    def set_interface(self, number: int, *, mtu: int | None = None, addresses=None, reverse_path: bool | None = None,
                      table: int | None = None) -> None:
        """Other settings from the next frame on; neighbors stay."""
        cdef Interface* interface = self.interface(number)
        if mtu is not None and not 68 <= mtu <= 65535:
            raise ValueError("mtu: 68 to 65535 octets")
        if addresses is not None:
            self.assign(interface, number, addresses)
        if mtu is not None:
            interface.mtu = mtu
        if reverse_path is not None:
            interface.reverse_path = reverse_path
        if table is not None:
            self.tables.join(number, table)
            self.tables.tidy()
        self.gateway.interface_generation += 1

    def remove_interface(self, number: int) -> None:
        """It goes with its addresses, neighbors and routes; packets that wait for its neighbors are dropped."""
        cdef Interface* interface = self.interface(number)
        self.book.derive(interface, number, False)
        self.book.forget(number)
        neighbors_forget(&self.gateway.neighbors, number, True)
        reassembly_forget(&self.gateway.reassembly, &self.head, number, FRAGMENT_LIMIT)
        memset(interface, 0, sizeof(Interface))
        interface.edge = self.head.core.void_edge
        interface.ways = self.gateway.ways
        self.names[number] = None
        self.tables.tidy()
        self.gateway.interface_generation += 1
        self.arm()

    cdef int assign(self, Interface* interface, uint16_t number, object addresses) except -1:
        """Give the interface these addresses, "10.0.0.1/16": all or, if one is wrong, none."""
        cdef Address address
        cdef uint32_t length = 0
        cdef bint ipv6 = False
        addresses = list(addresses)
        if len(addresses) > NETWORKS_MAX:
            raise ValueError(f"an interface has at most {NETWORKS_MAX} addresses")
        for text in addresses:
            prefix_read(text, &address, &length)
            if kind_of(&address) != ORDINARY and kind_of(&address) != LINK_LOCAL:
                raise ValueError(f"{text}: no address that an interface can have")
        self.book.derive(interface, number, False)
        interface.n_networks = 0
        for text in addresses:
            prefix_read(text, &address, &length)
            if not is_mapped(&address):
                ipv6 = True
                if kind_of(&address) == LINK_LOCAL:
                    continue
            interface.networks[interface.n_networks].address = address
            interface.networks[interface.n_networks].length = length
            interface.n_networks += 1
        interface.link_local = link_local(interface.mac) if ipv6 else Address(0, 0)
        self.book.derive(interface, number, True)
        return 0

    # -- routes ---------------------------------------------------------------------------------------------------------

    def add_route(self, str prefix not None, *, int interface, str gateway=None, uint32_t table=0) -> None:
        """Packets to the prefix leave by the interface, to the gateway or, without one, to the target itself. Replaces one that is there.

        `table`: only packets that come by its interfaces see the route. Errors: ValueError; OverflowError if the table is full.
        """
        self.interface(interface)
        try:
            self.tables.book_of(table).add(prefix, <uint16_t>interface, gateway)
        finally:
            self.tables.tidy()
        self.gateway.interface_generation += 1

    def remove_route(self, str prefix not None, *, uint32_t table=0) -> bool:
        """Take out what `add_route` put in; False if it did not."""
        if table not in self.tables:
            return False
        removed = self.tables.book_of(table).remove(prefix)
        self.tables.tidy()
        self.gateway.interface_generation += 1
        return removed

    def routes(self, *, uint32_t table=0):
        """The table as it is, longest prefixes first: a NumPy array of ROUTES_DTYPE."""
        cdef RoutingTable one
        if table == 0:
            return route_rows(&self.gateway.routes)
        if table not in self.tables:
            raise ValueError(f"{self.name} has no table {table}")
        one = self.tables.by_number[table]
        return route_rows(&one.routes)

    def routing_tables(self) -> tuple[int, ...]:
        """The numbers of the tables that there are, the main one's first."""
        return tuple(self.tables)

    # -- neighbors ------------------------------------------------------------------------------------------------------

    def add_neighbor(self, number: int, str address not None, uint64_t mac) -> None:
        """The next hop has this MAC address, whatever anybody says. Errors: OverflowError if the table is full of such ones."""
        cdef Address key
        cdef uint32_t found
        self.interface(number)
        address_read(address, &key)
        if mac == 0 or mac & GROUP or mac >> 48:
            raise ValueError("an individual MAC address, as a number")
        found = neighbor_find(&self.gateway.neighbors, number, &key)
        if found != NOBODY:
            neighbor_remove(&self.gateway.neighbors, found)
        found = neighbor_add(&self.gateway.neighbors, number, &key)
        if found == NOBODY:
            raise OverflowError(f"the table is full: {self.gateway.neighbors.capacity} neighbors")
        self.gateway.neighbors.neighbors[found].mac = mac
        neighbor_become(&self.gateway.neighbors, found, PERMANENT, self.head.core.now)

    def remove_neighbor(self, number: int, str address not None) -> bool:
        """Forget a neighbor, permanent or not; packets that wait for it are dropped. False if it is not known."""
        cdef Address key
        cdef uint32_t found
        self.interface(number)
        address_read(address, &key)
        found = neighbor_find(&self.gateway.neighbors, number, &key)
        if found == NOBODY:
            return False
        neighbor_remove(&self.gateway.neighbors, found)
        self.arm()
        return True

    def neighbors(self, int64_t now):
        """Who is known: a NumPy array of NEIGHBORS_DTYPE; `due_ns`: until it is asked again or becomes stale, 0 if never."""
        return neighbor_rows(&self.gateway.neighbors, now)

    # -- for people -----------------------------------------------------------------------------------------------------

    def named_counters(self) -> dict:
        """This router's own counters."""
        return gateway_counters(&self.gateway)
