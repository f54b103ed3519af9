"""Each frame in order of arrival; what decides lies in the first two cache lines of a frame and in a table that is seldom large."""

cimport cython

from libc.stdint cimport int64_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy

from fastpath.address cimport address_read, prefix_read
from fastpath.counters cimport (
    ISOLATED, NO_GROUPS, NO_OTHER_PORT, OTHER_STATION, RUNT, SAME_PORT, THE_HOST, UNCONNECTED,
)
from fastpath.ethernet cimport MAC_WORD, mac_word, store48
from fastpath.frame cimport MIN_FRAME, Frame
from fastpath.graph cimport Edge, Graph, Node, drop, emit
from fastpath.ip cimport Address, is_mapped
from fastpath.members cimport WIRE, Member, Members
from fastpath.neighbor cimport NOBODY, PERMANENT, neighbor_add, neighbor_become, neighbor_find, neighbor_remove
from fastpath.nexthop cimport (
    PREFIXES_MAX, Prefix, nexthops_expire, nexthops_free, nexthops_heard, nexthops_init, nexthops_send,
)
from fastpath.owners cimport IP, UNREADABLE, Kind, addressed, owner_of, owners_add, owners_free, owners_init, owners_remove
from fastpath.wire cimport wire_likely, wire_unlikely

cdef dict MODES = {"l2": False, "l3": True, "l3s": True}
cdef dict FLAGS = {"bridge": SHARED, "private": PRIVATE, "vepa": VEPA}

