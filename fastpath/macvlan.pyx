"""Per burst: read all addresses and prefetch, then look up and forward in order of arrival."""

cimport cython

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memcpy

from fastpath.arena cimport clone
from fastpath.counters cimport ISOLATED, NO_OTHER_PORT, OTHER_STATION, RUNT, SAME_PORT, TURN_BUDGET, UNCONNECTED
from fastpath.frame cimport MIN_FRAME, Frame
from fastpath.graph cimport BURST, Edge, Graph, Head, Node, drop, emit
from fastpath.table cimport table_erase, table_find, table_free, table_home, table_init, table_insert, table_prefetch
from fastpath.wire cimport wire_likely, wire_swap64, wire_unlikely

cdef enum:
    PREFETCH_FROM = 4         # as in a bridge
cdef uint64_t GROUP = <uint64_t>1 << 40
cdef dict MODES = {"private": PRIVATE, "vepa": VEPA, "bridge": BRIDGE, "passthru": PASSTHRU}

@cython.final
cdef class Macvlan(Node):
    """Members with addresses of their own on one parent. `limit`: members at most."""

    def __init__(self, Graph graph not None, str name not None, *, uint32_t limit=16384):
        if not 1 <= limit <= STATIONS_MAX:
            raise ValueError("limit: 1 to 65534 members")
        table_init(&self.table, limit, graph.core.seed ^ <uint64_t>(len(graph.nodes) + 1))
        super().__init__(graph, name)
        self.names = [None]
        self.stations = <Station*>calloc(1, sizeof(Station))
        if self.stations == NULL:
            raise MemoryError("macvlan: members")
        self.n_stations = 1
        self.wire = graph.core.void_edge
        self.stations[0].edge = graph.core.void_edge

    def __dealloc__(self):
        table_free(&self.table)
        free(self.stations)

    # -- wiring ---------------------------------------------------------------------------------------------------------

    def lead_wire(self, Node target, uint16_t target_input=0) -> None:
        """Where frames for the outside go: the parent, whose frames must come by input 0; None: there is none."""
        self.connect(&self.wire, target, target_input)
        self.wired = target is not None
        self.head.core.rewired = True

    def add_member(self, Node target not None, *, uint64_t mac, str mode="bridge", uint16_t target_input=0) -> int:
        """A new member that sends to the node; returns its number, the input that the node's frames must come by.

        `mode`: private, vepa, bridge or passthru. Errors: ValueError for an address that another has, or that none can have, and
        for a second member beside one that gets everything.
        """
        cdef uint32_t number = self.names.index(None, 1) if None in self.names[1:] else len(self.names)
        cdef uint8_t kind = self.mode_of(mode)
        cdef Edge edge
        self.require_free(mac, number, kind)
        self.connect(&edge, target, target_input)
        self.expect(<uint16_t>min(number, <uint32_t>0xFFFF))
        if table_insert(&self.table, mac, table_home(&self.table, mac), number) == NULL:
            raise ValueError(f"{self.name} has no room for another member")
        self.names[number] = target.name
        self.stations[number] = Station(edge, mac, kind)
        self.count += 1
        if kind == PASSTHRU:
            self.passthru = <uint16_t>number
        self.head.core.rewired = True
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
        others = self.count - (1 if number < self.n_stations and self.stations[number].mac else 0)
        if others and (mode == PASSTHRU or (self.passthru and self.passthru != number)):
            raise ValueError("beside a member in mode passthru there is no other")
        return 0

    cdef int expect(self, uint16_t number) except -1:
        """There is a place of that number from now on: whoever leads here may do so before or after `add_member`."""
        cdef Station* stations
        if self.n_stations <= number:
            if number > STATIONS_MAX:
                raise ValueError(f"{self.name}: at most {STATIONS_MAX} members")
            stations = <Station*>realloc(self.stations, (<size_t>number + 1) * sizeof(Station))
            if stations == NULL:
                raise MemoryError("macvlan: members")
            self.stations = stations
            while self.n_stations <= number:
                self.stations[self.n_stations] = Station(self.head.core.void_edge, 0, 0)
                self.names.append(None)
                self.n_stations += 1
        return 0

    def set_member(self, uint32_t number, *, uint64_t mac, str mode="bridge") -> None:
        """Another address or mode, from the next frame on. Errors: as `add_member`."""
        cdef uint8_t kind = self.mode_of(mode)
        self.expect_station(number)
        self.require_free(mac, number, kind)
        if self.stations[number].mac != mac:
            table_erase(&self.table, self.stations[number].mac)
            table_insert(&self.table, mac, table_home(&self.table, mac), number)
        self.stations[number].mac = mac
        self.stations[number].mode = kind
        if kind == PASSTHRU:
            self.passthru = <uint16_t>number
        elif self.passthru == number:
            self.passthru = 0

    def remove_member(self, uint32_t number) -> None:
        """The member leaves, and its address with it."""
        self.expect_station(number)
        table_erase(&self.table, self.stations[number].mac)
        self.stations[number] = Station(self.head.core.void_edge, 0, 0)
        self.names[number] = None
        self.count -= 1
        if self.passthru == number:
            self.passthru = 0
        self.head.core.rewired = True

    cdef int expect_station(self, uint32_t number) except -1:
        if not 0 < number < self.n_stations or not self.stations[number].mac:
            raise ValueError(f"{self.name} has no member {number}")
        return 0

    cdef uint32_t fanout(self) noexcept:
        return max(self.count + self.wired, <uint32_t>1) - 1

    cdef void disconnect(self, const Head* target) noexcept:
        cdef uint32_t number
        if self.wire.head == target:
            self.wire = self.head.core.void_edge
            self.wired = False
        for number in range(self.n_stations):
            if self.stations[number].edge.head == target:
                self.stations[number].edge = self.head.core.void_edge

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
        cdef Station* station
        if wire_unlikely(self.passthru):
            station = &self.stations[self.passthru]
        elif wire_unlikely(target & GROUP):
            self.send_back(frame, source)
            return NULL
        else:
            found = table_find(&self.table, target, home) if target else NULL
            if wire_unlikely(found == NULL):
                drop(&self.head, frame, OTHER_STATION)
                return NULL
            station = &self.stations[found[0]]
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
        cdef uint8_t mode = self.stations[sender].mode if sender else 0
        if not sender:
            self.spread(frame, ANY_MODE, 0, False)
        elif mode == VEPA:
            self.spread(frame, VEPA | BRIDGE, sender, False)
        elif mode == BRIDGE:
            self.spread(frame, VEPA, sender, False)
        else:
            self.head.counters.left += 1
            emit(&self.stations[sender].edge, frame)

    cdef Edge* from_member(self, Frame* frame, uint64_t target, uint32_t home) noexcept nogil:
        """Out by the parent, or to another member; returns the edge it took if every frame for this station from here takes it."""
        cdef uint32_t number = frame.input
        cdef uint64_t* found
        if wire_likely(self.stations[number].mode == BRIDGE):
            if wire_unlikely(target & GROUP):
                self.spread(frame, BRIDGE, number, True)
                return NULL
            found = table_find(&self.table, target, home) if target else NULL
            if found != NULL and self.stations[found[0]].mode == BRIDGE:
                if wire_unlikely(found[0] == number):
                    drop(&self.head, frame, SAME_PORT)
                    return NULL
                self.head.counters.left += 1
                emit(&self.stations[found[0]].edge, frame)
                return &self.stations[found[0]].edge
        if wire_unlikely(not self.wired or not self.stations[number].mode):
            drop(&self.head, frame, NO_OTHER_PORT if self.stations[number].mode else UNCONNECTED)
            return NULL
        self.head.counters.left += 1
        emit(&self.wire, frame)
        return &self.wire

    cdef void spread(self, Frame* frame, uint8_t modes, uint32_t but, bint wire) noexcept nogil:
        """To every member of these modes but one, and to the wire: a clone for each but the last, which gets the frame itself."""
        cdef uint32_t number
        cdef Edge* waiting = NULL
        cdef Edge* edge
        cdef Frame* copy
        for number in range(1, self.n_stations + 1):
            if number == self.n_stations:
                if not wire or not self.wired:
                    break
                edge = &self.wire
            elif number == but or not self.stations[number].mac or not self.stations[number].mode & modes:
                continue
            else:
                edge = &self.stations[number].edge
            if waiting != NULL:
                self.head.counters.cloned += 1
                copy = clone(&self.head.core.arena, frame)
                if copy == NULL:
                    # Counted as a clone that was dropped at once; the frame itself still goes to the last.
                    drop(&self.head, frame, TURN_BUDGET)
                else:
                    self.copied += 1
                    self.head.counters.left += 1
                    emit(waiting, copy)
            waiting = edge
        if waiting == NULL:
            drop(&self.head, frame, NO_OTHER_PORT)
            return
        self.head.counters.left += 1
        emit(waiting, frame)
