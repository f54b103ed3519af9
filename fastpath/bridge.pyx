"""The bridge's work per burst: read all addresses and prefetch both table lines of each, then learn and forward in order.

Learning has to stay in arrival order, because the second frame of a burst may already go to the station that the first came
from; only the memory accesses are taken together.
"""

cimport cython

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport free, realloc
from libc.string cimport memcpy

from fastpath.arena cimport clone
from fastpath.bridgerows cimport bridge_counters, move_rows, station_rows
from fastpath.counters cimport (
    ISOLATED, NO_OTHER_PORT, RESERVED_ADDRESS, RUNT, SAME_PORT, SOURCE_INVALID, SPLIT_HORIZON, TURN_BUDGET,
)
from fastpath.fdb cimport (
    MEMBERS_MAX, NOWHERE, fdb_add_member, fdb_flush, fdb_free, fdb_init, fdb_learn, fdb_lookup, fdb_put_static, fdb_remove, fdb_scan,
    fdb_set_ageing, fdb_tick, fdb_unsettled,
)
from fastpath.frame cimport MIN_FRAME, Frame
from fastpath.graph cimport BURST, Edge, Graph, Head, NEVER, Node, drop, emit, set_due
from fastpath.table cimport table_home, table_prefetch
from fastpath.wire cimport wire_likely, wire_swap64, wire_unlikely

cdef enum:
    PREFETCH_FROM = 4         # below so many frames the second pass follows too soon for a prefetch to help
cdef uint64_t GROUP = <uint64_t>1 << 40
cdef uint64_t RESERVED = <uint64_t>0x0180C2000000
cdef uint64_t RESERVED_MASK = <uint64_t>0xFFFFFFFFFFF0

