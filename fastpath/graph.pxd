"""Nodes, edges and the work list: `emit(edge, frame)` is the only way forward.

An Edge names a node and which of its inputs: a bridge member, a router interface. Each node with waiting frames stands in the
work list once; `drain` hands it one burst of up to 256 frames at a time, first come first served, until the list is empty.
A frame waits at one node at a time and is in one Burst only, so Bursts are bounded: one part-filled Burst a node and one full
one per 256 slots.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from fastpath.arena cimport Arena
from fastpath.counters cimport REASONS_MAX, Counters, Reason
from fastpath.frame cimport Frame
from fastpath.wire cimport wire_unlikely

cdef enum:
    BURST = 256
    PORTS_MAX = 0x10000          # port 0 stands for frames that came by none

cdef enum:
    NEVER = 0x7FFFFFFFFFFFFFFF   # a time that does not come

cdef struct Burst:
    Burst* next
    uint32_t n
    Frame* frames[BURST]

cdef struct Head:                # the C side of a Node
    Burst* first
    Burst* last
    Head* next                   # in the work list
    Core* core
    void* node                   # the Node itself; the Graph holds the reference
    int64_t due                  # when `expire` is to be called; NEVER
    Head* next_ready             # Ports: in the list of those with something to poll
    bint ready                   # in that list; of a node taken out for good, so that nothing wakes it
    Counters counters

cdef struct Edge:
    Head* head
    uint16_t input

# Called for each dropped frame when set: replay writes the frame to a capture with its reason.
ctypedef void (*drop_hook)(void* context, Head* head, Frame* frame, Reason reason) noexcept nogil

cdef struct Core:                # the C side of a Graph: all that nodes may use
    int64_t now                  # ns; the time of this turn
    uint64_t turns               # before this one
    Arena arena
    Head* first                  # work list
    Head* last
    Burst* spare
    Head* first_ready            # Ports to poll, in turn
    Head* last_ready
    Edge void_edge               # where unconnected edges lead: a node that drops
    Edge hop_edge                # where frames without hops go: a node that drops
    uint64_t** port_drops        # by Frame.ingress: drops[REASONS_MAX] of that port
    int64_t due                  # the earliest Head.due
    int64_t until                # while timers fire: those due by then do; `now` is on its way there
    drop_hook on_drop
    void* on_drop_context
    uint64_t seed
    bint rewired                 # fan-outs may have changed since the Engine last looked

cdef class Node:
    cdef Head head
    cdef readonly str name
    cdef readonly Graph graph
    cdef void process(self, Frame** burst, uint32_t n) noexcept nogil
    cdef void expire(self, int64_t now) noexcept nogil
    cdef uint32_t fanout(self) noexcept
    cdef int expect(self, uint16_t number) except -1
    cdef void disconnect(self, const Head* target) noexcept
    cdef void forget_input(self, uint16_t number) noexcept nogil
    cdef int connect(self, Edge* edge, Node target, uint16_t target_input=*) except -1

cdef class Graph:
    cdef Core core
    cdef readonly list nodes
    cdef readonly dict by_name
    cdef Head** heads            # of `nodes`, for code without the GIL
    cdef uint32_t n_heads
    cdef uint64_t[REASONS_MAX] no_port_drops
    cdef int more_bursts(self) except -1
    cdef int add(self, Node node) except -1
    cdef int discard(self, Node node) except -1
    cdef void drain(self) noexcept nogil
    cdef void expire_until(self, int64_t now) noexcept nogil

cdef Burst* next_burst(Head* head) noexcept nogil
cdef void set_due(Head* head, int64_t due) noexcept nogil
# Tell the edge's node that who was behind that input is no longer there, in the midst of a turn.
cdef void forget_behind(Edge* edge) noexcept nogil

cdef inline void wake(Head* port) noexcept nogil:
    """The Port has something to poll: the next turn does."""
    if port.ready:
        return
    port.ready = True
    port.next_ready = NULL
    if port.core.first_ready == NULL:
        port.core.first_ready = port
    else:
        port.core.last_ready.next_ready = port
    port.core.last_ready = port

cdef inline void emit(Edge* edge, Frame* frame) noexcept nogil:
    """Hand the frame to the edge's node. The sender counts it as `left`."""
    cdef Head* head = edge.head
    cdef Burst* burst
    if wire_unlikely(frame.hops == 0):
        head = head.core.hop_edge.head
    else:
        frame.hops -= 1
    frame.input = edge.input
    burst = head.last
    if wire_unlikely(burst == NULL or burst.n == BURST):
        burst = next_burst(head)
    burst.frames[burst.n] = frame
    burst.n += 1

cdef inline void drop(Head* head, Frame* frame, Reason reason) noexcept nogil:
    """The end of a frame for a named reason, counted at the node and at the port it came in by."""
    head.counters.dropped += 1
    head.counters.drops[<uint32_t>reason] += 1
    head.core.port_drops[frame.ingress][<uint32_t>reason] += 1
    if wire_unlikely(head.core.on_drop != NULL):
        head.core.on_drop(head.core.on_drop_context, head, frame, reason)
