"""Where a packet without a flow really goes, and the rules' Python face. See rules.pxd for the model."""

from libc.stdint cimport int64_t, uint16_t, uint32_t
from libc.string cimport memset

from fastpath.address cimport address_read
from fastpath.counters cimport FILTERED
from fastpath.flowtable cimport NOBODY, flow_tick
from fastpath.ip cimport PORTS, PROTOCOL_SCTP, Address, is_mapped
from fastpath.layout cimport PROTOCOL_TCP, PROTOCOL_UDP
from fastpath.mapping cimport mapping_open_to
from fastpath.opening cimport OPEN_MAPPING
from fastpath.publish cimport (
    ALL_CLIENTS, NOT_PUBLISHED_HERE, TRUSTED_CLIENTS, UPLINK_CLIENTS, Clients, Publication, any_address, publications_add,
    publications_find, publications_remove,
)
from fastpath.rulerows cimport rule_rows
from fastpath.rulerows import RULES_DTYPE as ROWS
from fastpath.ruletable cimport (
    Interface, Mode, RULE_HOST, RULE_MAPPING, RULE_PUBLISHED, RULE_SHIFT, RULE_STATIC, Realm, Static, is_local, is_trusted, is_uplink,
    rules_add_static, rules_exclude, rules_interface, rules_make, rules_realm, rules_remove_static, rules_set_locals, rules_trust,
    rules_unmake, static_of,
)
from fastpath.wire cimport wire_swap16


# -- where it really goes -----------------------------------------------------------------------------------------------

cdef inline bint meant_for(const RuleTable* rules, const Packet* packet, Clients clients) noexcept nogil:
    return (clients == ALL_CLIENTS or (clients == UPLINK_CLIENTS and is_uplink(rules, packet.interface))
            or (clients == TRUSTED_CLIENTS and is_trusted(rules, packet)))


cdef bint lead_published(RuleTable* rules, const Packet* packet, uint16_t realm, const Address* address, Opening* opening) noexcept nogil:
    cdef uint16_t port = wire_swap16(packet.target_port)
    cdef uint32_t number = publications_find(&rules.published, realm, packet.protocol, address, port)
    cdef const Publication* entry
    if number == NOT_PUBLISHED_HERE:
        return False
    entry = &rules.published.entries[number]
    if is_mapped(&entry.target) != is_mapped(&packet.target) or not meant_for(rules, packet, entry.clients):
        return False
    opening.target = entry.target
    opening.target_port = wire_swap16(<uint16_t>(entry.target_port + port - entry.first))
    opening.pool = entry.pool
    opening.rule = RULE_PUBLISHED << RULE_SHIFT | number
    return True


cdef bint lead_mapped(RuleTable* rules, const Packet* packet, Opening* opening, int64_t now, bint* exists) noexcept nogil:
    """To the inside endpoint of a mapping whose filtering lets the packet in (RFC 4787, 5)."""
    cdef uint32_t flow = mapping_open_to(rules.flows, &packet.target, packet.target_port, packet.protocol, &packet.source,
                                         flow_tick(now), exists)
    if flow == NOBODY:
        return False
    opening.target = rules.flows.flows[flow].source
    opening.target_port = rules.flows.flows[flow].source_port
    opening.flags = OPEN_MAPPING
    opening.rule = RULE_MAPPING << RULE_SHIFT
    return True


cdef inline uint16_t realm_of(const RuleTable* rules, uint32_t number) noexcept nogil:
    return rules.interfaces[number].realm if number < rules.n_interfaces else 0


