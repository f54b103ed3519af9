"""The graph of one thread. Nodes are added and connected between turns, never during one."""

from libc.stdint cimport int64_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memmove

from fastpath.arena cimport arena_free, arena_init, arena_reset
from fastpath.counters cimport HOP_BUDGET, UNCONNECTED, Reason
from fastpath.frame cimport Frame

ctypedef void (*process_function)(void*, Frame**, uint32_t) noexcept nogil
ctypedef void (*expire_function)(void*, int64_t) noexcept nogil
ctypedef void (*forget_function)(void*, uint16_t) noexcept nogil


cdef void call_process(Node node, Frame** burst, uint32_t n) noexcept nogil:
    node.process(burst, n)


cdef void call_expire(Node node, int64_t now) noexcept nogil:
    node.expire(now)


cdef void call_forget_input(Node node, uint16_t number) noexcept nogil:
    node.forget_input(number)


# A Head holds its Node as a plain pointer, because no reference may be counted without the GIL; these take it as such.
cdef process_function process_of = <process_function><void*>call_process
cdef expire_function expire_of = <expire_function><void*>call_expire
cdef forget_function forget_of = <forget_function><void*>call_forget_input


cdef void forget_behind(Edge* edge) noexcept nogil:
    forget_of(edge.head.node, edge.input)


cdef Burst* next_burst(Head* head) noexcept nogil:
    """An empty Burst at the end of the head's queue; the head joins the work list if it was idle. Never fails: see `Graph.add`."""
    cdef Core* core = head.core
    cdef Burst* burst = core.spare
    core.spare = burst.next
    burst.next = NULL
    burst.n = 0
    if head.first == NULL:
        head.first = burst
        head.next = NULL
        if core.first == NULL:
            core.first = head
        else:
            core.last.next = head
        core.last = head
    else:
        head.last.next = burst
    head.last = burst
    return burst


cdef void set_due(Head* head, int64_t due) noexcept nogil:
    """The node wants `expire` to be called at `due` (NEVER takes the wish back)."""
    head.due = due
    if due < head.core.due:
        head.core.due = due


cdef void sleep(Head* port) noexcept nogil:
    """Take a port out of the list of those to poll."""
    cdef Core* core = port.core
    cdef Head* before = NULL
    cdef Head* at = core.first_ready
    while at != port:
        before = at
        at = at.next_ready
    if before == NULL:
        core.first_ready = port.next_ready
    else:
        before.next_ready = port.next_ready
    if core.last_ready == port:
        core.last_ready = before
    port.ready = False


cdef class Node:
    """Takes bursts of frames, owns its tables and counters. Subclasses override `process`, and `expire` if they wait for times."""

    def __init__(self, Graph graph not None, str name not None):
        self.graph = graph
        self.name = name
        graph.add(self)

    cdef void process(self, Frame** burst, uint32_t n) noexcept nogil:
        cdef uint32_t i
        for i in range(n):
            drop(&self.head, burst[i], UNCONNECTED)

    cdef void expire(self, int64_t now) noexcept nogil:
        self.head.due = NEVER

    cdef uint32_t fanout(self) noexcept:
        """Clones that one frame may need here."""
        return 0

    cdef int expect(self, uint16_t number) except -1:
        """An edge is about to lead to this input of ours: `process` must be able to take frames from it."""
        return 0

    cdef void disconnect(self, const Head* target) noexcept:
        """Lead every edge to this node to nowhere: it is about to go."""

    cdef void forget_input(self, uint16_t number) noexcept nogil:
        """Whoever was behind this input of ours is no longer: what was learned there is to be forgotten. In the midst of a turn."""

    cdef int connect(self, Edge* edge, Node target, uint16_t target_input=0) except -1:
        """Lead an edge of ours to a node, or, with None, to nowhere. Errors: ValueError unless both are in the same graph."""
        if target is None:
            edge[0] = self.head.core.void_edge
            return 0
        # An Edge keeps no node alive; the graph does.
        if self.graph.by_name.get(self.name) is not self or self.graph.by_name.get(target.name) is not target:
            raise ValueError(f"{self.name} cannot lead to {target.name}: they are not, or no longer, in the same graph")
        target.expect(target_input)
        edge.head = &target.head
        edge.input = target_input
        return 0


cdef class DropNode(Node):
    """Drops all it gets, for one reason."""
    cdef Reason reason

    cdef void process(self, Frame** burst, uint32_t n) noexcept nogil:
        cdef uint32_t i
        for i in range(n):
            drop(&self.head, burst[i], self.reason)


