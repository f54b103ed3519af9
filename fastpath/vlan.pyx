"""Tags on, tags off."""

cimport cython

from libc.stdint cimport uint16_t, uint32_t
from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memmove

from fastpath.counters cimport OTHER_VLAN, RUNT, TOO_BIG, UNCONNECTED
from fastpath.frame cimport GSO_NONE, MIN_FRAME, NEEDS_CSUM, Frame
from fastpath.graph cimport Edge, Graph, Head, Node, drop, emit
from fastpath.wire cimport load16, store16, wire_likely, wire_unlikely

@cython.final
cdef class Vlan(Node):
    """The networks of one parent, by their tags."""

    def __init__(self, Graph graph not None, str name not None):
        super().__init__(graph, name)
        self.networks = <Subnetwork*>calloc(1, sizeof(Subnetwork))
        if self.networks == NULL:
            raise MemoryError("vlan: networks")
        self.networks[0].edge = graph.core.void_edge
        self.n_networks = 1
        self.names = [None]
        self.wire = graph.core.void_edge

    def __dealloc__(self):
        free(self.networks)

    def lead_wire(self, Node target, uint16_t target_input=0) -> None:
        """Where frames for the outside go, whose own must come by input 0."""
        self.connect(&self.wire, target, target_input)

    def add_network(self, Node target not None, *, uint32_t identifier, uint16_t target_input=0) -> int:
        """Frames of this VLAN (1 to 4094), or without a tag (0), go to the node; returns the input that its frames must come by.

        Errors: ValueError for an identifier that cannot be, or that another network has.
        """
        cdef uint32_t number = self.names.index(None, 1) if None in self.names[1:] else len(self.names)
        cdef Edge edge
        if identifier > 4094:
            raise ValueError("identifier: 0 to 4094")
        if self.numbers[identifier]:
            raise ValueError(f"{self.names[self.numbers[identifier]]} has VLAN {identifier} already")
        self.connect(&edge, target, target_input)
        self.expect(<uint16_t>number)
        self.names[number] = target.name
        self.networks[number] = Subnetwork(edge, <uint16_t>identifier, True)
        self.numbers[identifier] = <uint16_t>number
        return number

    cdef int expect(self, uint16_t number) except -1:
        cdef Subnetwork* networks
        if number > VLANS:
            raise ValueError(f"{self.name}: at most {VLANS} networks")
        if self.n_networks <= number:
            networks = <Subnetwork*>realloc(self.networks, (<size_t>number + 1) * sizeof(Subnetwork))
            if networks == NULL:
                raise MemoryError("vlan: networks")
            self.networks = networks
            while self.n_networks <= number:
                self.networks[self.n_networks] = Subnetwork(self.head.core.void_edge, 0, False)
                self.names.append(None)
                self.n_networks += 1
        return 0

    def remove_network(self, uint32_t number) -> None:
        """Its frames end here from now on."""
        self.expect_network(number)
        self.numbers[self.networks[number].identifier] = 0
        self.networks[number] = Subnetwork(self.head.core.void_edge, 0, False)
        self.names[number] = None

    cdef int expect_network(self, uint32_t number) except -1:
        if not 0 < number < self.n_networks or not self.networks[number].used:
            raise ValueError(f"{self.name} has no network {number}")
        return 0

    cdef void disconnect(self, const Head* target) noexcept:
        cdef uint32_t number
        if self.wire.head == target:
            self.wire = self.head.core.void_edge
        for number in range(self.n_networks):
            if self.networks[number].edge.head == target:
                self.networks[number].edge = self.head.core.void_edge

    # -- frames ---------------------------------------------------------------------------------------------------------

    cdef void process(self, Frame** burst, uint32_t n) noexcept nogil:
        cdef uint32_t i
        for i in range(n):
            if wire_unlikely(burst[i].head < MIN_FRAME):
                drop(&self.head, burst[i], RUNT)
            elif burst[i].input == 0:
                self.untag(burst[i])
            else:
                self.tag(burst[i])

    cdef void untag(self, Frame* frame) noexcept nogil:
        cdef uint16_t number
        cdef uint16_t identifier = 0
        cdef bint tagged = load16(frame.data + 12) == CUSTOMER
        if wire_likely(tagged):
            if wire_unlikely(frame.head < MIN_FRAME + TAG):
                drop(&self.head, frame, RUNT)
                return
            identifier = load16(frame.data + 14) & 0xFFF
        number = self.numbers[identifier]
        if wire_unlikely(number == 0):
            drop(&self.head, frame, OTHER_VLAN)
            return
        if wire_likely(tagged):
            memmove(frame.data + TAG, frame.data, 12)
            frame.data += TAG
            frame.room += TAG
            frame.head -= TAG
            frame.length -= TAG
            if frame.flags & NEEDS_CSUM:
                frame.csum_start -= TAG
            if frame.gso_type != GSO_NONE:
                frame.header -= TAG
            if frame.outer_transport:
                frame.outer_transport -= TAG
                frame.inner_network -= TAG
        self.head.counters.left += 1
        emit(&self.networks[number].edge, frame)

    cdef void tag(self, Frame* frame) noexcept nogil:
        cdef Subnetwork* network = &self.networks[frame.input]
        if wire_unlikely(not network.used):
            drop(&self.head, frame, UNCONNECTED)
            return
        if wire_likely(network.identifier):
            if wire_unlikely(frame.room < TAG):
                drop(&self.head, frame, TOO_BIG)
                return
            frame.data -= TAG
            frame.room -= TAG
            frame.head += TAG
            frame.length += TAG
            memmove(frame.data, frame.data + TAG, 12)
            store16(frame.data + 12, CUSTOMER)
            store16(frame.data + 14, network.identifier)
            if frame.flags & NEEDS_CSUM:
                frame.csum_start += TAG
            if frame.gso_type != GSO_NONE:
                frame.header += TAG
            if frame.outer_transport:
                frame.outer_transport += TAG
                frame.inner_network += TAG
        self.head.counters.left += 1
        emit(&self.wire, frame)