cdef Target rules_target(RuleTable* rules, const Packet* packet, uint32_t owner, Opening* opening, int64_t now) noexcept nogil:
    cdef Static* static
    cdef Address any
    cdef bint exists = False
    cdef bint ours = owner != NOT_OURS
    cdef uint16_t realm = realm_of(rules, owner if ours else <uint32_t>packet.interface)
    cdef uint32_t family = 0 if packet.version == 4 else 1
    memset(opening, 0, sizeof(Opening))
    opening.target = packet.target
    opening.target_port = packet.target_port
    if packet.kind == PORTS and lead_published(rules, packet, realm, &packet.target, opening):
        return TARGET_LED
    static = static_of(rules, &packet.target, False)
    if static != NULL:
        opening.target = static.inside
        opening.rule = <uint32_t>(RULE_STATIC << RULE_SHIFT | (static - rules.statics))
        return TARGET_LED
    if packet.kind != PORTS:
        return TARGET_OWN
    if ours or is_local(rules, &packet.target, realm):
        any = any_address(&packet.target)
        if lead_published(rules, packet, realm, &any, opening):
            return TARGET_LED
    if lead_mapped(rules, packet, opening, now, &exists):
        return TARGET_LED
    if exists:
        rules.reason = FILTERED
        return TARGET_REFUSED
    if not ours or is_uplink(rules, packet.interface):
        return TARGET_OWN
    # The host of the sender's own realm, whichever gateway it asks: that one is reached from where it is.
    realm = realm_of(rules, packet.interface)
    if realm < rules.n_realms and rules.realms[realm].has_host[family] and packet.protocol in (PROTOCOL_TCP, PROTOCOL_UDP):
        opening.target = rules.realms[realm].hosts[family]
        opening.rule = RULE_HOST << RULE_SHIFT
        return TARGET_LED
    return TARGET_OWN


# -- for people ---------------------------------------------------------------------------------------------------------

RULES_DTYPE = ROWS
CLIENTS = ("all", "uplink", "trusted")
MODES = ("nat", "nat-unprotected", "routed", "isolated")
PROTOCOLS = {"tcp": PROTOCOL_TCP, "udp": PROTOCOL_UDP, "sctp": PROTOCOL_SCTP}