cdef class Graph:
    """Nodes over one arena, with one time. `small`, `large` and `clones` are the numbers of slots of each size."""

    def __cinit__(self, *args, uint32_t small=768, uint32_t large=256, uint32_t clones=16384, uint64_t seed=0, **kwargs):
        self.nodes = []
        self.by_name = {}
        self.core.due = NEVER
        self.core.seed = seed
        self.core.port_drops = <uint64_t**>calloc(PORTS_MAX, sizeof(uint64_t*))
        if self.core.port_drops == NULL:
            raise MemoryError("graph")
        self.core.port_drops[0] = self.no_port_drops
        arena_init(&self.core.arena, small, large, clones)
        for _ in range((small + large + clones) // BURST + 2):
            self.more_bursts()

    def __init__(self, *args, **kwargs):
        self.core.void_edge.head = &(<Node>DropNode(self, "unconnected")).head
        (<DropNode>self.nodes[0]).reason = UNCONNECTED
        self.core.hop_edge.head = &(<Node>DropNode(self, "hop budget")).head
        (<DropNode>self.nodes[1]).reason = HOP_BUDGET

    def __dealloc__(self):
        cdef Burst* burst = self.core.spare
        cdef Burst* following
        while burst != NULL:
            following = burst.next
            free(burst)
            burst = following
        free(self.core.port_drops)
        free(self.heads)
        arena_free(&self.core.arena)

    cdef int more_bursts(self) except -1:
        cdef Burst* burst = <Burst*>calloc(1, sizeof(Burst))
        if burst == NULL:
            raise MemoryError("graph: burst")
        burst.next = self.core.spare
        self.core.spare = burst
        return 0

    cdef int add(self, Node node) except -1:
        """Make the node part of this graph; its part-filled Burst is made here, so that `emit` cannot fail."""
        cdef Head** heads
        if node.name in self.by_name:
            raise ValueError(f"there is a node {node.name!r} already")
        heads = <Head**>realloc(self.heads, (self.n_heads + 1) * sizeof(Head*))
        if heads == NULL:
            raise MemoryError("graph: heads")
        self.heads = heads
        self.more_bursts()
        node.head.core = &self.core
        node.head.node = <void*>node
        node.head.due = NEVER
        self.heads[self.n_heads] = &node.head
        self.n_heads += 1
        self.nodes.append(node)
        self.by_name[node.name] = node
        self.core.rewired = True
        return 0

    cdef int discard(self, Node node) except -1:
        """Take the node out, between turns; edges to it lead nowhere from now on. The Burst that `add` made for it goes as well."""
        cdef uint32_t at = self.nodes.index(node)
        cdef Burst* burst
        if isinstance(node, DropNode):
            raise ValueError(f"the graph needs its node {node.name!r}")
        for other in self.nodes:
            (<Node>other).disconnect(&node.head)
        if node.head.ready:
            sleep(&node.head)
        node.head.ready = True
        del self.nodes[at]
        del self.by_name[node.name]
        self.core.rewired = True
        self.n_heads -= 1
        memmove(&self.heads[at], &self.heads[at + 1], (self.n_heads - at) * sizeof(Head*))
        burst = self.core.spare  # between turns all are there
        self.core.spare = burst.next
        free(burst)
        return 0

    cdef void drain(self) noexcept nogil:
        """Run nodes until no frame waits."""
        cdef Core* core = &self.core
        cdef Head* head
        cdef Burst* burst
        while core.first != NULL:
            head = core.first
            core.first = head.next
            burst = head.first
            head.first = burst.next
            if head.first == NULL:
                head.last = NULL
            else:
                # More than one burst waits: go to the back of the list, so that others get their turn.
                head.next = NULL
                if core.first == NULL:
                    core.first = head
                else:
                    core.last.next = head
                core.last = head
            head.counters.entered += burst.n
            process_of(head.node, burst.frames, burst.n)
            burst.next = core.spare
            core.spare = burst

    cdef void expire_until(self, int64_t now) noexcept nogil:
        """Fire every timer due at `now` or before, in order of time, then of the nodes; what they emit drains before the next.

        A node that fires sees the time it asked for as the graph's time, however late it is called.
        """
        cdef Core* core = &self.core
        cdef Head* head
        cdef int64_t due
        cdef uint32_t i
        core.until = now
        while core.due <= now:
            due = NEVER
            for i in range(self.n_heads):
                due = min(due, self.heads[i].due)
            core.due = due
            if due > now:
                return
            core.now = max(core.now, due)
            arena_reset(&core.arena)
            for i in range(self.n_heads):
                head = self.heads[i]
                if head.due == due:
                    head.due = NEVER
                    expire_of(head.node, due)
                    # Time must go on: a wish for now or the past would be granted for ever.
                    if head.due <= due:
                        head.due = due + 1
            self.drain()

    @property
    def bursts(self) -> int:
        """Bursts that are there, between turns: those that all frames of the arena fill, and one a node."""
        cdef Burst* burst = self.core.spare
        cdef uint32_t found = 0
        while burst != NULL:
            found += 1
            burst = burst.next
        return found
