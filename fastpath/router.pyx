"""Interfaces, routes and neighbors from Python; between turns only."""

cimport cython

from libc.stdint cimport int64_t, uint16_t, uint32_t, uint64_t

from fastpath.flows cimport Flows
from fastpath.forward cimport forward_burst, forward_resume, forward_tracked, forward_unreachable
from fastpath.frame cimport Frame
from fastpath.gateway cimport (
    CLAMP, INTERFACES_MAX, Interface, gateway_arm, gateway_disconnect, gateway_expect, gateway_expire, gateway_free, gateway_init,
)
from fastpath.graph cimport Graph, Head, Node
from fastpath.interfaces cimport (
    interface_assign, interface_close, interface_mtu, interface_open, interfaces_limit, neighbor_fix, neighbor_forget,
)
from fastpath.lifetimes cimport next_expiry
from fastpath.routebook cimport RouteBook
from fastpath.routerrows cimport gateway_counters, neighbor_rows, route_rows
from fastpath.routingtable cimport RoutingTable, RoutingTables
from fastpath.rules cimport Rules


@cython.final
cdef class Router(Node):
    """A router on a graph; with `flows` it tracks and translates as `rules` say.

    `neighbors` and `routes` bound its tables; `icmp_rate`: errors a second and interface; `mss`: what SYNs may announce at most,
    "clamp": what both links take, 0: anything.
    """

    def __init__(self, Graph graph not None, str name not None, *, Flows flows=None, Rules rules=None, uint32_t neighbors=4096,
                 uint32_t routes=131072, uint32_t icmp_rate=100, mss=0):
        if rules is not None and rules.flows is not flows:
            raise ValueError("rules belong to the flows that they were made with")
        self.flows = flows
        self.rules = rules
        self.names = []
        self.book = RouteBook()
        self.book.routes = &self.gateway.routes
        self.tables = RoutingTables()
        self.tables.gateway = &self.gateway
        self.tables.main = self.book
        self.tables.limit = routes
        gateway_init(&self.gateway, &self.head, graph.core.seed ^ <uint64_t>(len(graph.nodes) + 1), neighbors, routes, forward_resume,
                     forward_unreachable)
        self.gateway.flows = NULL if flows is None else &flows.table
        self.gateway.rules = NULL if rules is None else &rules.table
        self.set_router(icmp_rate=icmp_rate, mss=mss)
        super().__init__(graph, name)

    def __dealloc__(self):
        gateway_free(&self.gateway)

    # -- the graph ------------------------------------------------------------------------------------------------------

    cdef void process(self, Frame** burst, uint32_t n) noexcept nogil:
        if self.gateway.flows == NULL:
            forward_burst(&self.gateway, burst, n)
        else:
            forward_tracked(&self.gateway, burst, n)
            if self.gateway.opened:
                self.gateway.opened = False
                self.gateway.flows_due = next_expiry(self.gateway.flows, self.head.core.now)
        gateway_arm(&self.gateway)

    cdef void expire(self, int64_t now) noexcept nogil:
        gateway_expire(&self.gateway, now)

    cdef int expect(self, uint16_t number) except -1:
        """There is a place of that number from now on: whoever leads here may do so before or after `add_interface`, which fills it."""
        gateway_expect(&self.gateway, number)
        while len(self.names) < self.gateway.n_interfaces:
            self.names.append(None)
        return 0

    cdef void disconnect(self, const Head* target) noexcept:
        gateway_disconnect(&self.gateway, target)

    @property
    def icmp_rate(self) -> int:
        """ICMP errors a second that an interface sends at most."""
        return self.gateway.icmp_rate

    @property
    def mss(self) -> int | str:
        """What SYNs may announce at most, or "clamp": what both links take; 0: anything."""
        return "clamp" if self.gateway.mss == CLAMP else self.gateway.mss

    def set_router(self, *, icmp_rate=None, mss=None) -> None:
        """Other settings from the next frame on; flows and neighbors stay. Errors: ValueError."""
        if mss is not None and mss != "clamp" and mss and not 64 <= mss <= 65535:
            raise ValueError("mss: 64 to 65535 octets, \"clamp\", or 0")
        if icmp_rate is not None and not 0 <= icmp_rate <= 1_000_000:
            raise ValueError("icmp_rate: 0 to 1000000 errors a second")
        if mss is not None:
            self.gateway.mss = CLAMP if mss == "clamp" else <uint32_t>mss
        if icmp_rate is not None:
            interfaces_limit(&self.gateway, icmp_rate)

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
        self.expect(<uint16_t>min(number, <uint32_t>INTERFACES_MAX))
        self.tables.book_of(table)
        interface_open(&self.gateway, self.book, <uint16_t>number, mac, mtu, addresses)
        interface = &self.gateway.interfaces[number]
        interface.reverse_path = reverse_path
        interface.arp = arp
        interface.proxy_arp = proxy_arp
        self.tables.join(<uint16_t>number, table)
        self.names[number] = name
        return number

    def lead(self, number: int, Node target, uint16_t target_input=0) -> None:
        """Where frames that leave by the interface go: an input of a node, or None for nowhere."""
        self.connect(&self.interface(number).edge, target, target_input)
        self.gateway.interface_generation += 1

    def set_interface(self, number: int, *, mtu: int | None = None, addresses=None, reverse_path: bool | None = None,
                      table: int | None = None) -> None:
        """Other settings from the next frame on; neighbors stay."""
        cdef Interface* interface = self.interface(number)
        if mtu is not None:
            interface_mtu(&self.gateway, number, mtu)
        if addresses is not None:
            interface_assign(&self.gateway, self.book, number, addresses)
        if reverse_path is not None:
            interface.reverse_path = reverse_path
        if table is not None:
            self.tables.join(number, table)
            self.tables.tidy()
        self.gateway.interface_generation += 1

    def remove_interface(self, number: int) -> None:
        """It goes with its addresses, neighbors and routes; packets that wait for its neighbors are dropped."""
        self.interface(number)
        interface_close(&self.gateway, self.book, number)
        self.names[number] = None
        self.tables.tidy()
        self.gateway.interface_generation += 1

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
        self.interface(number)
        neighbor_fix(&self.gateway, number, address, mac)

    def remove_neighbor(self, number: int, str address not None) -> bool:
        """Forget a neighbor, permanent or not; packets that wait for it are dropped. False if it is not known."""
        self.interface(number)
        return neighbor_forget(&self.gateway, number, address)

    def neighbors(self, int64_t now):
        """Who is known: a NumPy array of NEIGHBORS_DTYPE; `due_ns`: until it is asked again or becomes stale, 0 if never."""
        return neighbor_rows(&self.gateway.neighbors, now)

    # -- for people -----------------------------------------------------------------------------------------------------

    def named_counters(self) -> dict:
        """This router's own counters."""
        return gateway_counters(&self.gateway)
