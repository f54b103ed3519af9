"""Push and pop, frame by frame, and what is checked in between."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, realloc

from fastpath.address cimport address_read
from fastpath.counters cimport ECN_LOST, NOT_IP, NOT_VXLAN, OUTER_FRAGMENT, RUNT, TOO_BIG, UNKNOWN_VNI
from fastpath.frame cimport MIN_FRAME, Frame
from fastpath.graph cimport Graph, Head, drop, emit
from fastpath.ip cimport FINE, WHOLE, Address, Packet, ip_read, is_mapped
from fastpath.layout cimport PROTOCOL_UDP
from fastpath.table cimport split_mix, table_find, table_free, table_home, table_init, table_insert
from fastpath.vxlan cimport (
    INHERIT_DSCP, INHERIT_TTL, OTHER_PORT, VNI_MAX, VXLAN_PORT, WITH_CHECKSUM, Inner, Tunneled, vxlan_ecn, vxlan_inner,
    vxlan_macs, vxlan_pop, vxlan_port_of, vxlan_prepare, vxlan_push, vxlan_read, vxlan_strip, vxlan_tagged,
)
from fastpath.wire cimport load16, wire_unlikely

cdef enum:
    LENGTH_MAX = 65535            # of an outer packet; a frame is no longer (frame.MAX_FRAME)
    UDP_AND_VXLAN = 16
    TAG = 4
    BITS = 64


cdef class Encapsulator(Node):
    """Frames by input N leave in tunnel N, to the one target of `lead_to`. Which source port a flow gets derives from the seed."""

    def __init__(self, Graph graph not None, str name not None):
        cdef uint64_t state = graph.core.seed
        super().__init__(graph, name)
        self.secret0 = split_mix(&state)
        self.secret1 = split_mix(&state) | 1
        self.out = graph.core.void_edge

    def __dealloc__(self):
        free(self.tunnels)

    def add_tunnel(self, uint32_t vni, *, str local not None, str remote not None, uint64_t local_mac, uint64_t remote_mac,
                   uint16_t port=VXLAN_PORT, int source_port=FROM_FLOW, int ttl=64, int dscp=0, checksum=None,
                   bint strip_vlan=False) -> int:
        """One more tunnel; returns its number, the input that its frames must come by.

        `source_port` -1: 49152 to 65535 from a hash of the inner flow. `ttl`, `dscp` -1: those of the inner packet (RFC 2983).
        `checksum` None: of UDP, zero over IPv4 and computed over IPv6. Errors: ValueError.
        """
        cdef Address source, target
        cdef Tunnel* tunnels
        cdef Tunnel* tunnel
        cdef uint8_t flags = 0
        address_read(local, &source)
        address_read(remote, &target)
        if is_mapped(&source) != is_mapped(&target):
            raise ValueError("both addresses of one family")
        if not 0 <= vni <= VNI_MAX or not FROM_FLOW <= source_port <= 65535 or not -1 <= ttl <= 255 or not -1 <= dscp <= 63:
            raise ValueError("vni, source_port, ttl or dscp is out of range")
        if self.n_tunnels == TUNNELS_MAX:
            raise ValueError(f"an encapsulator has at most {TUNNELS_MAX} tunnels")
        if checksum if checksum is not None else not is_mapped(&source):
            flags |= WITH_CHECKSUM
        if ttl < 0:
            flags |= INHERIT_TTL
        if dscp < 0:
            flags |= INHERIT_DSCP
        tunnels = <Tunnel*>realloc(self.tunnels, (self.n_tunnels + 1) * sizeof(Tunnel))
        if tunnels == NULL:
            raise MemoryError("encapsulator: tunnels")
        self.tunnels = tunnels
        tunnel = &tunnels[self.n_tunnels]
        vxlan_prepare(&tunnel.outer, &source, &target, vni, port, <uint8_t>(64 if ttl < 0 else ttl),
                      <uint8_t>(0 if dscp < 0 else dscp << 2), flags)
        vxlan_macs(&tunnel.outer, remote_mac, local_mac)
        tunnel.source_port = source_port
        tunnel.strip = strip_vlan
        self.n_tunnels += 1
        return self.n_tunnels - 1

    def lead_to(self, Node target, uint16_t target_input=0) -> None:
        """Where outer frames go, or None for nowhere."""
        self.connect(&self.out, target, target_input)

    cdef int expect(self, uint16_t number) except -1:
        if number >= self.n_tunnels:
            raise ValueError(f"{self.name} has no tunnel {number}")
        return 0

    cdef void disconnect(self, const Head* target) noexcept:
        if self.out.head == target:
            self.out = self.head.core.void_edge

    cdef void process(self, Frame** burst, uint32_t n) noexcept nogil:
        cdef uint32_t i
        cdef uint32_t left = 0
        cdef Frame* frame
        cdef Tunnel* tunnel
        cdef Inner inner
        for i in range(n):
            frame = burst[i]
            tunnel = &self.tunnels[frame.input]
            if wire_unlikely(frame.head < MIN_FRAME or (tunnel.strip and vxlan_tagged(frame.data) and not vxlan_strip(frame))):
                drop(&self.head, frame, RUNT)
                continue
            if wire_unlikely(frame.room < ROOM or frame.length + tunnel.outer.size - MIN_FRAME > LENGTH_MAX):
                drop(&self.head, frame, TOO_BIG)
                continue
            vxlan_inner(&inner, frame.data, frame.head, self.secret0, self.secret1)
            vxlan_push(&tunnel.outer, frame, &inner,
                       vxlan_port_of(inner.flow) if tunnel.source_port == FROM_FLOW else <uint16_t>tunnel.source_port)
            emit(&self.out, frame)
            left += 1
        self.head.counters.left += left


cdef class Decapsulator(Node):
    """Frames in VXLAN to UDP port `port` leave as what they carry, by the edge of their VNI.

    `strict`: reserved bits must be zero, as the Linux kernel wants it; the RFC ignores them. `strip_vlan`: inner tags are taken off.
    `note`: remember which VNIs came. A VLAN tag or two in front of the outer IP header are looked through.
    """

    def __init__(self, Graph graph not None, str name not None, *, uint16_t port=VXLAN_PORT, bint strict=False,
                 bint strip_vlan=False, bint note=False):
        table_init(&self.networks, NETWORKS_MAX, graph.core.seed)
        super().__init__(graph, name)
        self.all = self.rest = graph.core.void_edge
        self.port = port
        self.strict = strict
        self.strip = strip_vlan
        if note:
            self.seen = <uint64_t*>calloc(VNI_MAX // BITS + 1, sizeof(uint64_t))
            if self.seen == NULL:
                raise MemoryError("decapsulator: networks seen")

    def __dealloc__(self):
        table_free(&self.networks)
        free(self.edges)
        free(self.seen)

    def lead_network(self, uint32_t vni, Node target, uint16_t target_input=0) -> None:
        """Where frames of this VNI go, or None for nowhere. Errors: ValueError for more than 65,536 networks."""
        cdef Edge* edges
        cdef uint64_t* found = table_find(&self.networks, vni + 1, table_home(&self.networks, vni + 1))
        if vni > VNI_MAX:
            raise ValueError("a VNI has 24 bits")
        if found == NULL:
            edges = <Edge*>realloc(self.edges, (self.n_edges + 1) * sizeof(Edge))
            if edges == NULL:
                raise MemoryError("decapsulator: edges")
            self.edges = edges
            edges[self.n_edges] = self.head.core.void_edge
            found = table_insert(&self.networks, vni + 1, table_home(&self.networks, vni + 1), self.n_edges)
            if found == NULL:
                raise ValueError(f"a decapsulator has at most {NETWORKS_MAX} networks")
            self.n_edges += 1
        self.connect(&self.edges[found[0]], target, target_input)

    def lead_all(self, Node target, uint16_t target_input=0) -> None:
        """Where frames of all other VNIs go; without it they are unknown."""
        self.connect(&self.all, target, target_input)
        self.takes_all = target is not None

    def lead_rest(self, Node target, uint16_t target_input=0) -> None:
        """Where frames go, as they came, that are no VXLAN of these networks; without it they are dropped by name."""
        self.connect(&self.rest, target, target_input)
        self.passes = target is not None

    def vnis(self) -> list[int]:
        """The VNIs that came since it was made, if it was told to note them."""
        cdef uint32_t vni
        if self.seen == NULL:
            return []
        return [vni for vni in range(VNI_MAX + 1) if self.seen[vni // BITS] >> vni % BITS & 1]

    cdef void disconnect(self, const Head* target) noexcept:
        cdef uint32_t i
        for i in range(self.n_edges):
            if self.edges[i].head == target:
                self.edges[i] = self.head.core.void_edge
        if self.all.head == target:
            self.all = self.head.core.void_edge
        if self.rest.head == target:
            self.rest = self.head.core.void_edge

    cdef void process(self, Frame** burst, uint32_t n) noexcept nogil:
        cdef uint32_t i
        for i in range(n):
            self.decapsulate(burst[i])

    cdef void decapsulate(self, Frame* frame) noexcept nogil:
        cdef Packet packet
        cdef Frame untagged           # the same frame, its tags left out: the Ethernet header is then no header, its type is
        cdef Frame* read = frame
        cdef Tunneled tunneled
        cdef Edge* edge
        cdef uint32_t tags = 0
        cdef uint32_t own
        cdef int reason
        if wire_unlikely(frame.head >= MIN_FRAME + TAG and vxlan_tagged(frame.data)):
            untagged = frame[0]
            read = &untagged
            while tags < OUTER_TAGS * TAG and untagged.head >= MIN_FRAME + TAG and vxlan_tagged(untagged.data):
                untagged.data += TAG
                untagged.head -= TAG
                untagged.length -= TAG
                tags += TAG
        reason = NOT_IP if read.head < MIN_FRAME else ip_read(&packet, read)
        if wire_unlikely(reason != FINE):
            self.decline(frame, NOT_VXLAN if reason == NOT_IP else <Reason>reason)
            return
        if wire_unlikely(packet.protocol != PROTOCOL_UDP or packet.fragment != WHOLE):
            self.decline(frame, OUTER_FRAGMENT if packet.fragment != WHOLE and packet.protocol == PROTOCOL_UDP else NOT_VXLAN)
            return
        reason = vxlan_read(&tunneled, &packet, self.port, self.strict)
        if wire_unlikely(reason != FINE):
            if reason == OTHER_PORT:
                self.decline(frame, NOT_VXLAN)
            else:
                drop(&self.head, frame, <Reason>reason)
            return
        if self.seen != NULL:
            self.seen[tunneled.vni // BITS] |= <uint64_t>1 << tunneled.vni % BITS
        edge = self.edge_of(tunneled.vni)
        if wire_unlikely(edge == NULL):
            self.decline(frame, UNKNOWN_VNI)
            return
        # What lies behind the datagram is padding of the outer frame.
        own = tags + tunneled.pushed + load16(read.data + packet.transport + 4) - UDP_AND_VXLAN
        if wire_unlikely(own < frame.length):
            frame.length = own
            frame.head = min(frame.head, own)
        vxlan_pop(frame, tags + tunneled.pushed)
        if wire_unlikely(not vxlan_ecn(frame.data, frame.head, tunneled.service)):
            drop(&self.head, frame, ECN_LOST)
        elif wire_unlikely(self.strip and vxlan_tagged(frame.data) and not vxlan_strip(frame)):
            drop(&self.head, frame, RUNT)
        else:
            emit(edge, frame)
            self.head.counters.left += 1

    cdef Edge* edge_of(self, uint32_t vni) noexcept nogil:
        cdef uint64_t* found
        if self.n_edges:
            found = table_find(&self.networks, vni + 1, table_home(&self.networks, vni + 1))
            if found != NULL:
                return &self.edges[found[0]]
        return &self.all if self.takes_all else NULL

    cdef void decline(self, Frame* frame, Reason reason) noexcept nogil:
        """None of ours."""
        if self.passes:
            emit(&self.rest, frame)
            self.head.counters.left += 1
        else:
            drop(&self.head, frame, reason)
