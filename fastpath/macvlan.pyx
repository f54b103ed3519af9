"""Per burst: read all addresses and prefetch, then look up and forward in order of arrival."""

cimport cython

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy

from fastpath.counters cimport ISOLATED, NO_OTHER_PORT, OTHER_STATION, RUNT, SAME_PORT, UNCONNECTED
from fastpath.frame cimport MIN_FRAME, Frame
from fastpath.graph cimport BURST, Edge, Graph, Node, drop, emit
from fastpath.members cimport MEMBERS_MAX, WIRE, Member, Members
from fastpath.table cimport table_erase, table_find, table_free, table_home, table_init, table_insert, table_prefetch
from fastpath.wire cimport wire_likely, wire_swap64, wire_unlikely

cdef enum:
    PREFETCH_FROM = 4         # as in a bridge
cdef uint64_t GROUP = <uint64_t>1 << 40
cdef dict MODES = {"private": PRIVATE, "vepa": VEPA, "bridge": BRIDGE, "passthru": PASSTHRU}

@cython.final
cdef class Macvlan(Members):
    """Members with addresses of their own on one parent. `limit`: members at most."""

    def __init__(self, Graph graph not None, str name not None, *, uint32_t limit=16384):
        if not 1 <= limit <= MEMBERS_MAX:
            raise ValueError(f"limit: 1 to {MEMBERS_MAX} members")
        table_init(&self.table, limit, graph.core.seed ^ <uint64_t>(len(graph.nodes) + 1))
        super().__init__(graph, name)
        self.macs = {}

    def __dealloc__(self):
        table_free(&self.table)

    # -- wiring ---------------------------------------------------------------------------------------------------------

    def add_member(self, Node target not None, *, uint64_t mac, str mode="bridge", uint16_t target_input=0) -> int:
        """A new member that sends to the node; returns its number, the input that the node's frames must come by.

        `mode`: private, vepa, bridge or passthru. Errors: ValueError for an address that another has, or that none can have, and
        for a second member beside one that gets everything.
        """
        cdef uint32_t number = self.free_number()
        cdef uint8_t kind = self.mode_of(mode)
        cdef Edge edge
        self.require_free(mac, number, kind)
        self.connect(&edge, target, target_input)
        self.expect(<uint16_t>number)
        if table_insert(&self.table, mac, table_home(&self.table, mac), number) == NULL:
            raise ValueError(f"{self.name} has no room for another member")
        self.macs[number] = mac
        self.enter(number, target, Member(edge, kind))
        if kind == PASSTHRU:
            self.passthru = <uint16_t>number
        return number

    def mode_of(self, str mode not None) -> int:
        """The number of a mode. Errors: ValueError."""
        if mode not in MODES:
            raise ValueError(f"mode: one of {', '.join(MODES)}")
        return MODES[mode]

    cdef int require_free(self, uint64_t mac, uint32_t number, uint8_t mode) except -1:
        """No other member than this one has the address, or would be in the way."""
        cdef uint32_t owner
        if mac == 0 or mac & GROUP or mac >> 48:
            raise ValueError("an individual MAC address, as a number")
        owner = self.find(mac)
        if owner and owner != number:
            raise ValueError(f"{self.names[owner]} has this MAC address already")
        others = self.count - (number in self.macs)
        if others and (mode == PASSTHRU or (self.passthru and self.passthru != number)):
            raise ValueError("beside a member in mode passthru there is no other")
        return 0

    def set_member(self, uint32_t number, *, uint64_t mac, str mode="bridge") -> None:
        """Another address or mode, from the next frame on. Errors: as `add_member`."""
        cdef uint8_t kind = self.mode_of(mode)
        self.expect_member(number)
        self.require_free(mac, number, kind)
        if self.macs[number] != mac:
            table_erase(&self.table, self.macs[number])
            table_insert(&self.table, mac, table_home(&self.table, mac), number)
        self.macs[number] = mac
        self.members[number].mode = kind
        if kind == PASSTHRU:
            self.passthru = <uint16_t>number
        elif self.passthru == number:
            self.passthru = 0

    def remove_member(self, uint32_t number) -> None:
        """The member leaves, and its address with it."""
        self.expect_member(number)
        table_erase(&self.table, self.macs.pop(number))
        self.leave(number)
        if self.passthru == number:
            self.passthru = 0

    # -- frames ---------------------------------------------------------------------------------------------------------

    cdef uint32_t find(self, uint64_t mac) noexcept nogil:
        """The member with this address, or 0."""
        cdef uint64_t* found
        if mac == 0:
            return 0
        found = table_find(&self.table, mac, table_home(&self.table, mac))
        return <uint32_t>found[0] if found != NULL else 0

    cdef void process(self, Frame** burst, uint32_t n) noexcept nogil:
        cdef uint64_t[BURST] targets
        cdef uint32_t[BURST] homes
        cdef uint64_t word
        cdef uint64_t target = ~<uint64_t>0
        cdef uint32_t i
        cdef uint32_t came_by = 0
        cdef Edge* edge = NULL
        for i in range(n):
            memcpy(&word, burst[i].data, 8)
            targets[i] = wire_swap64(word) >> 16
            if targets[i] == target:
                homes[i] = homes[i - 1]
                continue
            target = targets[i]
            homes[i] = table_home(&self.table, target)
            if n >= PREFETCH_FROM:
                table_prefetch(&self.table, homes[i])
        for i in range(n):
            # The frame before was for the same station and came the same way: it took an edge that depends on nothing else.
            if edge != NULL and targets[i] == targets[i - 1] and burst[i].input == came_by and burst[i].head >= MIN_FRAME:
                self.head.counters.left += 1
                emit(edge, burst[i])
                continue
            came_by = burst[i].input
            if wire_unlikely(burst[i].head < MIN_FRAME):
                drop(&self.head, burst[i], RUNT)
                edge = NULL
            elif came_by == WIRE:
                memcpy(&word, burst[i].data + 6, 8)
                edge = self.from_wire(burst[i], targets[i], homes[i], wire_swap64(word) >> 16)
            else:
                edge = self.from_member(burst[i], targets[i], homes[i])

    cdef Edge* from_wire(self, Frame* frame, uint64_t target, uint32_t home, uint64_t source) noexcept nogil:
        """In by the parent; returns the edge it took if every frame for this station takes it."""
        cdef uint64_t* found
        cdef Member* station
        if wire_unlikely(self.passthru):
            station = &self.members[self.passthru]
        elif wire_unlikely(target & GROUP):
            self.send_back(frame, source)
            return NULL
        else:
            found = table_find(&self.table, target, home) if target else NULL
            if wire_unlikely(found == NULL):
                drop(&self.head, frame, OTHER_STATION)
                return NULL
            station = &self.members[found[0]]
            if wire_unlikely(station.mode == PRIVATE):
                if self.find(source):
                    drop(&self.head, frame, ISOLATED)
                    return NULL
                self.head.counters.left += 1
                emit(&station.edge, frame)
                return NULL
        self.head.counters.left += 1
        emit(&station.edge, frame)
        return &station.edge

    cdef void send_back(self, Frame* frame, uint64_t source) noexcept nogil:
        """A frame for a group from outside: to all, or, where a member sent it, to those that have not seen it."""
        cdef uint32_t sender = self.find(source)
        cdef uint8_t mode = self.members[sender].mode if sender else 0
        if not sender:
            self.spread(frame, ANY_MODE, 0, False)
        elif mode == VEPA:
            self.spread(frame, VEPA | BRIDGE, sender, False)
        elif mode == BRIDGE:
            self.spread(frame, VEPA, sender, False)
        else:
            self.head.counters.left += 1
            emit(&self.members[sender].edge, frame)

    cdef Edge* from_member(self, Frame* frame, uint64_t target, uint32_t home) noexcept nogil:
        """Out by the parent, or to another member; returns the edge it took if every frame for this station from here takes it."""
        cdef uint32_t number = frame.input
        cdef uint64_t* found
        if wire_likely(self.members[number].mode == BRIDGE):
            if wire_unlikely(target & GROUP):
                self.spread(frame, BRIDGE, number, True)
                return NULL
            found = table_find(&self.table, target, home) if target else NULL
            if found != NULL and self.members[found[0]].mode == BRIDGE:
                if wire_unlikely(found[0] == number):
                    drop(&self.head, frame, SAME_PORT)
                    return NULL
                self.head.counters.left += 1
                emit(&self.members[found[0]].edge, frame)
                return &self.members[found[0]].edge
        if wire_unlikely(not self.wired or not self.members[number].mode):
            drop(&self.head, frame, NO_OTHER_PORT if self.members[number].mode else UNCONNECTED)
            return NULL
        self.head.counters.left += 1
        emit(&self.wire, frame)
        return &self.wire