@cython.final
cdef class Bridge(Node):
    """A bridge on a graph. `ageing` in ns (0: never), `limit`: stations it learns in all, `member_limit`: at each member by default."""

    def __init__(self, Graph graph not None, str name not None, *, int64_t ageing=300_000_000_000, uint32_t limit=65536,
                 uint32_t member_limit=0):
        if not 1 <= limit <= 1 << 28:
            raise ValueError("limit: 1 to 2^28 stations")
        fdb_init(&self.fdb, limit, ageing, graph.core.seed ^ <uint64_t>(len(graph.nodes) + 1))
        super().__init__(graph, name)
        # So that a flood of addresses at one port cannot keep the stations of others out.
        self.member_limit = member_limit or max(limit // 8, 1)
        self.names = []

    def __dealloc__(self):
        fdb_free(&self.fdb)
        free(self.members)
        free(self.flooded)

    # -- wiring ---------------------------------------------------------------------------------------------------------

    def add_member(self, Node target not None, *, uint16_t target_input=0, uint32_t limit=0, bint hairpin=False,
                   bint isolated=False, bint flood=True, bint learn=True, bint tunnel=False) -> int:
        """A new member that sends to the node; returns its number, which is the input that the node's frames must come by.

        `flood`: it gets unknown and group frames; `learn`: stations are learned there; two that are `tunnel` exchange nothing.
        """
        cdef uint32_t number = self.names.index(None) if None in self.names else len(self.names)
        cdef Edge edge
        self.connect(&edge, target, target_input)
        self.expect(<uint16_t>min(number, <uint32_t>MEMBERS_MAX))
        self.names[number] = target.name
        self.members[number].edge, self.members[number].used = edge, True
        self.apply(number, limit, hairpin, isolated, flood, learn, tunnel)
        return number

    cdef int apply(self, uint32_t number, uint32_t limit, bint hairpin, bint isolated, bint flood, bint learn, bint tunnel) except -1:
        cdef Member* member = &self.members[number]
        member.hairpin = hairpin
        member.flood = flood
        member.learn = learn
        member.horizon = (ISOLATED_SIDE if isolated else 0) | (TUNNEL_SIDE if tunnel else 0)
        self.fdb.members[number].limit = limit or self.member_limit
        return self.list_flooded()

    cdef int list_flooded(self) except -1:
        """Who gets floods has changed."""
        cdef uint32_t number
        self.n_flooded = 0
        for number in range(self.n_members):
            if self.members[number].used and self.members[number].flood:
                self.flooded[self.n_flooded] = <uint16_t>number
                self.n_flooded += 1
        self.head.core.rewired = True
        return 0

    cdef int expect(self, uint16_t number) except -1:
        """There is a place of that number from now on: whoever leads here may do so before or after `add_member`, which fills it."""
        cdef Member* members
        cdef uint16_t* flooded
        while self.n_members <= number:
            fdb_add_member(&self.fdb, self.n_members, 0)
            members = <Member*>realloc(self.members, (self.n_members + 1) * sizeof(Member))
            if members == NULL:
                raise MemoryError("bridge: members")
            self.members = members
            flooded = <uint16_t*>realloc(self.flooded, (self.n_members + 1) * sizeof(uint16_t))
            if flooded == NULL:
                raise MemoryError("bridge: members")
            self.flooded = flooded
            self.members[self.n_members] = Member(self.head.core.void_edge, False, False, False, True, 0)
            self.names.append(None)
            self.n_members += 1
            self.head.core.rewired = True
        return 0

    def set_member(self, uint32_t number, *, uint32_t limit=0, bint hairpin=False, bint isolated=False, bint flood=True,
                   bint learn=True, bint tunnel=False) -> None:
        """Other settings for a member, from the next frame on; its stations stay, even those beyond a smaller limit."""
        self.expect_member(number)
        self.apply(number, limit, hairpin, isolated, flood, learn, tunnel)

    def remove_member(self, uint32_t number) -> None:
        """The member leaves; its stations are forgotten."""
        self.expect_member(number)
        self.members[number] = Member(self.head.core.void_edge, False, False, False, True, 0)
        self.names[number] = None
        self.fdb.members[number].limit = 0
        fdb_flush(&self.fdb, number)
        self.list_flooded()

    cdef int expect_member(self, uint32_t number) except -1:
        if number >= self.n_members or not self.members[number].used:
            raise ValueError(f"{self.name} has no member {number}")
        return 0

    cdef uint32_t fanout(self) noexcept:
        return max(self.n_flooded, 2) - (2 if self.n_flooded == self.n_members else 1)

    cdef void forget_input(self, uint16_t number) noexcept nogil:
        """Whoever was behind this input is no longer."""
        if number < self.n_members:
            fdb_flush(&self.fdb, number)

    cdef void disconnect(self, const Head* target) noexcept:
        cdef uint32_t number
        for number in range(self.n_members):
            if self.members[number].edge.head == target:
                self.members[number].edge = self.head.core.void_edge

    # -- frames ---------------------------------------------------------------------------------------------------------

    cdef void process(self, Frame** burst, uint32_t n) noexcept nogil:
        cdef uint64_t[BURST] sources
        cdef uint64_t[BURST] targets
        cdef uint32_t[BURST] source_homes
        cdef uint32_t[BURST] target_homes
        cdef uint64_t word
        cdef uint64_t source = ~<uint64_t>0      # no address has 64 bits
        cdef uint64_t target = ~<uint64_t>0
        cdef uint32_t i
        cdef uint32_t came_by = NOWHERE
        cdef uint32_t tick = fdb_tick(self.head.core.now)
        cdef const uint8_t* octets
        cdef Edge* edge = NULL
        for i in range(n):
            octets = burst[i].data
            memcpy(&word, octets, 8)
            targets[i] = wire_swap64(word) >> 16
            memcpy(&word, octets + 6, 8)
            sources[i] = wire_swap64(word) >> 16
            if targets[i] == target and sources[i] == source:
                continue
            target = targets[i]
            source = sources[i]
            target_homes[i] = table_home(&self.fdb.table, target)
            source_homes[i] = table_home(&self.fdb.table, source)
            if n >= PREFETCH_FROM:
                table_prefetch(&self.fdb.table, source_homes[i])
                table_prefetch(&self.fdb.table, target_homes[i])
        for i in range(n):
            # The frame before had the same addresses and came the same way: what held for it holds now.
            if i and targets[i] == targets[i - 1] and sources[i] == sources[i - 1]:
                if edge != NULL and burst[i].input == came_by and burst[i].head >= MIN_FRAME:
                    self.head.counters.left += 1
                    emit(edge, burst[i])
                    continue
                # But it flooded, or came another way: the first pass left this one's homes out.
                target_homes[i] = table_home(&self.fdb.table, targets[i])
                source_homes[i] = table_home(&self.fdb.table, sources[i])
            came_by = burst[i].input
            edge = self.forward(burst[i], sources[i], targets[i], source_homes[i], target_homes[i], tick)
        if wire_unlikely(self.head.due == NEVER):
            self.arm()

    cdef inline Edge* forward(self, Frame* frame, uint64_t source, uint64_t target, uint32_t source_home, uint32_t target_home,
                      uint32_t tick) noexcept nogil:
        """Learn the source, then send the frame on; returns the edge it took if it took just one."""
        cdef uint32_t came_by = frame.input
        cdef uint32_t member
        if wire_unlikely(frame.head < MIN_FRAME):
            drop(&self.head, frame, RUNT)
            return NULL
        if wire_unlikely(source == 0 or source & GROUP):
            drop(&self.head, frame, SOURCE_INVALID)
            return NULL
        if wire_likely(self.members[came_by].learn):
            fdb_learn(&self.fdb, source, source_home, came_by, tick)
        if wire_unlikely(target & GROUP):
            if target & RESERVED_MASK == RESERVED:
                drop(&self.head, frame, RESERVED_ADDRESS)
            else:
                self.flood(frame)
            return NULL
        # Address zero is nobody's, and in the table it means "empty".
        member = fdb_lookup(&self.fdb, target, target_home, tick) if target else NOWHERE
        if wire_unlikely(member == NOWHERE):
            self.flood(frame)
            return NULL
        if wire_unlikely(member == came_by and not self.members[member].hairpin):
            drop(&self.head, frame, SAME_PORT)
            return NULL
        if wire_unlikely(self.members[member].horizon & self.members[came_by].horizon):
            drop(&self.head, frame, SPLIT_HORIZON if self.members[came_by].horizon & TUNNEL_SIDE else ISOLATED)
            return NULL
        self.head.counters.left += 1
        emit(&self.members[member].edge, frame)
        return &self.members[member].edge

    cdef void flood(self, Frame* frame) noexcept nogil:
        """To every member that may have it: a clone for each but the last, which gets the frame itself."""
        cdef uint32_t came_by = frame.input
        cdef uint32_t member, at
        cdef uint32_t waiting = NOWHERE
        cdef uint32_t horizon = self.members[came_by].horizon
        cdef Frame* copy
        self.counters.flooded += 1
        for at in range(self.n_flooded):
            member = self.flooded[at]
            if (member == came_by and not self.members[member].hairpin) or horizon & self.members[member].horizon:
                continue
            if waiting != NOWHERE:
                self.head.counters.cloned += 1
                copy = clone(&self.head.core.arena, frame)
                if copy == NULL:
                    # Counted as a clone that was dropped at once; the frame itself still goes to the last.
                    drop(&self.head, frame, TURN_BUDGET)
                else:
                    self.head.counters.left += 1
                    emit(&self.members[waiting].edge, copy)
            waiting = member
        if waiting == NOWHERE:
            drop(&self.head, frame, NO_OTHER_PORT)
            return
        self.head.counters.left += 1
        emit(&self.members[waiting].edge, frame)

    # -- time -----------------------------------------------------------------------------------------------------------

    cdef void arm(self) noexcept nogil:
        """The scanner runs only while it has work."""
        if fdb_unsettled(&self.fdb):
            set_due(&self.head, self.head.core.now + self.fdb.period)

    cdef void expire(self, int64_t now) noexcept nogil:
        fdb_scan(&self.fdb, now)
        self.arm()

    # -- for people -----------------------------------------------------------------------------------------------------

    def set_ageing(self, int64_t ageing) -> None:
        """Ageing time in ns from now on; 0: stations are never forgotten."""
        fdb_set_ageing(&self.fdb, ageing)
        self.head.due = NEVER
        self.arm()

    def add_static(self, uint64_t mac, uint32_t number) -> None:
        """The station is at the member, whatever traffic says (BR-15)."""
        self.expect_member(number)
        if mac == 0 or mac & GROUP or mac >> 48:
            raise ValueError("an individual MAC address, as a number")
        fdb_put_static(&self.fdb, mac, number)

    def forget(self, uint64_t mac) -> bool:
        """Remove one station; False if it is not known."""
        return mac != 0 and fdb_remove(&self.fdb, mac)

    def flush(self, uint32_t number) -> None:
        """Forget every station of the member."""
        self.expect_member(number)
        fdb_flush(&self.fdb, number)

    def stations(self, int64_t now):
        """The live entries: a NumPy array of FDB_DTYPE (MAC as a number, member, ns since last seen as a source, static)."""
        return station_rows(&self.fdb, now)

    def moving(self, int64_t now):
        """Stations that keep moving, as behind a loop: MOVES_DTYPE, at most 64 rows; `moves` without a pause of ten seconds."""
        return move_rows(&self.fdb, now)

    def named_counters(self) -> dict:
        """This bridge's own counters."""
        return bridge_counters(&self.fdb, self.counters.flooded)

    @property
    def table_octets(self) -> int:
        """Memory of the table."""
        return <size_t>self.fdb.table.n_buckets * 64