@cython.final
cdef class Ipvlan(Members):
    """Members that share the MAC address `mac` (a number) of one parent.

    `mode`: l2, l3 or l3s; `flag`: bridge, private or vepa; `limit`: addresses of all members together.
    """

    def __init__(self, Graph graph not None, str name not None, *, uint64_t mac, str mode="l2", str flag="bridge", uint32_t limit=16384):
        cdef uint64_t seed = graph.core.seed ^ <uint64_t>(len(graph.nodes) + 1)
        if mac == 0 or mac >> 40 & 1 or mac >> 48:
            raise ValueError("an individual MAC address, as a number")
        if mode not in MODES:
            raise ValueError(f"mode: one of {', '.join(MODES)}")
        if flag not in FLAGS:
            raise ValueError(f"flag: one of {', '.join(FLAGS)}")
        if not 1 <= limit <= 1 << 20:
            raise ValueError("limit: 1 to 2^20 addresses")
        owners_init(&self.owners, limit, seed)
        self.mac = mac
        self.mac_word = mac_word(mac)
        self.l3 = MODES[mode]
        self.flag = FLAGS[flag]
        super().__init__(graph, name)
        nexthops_init(&self.hops, &self.head, &self.wire, mac, seed)

    def __dealloc__(self):
        owners_free(&self.owners)
        nexthops_free(&self.hops)

    # -- wiring ---------------------------------------------------------------------------------------------------------

    def set_host(self, addresses=(), gateways=(), neighbors=(), *, bint arp=True) -> None:
        """Of mode l3: the parent's own addresses ("192.0.2.1/24"), the gateways of its families, and (address, MAC as a number) of
        hosts on its network that need not be asked; without `arp` no others are. Errors: ValueError.
        """
        cdef Address address
        cdef uint32_t length, number
        if len(addresses) > PREFIXES_MAX:
            raise ValueError(f"at most {PREFIXES_MAX} addresses of the parent")
        self.hops.n_prefixes = 0
        self.hops.led[0] = self.hops.led[1] = False
        self.hops.arp = arp
        for text in addresses:
            prefix_read(text, &address, &length)
            self.hops.prefixes[self.hops.n_prefixes] = Prefix(address, length)
            self.hops.n_prefixes += 1
        for text in gateways:
            address_read(text, &address)
            self.hops.gateways[not is_mapped(&address)] = address
            self.hops.led[not is_mapped(&address)] = True
        for text, mac in neighbors:
            address_read(text, &address)
            number = neighbor_find(&self.hops.neighbors, 0, &address)
            if number != NOBODY:
                neighbor_remove(&self.hops.neighbors, number)
            number = neighbor_add(&self.hops.neighbors, 0, &address)
            if number == NOBODY:
                raise ValueError("too many neighbors")
            self.hops.neighbors.neighbors[number].mac = mac
            neighbor_become(&self.hops.neighbors, number, PERMANENT, self.head.core.now)

    def add_member(self, Node target not None, *, addresses=(), uint16_t target_input=0) -> int:
        """A new member that sends to the node, with IP addresses; returns its number, the input that its frames must come by.

        Errors: ValueError for an address that another has.
        """
        cdef uint32_t number = self.free_number()
        cdef Edge edge
        self.connect(&edge, target, target_input)
        self.expect(<uint16_t>number)
        owners_add(&self.owners, number, list(addresses))
        self.enter(number, target, Member(edge, ALIKE))
        return number

    def set_member(self, uint32_t number, *, addresses=()) -> None:
        """Other addresses, from the next frame on. Errors: ValueError; it then has none."""
        self.expect_member(number)
        owners_remove(&self.owners, number)
        owners_add(&self.owners, number, list(addresses))

    def remove_member(self, uint32_t number) -> None:
        """The member leaves, and its addresses with it."""
        self.expect_member(number)
        owners_remove(&self.owners, number)
        self.leave(number)

    # -- frames ---------------------------------------------------------------------------------------------------------

    cdef void process(self, Frame** burst, uint32_t n) noexcept nogil:
        cdef uint32_t i
        for i in range(n):
            if wire_unlikely(burst[i].head < MIN_FRAME):
                drop(&self.head, burst[i], RUNT)
            elif burst[i].input == WIRE:
                self.from_wire(burst[i])
            elif wire_unlikely(not self.members[burst[i].input].mode):
                drop(&self.head, burst[i], UNCONNECTED)
            elif self.l3:
                self.from_member_l3(burst[i])
            else:
                self.from_member(burst[i])

    cdef void from_wire(self, Frame* frame) noexcept nogil:
        cdef uint64_t target, source
        cdef Address address
        cdef uint32_t number
        memcpy(&target, frame.data, 8)
        memcpy(&source, frame.data + 6, 8)
        if wire_unlikely(target & 1):
            if self.l3:
                if nexthops_heard(&self.hops, frame):
                    self.head.counters.consumed += 1
                else:
                    drop(&self.head, frame, NO_GROUPS)
            elif source & MAC_WORD == self.mac_word and addressed(frame, False, &address) and owner_of(&self.owners, &address):
                # A member sent it, and a switch sends it back.
                drop(&self.head, frame, SAME_PORT)
            else:
                self.spread(frame, ALIKE, 0, False)
            return
        if wire_unlikely(target & MAC_WORD != self.mac_word):
            drop(&self.head, frame, OTHER_STATION)
            return
        number = owner_of(&self.owners, &address) if addressed(frame, True, &address) else 0
        if wire_likely(number):
            self.head.counters.left += 1
            emit(&self.members[number].edge, frame)
        elif self.l3 and nexthops_heard(&self.hops, frame):
            self.head.counters.consumed += 1
        else:
            drop(&self.head, frame, THE_HOST)

    cdef void from_member(self, Frame* frame) noexcept nogil:
        cdef uint64_t target, source
        cdef Address address
        cdef uint32_t number
        memcpy(&target, frame.data, 8)
        memcpy(&source, frame.data + 6, 8)
        if wire_unlikely(target & 1):
            self.spread(frame, ALIKE, frame.input, True)
        elif self.flag != VEPA and (target ^ source) & MAC_WORD == 0:
            number = owner_of(&self.owners, &address) if addressed(frame, True, &address) else 0
            if number:
                self.hand(frame, number)
            else:
                drop(&self.head, frame, THE_HOST)
        else:
            self.to_wire(frame)

    cdef void from_member_l3(self, Frame* frame) noexcept nogil:
        cdef Address address
        cdef Kind kind = addressed(frame, True, &address)
        cdef uint32_t number
        if self.flag != VEPA and kind != UNREADABLE:
            number = owner_of(&self.owners, &address)
            if number:
                self.hand(frame, number)
                return
        if kind != IP or frame.data[0] & 1:
            drop(&self.head, frame, NO_GROUPS)
        elif not self.wired:
            drop(&self.head, frame, NO_OTHER_PORT)
        else:
            nexthops_send(&self.hops, &address, frame)

    cdef void hand(self, Frame* frame, uint32_t number) noexcept nogil:
        """To a sibling."""
        if self.flag == PRIVATE:
            drop(&self.head, frame, ISOLATED)
            return
        if self.l3:
            store48(frame.data, self.mac)
            store48(frame.data + 6, self.mac)
        self.head.counters.left += 1
        emit(&self.members[number].edge, frame)

    cdef void to_wire(self, Frame* frame) noexcept nogil:
        if wire_unlikely(not self.wired):
            drop(&self.head, frame, NO_OTHER_PORT)
            return
        self.head.counters.left += 1
        emit(&self.wire, frame)

    # -- time -----------------------------------------------------------------------------------------------------------

    cdef void expire(self, int64_t now) noexcept nogil:
        nexthops_expire(&self.hops, now)