cdef class Rules:
    """What may pass between a router's interfaces, and how it is translated. Errors of all verbs: ValueError."""

    def __cinit__(self, Flows flows not None):
        self.flows = flows
        self.names = {}
        self.publication_names = {}
        self.realm_names = {}
        rules_make(&self.table, &flows.table)

    def __dealloc__(self):
        rules_unmake(&self.table)

    def set_interface(self, uint32_t number, *, str kind="network", str name="", bint internal=False, bint icc=True, str ipv4="nat",
                      str ipv6="routed", uint32_t masquerade4=0, uint32_t masquerade6=0, trusted=(), host=(), uint32_t realm=0) -> None:
        """What the router's interface of that number is; again for other settings, which flows begun before do not see.

        `kind`: network or uplink. `internal`: nothing in or out. `icc`: what comes back into its own network may. `ipv4`, `ipv6`: modes.
        `masquerade4`, `masquerade6`: pools (Flows.add_pool), 0: sources stay. `trusted`: sources that reach endpoints directly.
        `host`, of an uplink: addresses where TCP and UDP for the router itself go on to, in its realm. `realm`: see rules.pxd.
        """
        cdef Interface* interface
        cdef Realm* world
        cdef Address address
        if kind not in ("network", "uplink"):
            raise ValueError(f"kind: network or uplink, not {kind}")
        for mode in (ipv4, ipv6):
            if mode not in MODES:
                raise ValueError(f"mode: one of {', '.join(MODES)}, not {mode}")
        for pool in (masquerade4, masquerade6):
            if pool and (pool >= self.table.flows.n_pools or not self.table.flows.pools[pool].used):
                raise ValueError(f"there is no pool {pool}")
        trusted, host = texts(trusted), texts(host)
        for text in trusted + host:
            address_read(text, &address)
        interface = rules_interface(&self.table, number)
        rules_realm(&self.table, realm)
        if interface.uplink and interface.realm != realm:
            self.forget_host(interface.realm)
        interface.used = True
        interface.realm = <uint16_t>realm
        interface.uplink = kind == "uplink"
        interface.internal = internal
        interface.icc = icc
        interface.modes[0] = <Mode><int>MODES.index(ipv4)
        interface.modes[1] = <Mode><int>MODES.index(ipv6)
        interface.pools[0] = <uint16_t>masquerade4
        interface.pools[1] = <uint16_t>masquerade6
        self.names[number] = name or f"interface {number}"
        rules_trust(&self.table, number, trusted)
        if interface.uplink:
            self.forget_host(realm)
            world = rules_realm(&self.table, realm)
            for text in host:
                address_read(text, &address)
                world.hosts[0 if is_mapped(&address) else 1] = address
                world.has_host[0 if is_mapped(&address) else 1] = True

    cdef int forget_host(self, uint32_t realm) except -1:
        cdef Realm* world = rules_realm(&self.table, realm)
        world.has_host[0] = world.has_host[1] = False
        return 0

    def remove_interface(self, uint32_t number) -> None:
        """No new flow uses the interface."""
        if number >= self.table.n_interfaces or not self.table.interfaces[number].used:
            raise ValueError(f"there is no interface {number}")
        if self.table.interfaces[number].uplink:
            self.forget_host(self.table.interfaces[number].realm)
        memset(&self.table.interfaces[number], 0, sizeof(Interface))
        rules_trust(&self.table, number, ())
        del self.names[number]

    def publish(self, protocol, uint32_t first_port, uint32_t last_port, *, target, uint32_t target_port, address=None,
                str name="", uint32_t pool=0, str clients="all", uint32_t realm=0, bint resumes=False) -> int:
        """Ports first to last at `address` (None: any of ours) lead to the target's from `target_port` on; returns the rule's id.

        `pool`: sources are translated too. `clients`: who may use them: all, uplink (what comes in there), trusted sources; others
        meet what they would without the rule. `realm`: where it is published. `resumes`: TCP connections that are older than the table
        go on, unless it is strict. Where address and ports are the target's own, they are open
        in a network of mode routed.
        """
        cdef Publication entry
        cdef uint32_t number
        if not 1 <= first_port <= last_port <= 65535 or not 1 <= target_port <= 65535 - (last_port - first_port):
            raise ValueError(f"ports {first_port} to {last_port}, at {target_port}: 1 to 65535, first to last")
        if pool and (pool >= self.table.flows.n_pools or not self.table.flows.pools[pool].used):
            raise ValueError(f"there is no pool {pool}")
        if clients not in CLIENTS:
            raise ValueError(f"clients: one of {', '.join(CLIENTS)}, not {clients}")
        memset(&entry, 0, sizeof(Publication))
        entry.clients = <Clients><int>CLIENTS.index(clients)
        address_read(target, &entry.target)
        entry.any = address is None
        if not entry.any:
            address_read(address, &entry.address)
            if is_mapped(&entry.address) != is_mapped(&entry.target):
                raise ValueError(f"{address} and {target} are of two families")
        if protocol in PROTOCOLS:
            entry.protocol = PROTOCOLS[protocol]
        elif protocol in PROTOCOLS.values():
            entry.protocol = protocol
        else:
            raise ValueError(f"protocol: one of {', '.join(PROTOCOLS)}, not {protocol}")
        entry.first = <uint16_t>first_port
        entry.last = <uint16_t>last_port
        entry.target_port = <uint16_t>target_port
        entry.pool = <uint16_t>pool
        entry.resumes = resumes
        rules_realm(&self.table, realm)
        entry.realm = <uint16_t>realm
        number = publications_add(&self.table.published, &entry)
        self.publication_names[number] = name
        return number

    def unpublish(self, uint32_t number) -> None:
        """The rule of that id goes; flows begun by it go on."""
        publications_remove(&self.table.published, number)
        del self.publication_names[number]

    def set_local(self, addresses, *, uint32_t realm=0) -> None:
        """Addresses that count as ours for ports published at any address, besides the router's own: those of the host of that realm."""
        rules_set_locals(&self.table, texts(addresses), realm)

    def name_realm(self, uint32_t realm, str name) -> None:
        """What the uplink to the realm is called in `rows`; "": nothing, as that of a lab's only one."""
        rules_realm(&self.table, realm)
        self.realm_names[realm] = name
        if not name:
            del self.realm_names[realm]

    def add_static(self, outside, inside) -> None:
        """The inside address is known outside as `outside`, whichever side begins, for all protocols."""
        rules_add_static(&self.table, outside, inside)

    def remove_static(self, outside) -> None:
        """No new flow is translated by it."""
        rules_remove_static(&self.table, outside)

    def exclude(self, prefix) -> None:
        """Sources are not translated on the way to these addresses."""
        rules_exclude(&self.table, prefix, True)

    def unexclude(self, prefix) -> None:
        """They are again."""
        rules_exclude(&self.table, prefix, False)

    def rows(self):
        """All rules in force: a NumPy array of RULES_DTYPE."""
        return rule_rows(&self.table, self.names, self.publication_names, self.realm_names)


cdef list texts(value):
    return [value] if isinstance(value, str) else list(value or ())
