"""Places are numbered from 1 and used again; a place that is free leads nowhere."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t
from libc.stdlib cimport calloc, free, realloc

from fastpath.arena cimport clone
from fastpath.counters cimport NO_OTHER_PORT, TURN_BUDGET
from fastpath.frame cimport Frame
from fastpath.graph cimport Edge, Graph, Head, Node, drop, emit


cdef class Members(Node):
    """A node of members behind one parent: see Macvlan, Ipvlan and Vlan."""

    def __init__(self, Graph graph not None, str name not None):
        super().__init__(graph, name)
        self.names = [None]
        self.members = <Member*>calloc(1, sizeof(Member))
        if self.members == NULL:
            raise MemoryError(f"{name}: members")
        self.n_members = 1
        self.wire = graph.core.void_edge
        self.members[0].edge = graph.core.void_edge

    def __dealloc__(self):
        free(self.members)

    # -- wiring ---------------------------------------------------------------------------------------------------------

    def lead_wire(self, Node target, uint16_t target_input=0) -> None:
        """Where frames for the outside go: the parent, whose frames must come by input 0; None: there is none."""
        self.connect(&self.wire, target, target_input)
        self.wired = target is not None
        self.head.core.rewired = True

    cdef uint32_t free_number(self) except 0:
        cdef uint32_t number = self.names.index(None, 1) if None in self.names[1:] else len(self.names)
        if number > MEMBERS_MAX:
            raise ValueError(f"{self.name}: at most {MEMBERS_MAX} members")
        return number

    cdef int expect(self, uint16_t number) except -1:
        cdef Member* members
        if number > MEMBERS_MAX:
            raise ValueError(f"{self.name}: at most {MEMBERS_MAX} members")
        if self.n_members <= number:
            members = <Member*>realloc(self.members, (<size_t>number + 1) * sizeof(Member))
            if members == NULL:
                raise MemoryError(f"{self.name}: members")
            self.members = members
            while self.n_members <= number:
                self.members[self.n_members] = Member(self.head.core.void_edge, 0)
                self.names.append(None)
                self.n_members += 1
        return 0

    cdef int enter(self, uint32_t number, Node target, Member member) except -1:
        self.names[number] = target.name
        self.members[number] = member
        self.count += 1
        self.head.core.rewired = True
        return 0

    cdef int leave(self, uint32_t number) except -1:
        self.members[number] = Member(self.head.core.void_edge, 0)
        self.names[number] = None
        self.count -= 1
        self.head.core.rewired = True
        return 0

    cdef int expect_member(self, uint32_t number) except -1:
        if not 0 < number < self.n_members or not self.members[number].mode:
            raise ValueError(f"{self.name} has no member {number}")
        return 0

    cdef uint32_t fanout(self) noexcept:
        return max(self.count + self.wired, <uint32_t>1) - 1

    cdef void disconnect(self, const Head* target) noexcept:
        cdef uint32_t number
        if self.wire.head == target:
            self.wire = self.head.core.void_edge
            self.wired = False
        for number in range(self.n_members):
            if self.members[number].edge.head == target:
                self.members[number].edge = self.head.core.void_edge

    # -- frames ---------------------------------------------------------------------------------------------------------

    cdef void spread(self, Frame* frame, uint8_t modes, uint32_t but, bint wire) noexcept nogil:
        cdef uint32_t number
        cdef Edge* waiting = NULL
        cdef Edge* edge
        cdef Frame* copy
        for number in range(1, self.n_members + 1):
            if number == self.n_members:
                if not wire or not self.wired:
                    break
                edge = &self.wire
            elif number == but or not self.members[number].mode & modes:
                continue
            else:
                edge = &self.members[number].edge
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
