"""Tags on, tags off."""

cimport cython

from libc.stdint cimport uint16_t, uint32_t
from libc.string cimport memmove

from fastpath.counters cimport OTHER_VLAN, RUNT, TOO_BIG, UNCONNECTED
from fastpath.frame cimport GSO_NONE, MIN_FRAME, NEEDS_CSUM, Frame
from fastpath.graph cimport Edge, Node, drop, emit
from fastpath.members cimport WIRE, Member, Members
from fastpath.wire cimport load16, store16, wire_likely, wire_unlikely

@cython.final
cdef class Vlan(Members):
    """The networks of one parent, by their tags."""

    def add_network(self, Node target not None, *, uint32_t identifier, uint16_t target_input=0) -> int:
        """Frames of this VLAN (1 to 4094), or without a tag (0), go to the node; returns the input that its frames must come by.

        Errors: ValueError for an identifier that cannot be, or that another network has.
        """
        cdef uint32_t number = self.free_number()
        cdef Edge edge
        if identifier > 4094:
            raise ValueError("identifier: 0 to 4094")
        if self.numbers[identifier]:
            raise ValueError(f"{self.names[self.numbers[identifier]]} has VLAN {identifier} already")
        self.connect(&edge, target, target_input)
        self.expect(<uint16_t>number)
        self.enter(number, target, Member(edge, 1))
        self.identifiers[number] = <uint16_t>identifier
        self.numbers[identifier] = <uint16_t>number
        return number

    def remove_network(self, uint32_t number) -> None:
        """Its frames end here from now on."""
        self.expect_member(number)
        self.numbers[self.identifiers[number]] = 0
        self.leave(number)

    cdef uint32_t fanout(self) noexcept:
        return 0

    # -- frames ---------------------------------------------------------------------------------------------------------

    cdef void process(self, Frame** burst, uint32_t n) noexcept nogil:
        cdef uint32_t i
        for i in range(n):
            if wire_unlikely(burst[i].head < MIN_FRAME):
                drop(&self.head, burst[i], RUNT)
            elif burst[i].input == WIRE:
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
        emit(&self.members[number].edge, frame)

    cdef void tag(self, Frame* frame) noexcept nogil:
        cdef uint16_t identifier
        if wire_unlikely(not self.members[frame.input].mode):
            drop(&self.head, frame, UNCONNECTED)
            return
        identifier = self.identifiers[frame.input]
        if wire_likely(identifier):
            if wire_unlikely(frame.room < TAG):
                drop(&self.head, frame, TOO_BIG)
                return
            frame.data -= TAG
            frame.room -= TAG
            frame.head += TAG
            frame.length += TAG
            memmove(frame.data, frame.data + TAG, 12)
            store16(frame.data + 12, CUSTOMER)
            store16(frame.data + 14, identifier)
            if frame.flags & NEEDS_CSUM:
                frame.csum_start += TAG
            if frame.gso_type != GSO_NONE:
                frame.header += TAG
            if frame.outer_transport:
                frame.outer_transport += TAG
                frame.inner_network += TAG
        self.head.counters.left += 1
        emit(&self.wire, frame)
