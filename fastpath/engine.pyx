"""Turning the graph: who is polled, how much, and when timers fire."""

import numpy as np

from libc.stdint cimport int64_t, uint16_t, uint32_t, uint64_t

from fastpath.arena cimport arena_reset
from fastpath.counters import REASONS
from fastpath.graph cimport BURST, Graph, Head, NEVER, Node
from fastpath.port cimport Port

cdef extern from *:
    """
    #if defined(__x86_64__)
    #include <x86intrin.h>
    #define engine_ticks() __rdtsc()
    #else
    #include <time.h>
    static unsigned long long engine_ticks(void) {
        struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1000000000ull + t.tv_nsec;
    }
    #endif
    """
    uint64_t engine_ticks() noexcept nogil

ctypedef uint32_t (*poll_function)(void*, uint32_t) noexcept nogil


cdef uint32_t call_poll(Port port, uint32_t room) noexcept nogil:
    return port.poll(room)

# As in graph: no reference is counted without the GIL.
cdef poll_function poll_of = <poll_function><void*>call_poll

cdef int64_t TIME_MAX = <int64_t>1 << 62       # what is due later than this still has a time

COUNTERS_DTYPE = np.dtype(
    [("node", "U128")] + [(name, "<u8") for name in ("in", "out", "cloned", "originated", "consumed", "held", "dropped")]
)
DROPS_DTYPE = np.dtype([("scope", "U4"), ("name", "U128"), ("reason", "U24"), ("count", "<u8")])
TRAFFIC_DTYPE = np.dtype(
    [("port", "U128")] + [(name, "<u8") for name in ("in_frames", "in_octets", "out_frames", "out_octets", "dropped")]
)


cdef class Engine(Graph):
    """Ports and nodes of one thread. `burst`: frames polled per turn at most (1…256); `seed` fixes hash keys and choices."""

    def __init__(self, *, uint32_t burst=BURST, uint32_t small=768, uint32_t large=256, uint32_t clones=16384, uint64_t seed=0):
        super().__init__()
        if not 1 <= burst <= BURST:
            raise ValueError(f"burst: 1 to {BURST} frames")
        self.burst_wanted = burst
        self.burst = burst
        self.ports = {}

    cdef int add(self, Node node) except -1:
        Graph.add(self, node)
        if isinstance(node, Port):
            self.ports[node.name] = node
        return 0

    cdef int discard(self, Node node) except -1:
        Graph.discard(self, node)
        if isinstance(node, Port):
            del self.ports[node.name]
            self.core.port_drops[(<Port>node).index] = NULL
        return 0

    cdef int measure_fanout(self) except -1:
        """After a rewiring: poll as few frames as can all be flooded within the arena, so that an honest flood never meets the budget."""
        cdef uint32_t fanout = 1
        if not self.core.rewired:
            return 0
        self.core.rewired = False
        for node in self.nodes:
            fanout += (<Node>node).fanout()
        self.burst = max(<uint32_t>1, min(self.burst_wanted, self.core.arena.clones.count // fanout))
        self.core.arena.allowance = <uint16_t>min(self.core.arena.clones.count // self.burst, <uint32_t>0xFFFF)
        return 0

    cdef uint32_t turn_nogil(self, int64_t now) noexcept nogil:
        cdef Head* head
        cdef Head* stop = self.core.last_ready
        cdef uint32_t room = self.burst
        cdef uint32_t polled
        if self.core.due <= now:
            self.expire_until(now)
        self.core.now = now
        arena_reset(&self.core.arena)
        while room and self.core.first_ready != NULL:
            head = self.core.first_ready
            self.core.first_ready = head.next_ready
            head.ready = False
            polled = poll_of(head.node, room)
            room -= min(polled, room)
            if head == stop:
                break
        self.drain()
        self.core.turns += 1
        return self.burst - room

    # -- for Python -----------------------------------------------------------------------------------------------------

    def turn(self, int64_t now) -> int:
        """One turn at `now` ns: due timers, then up to `burst` waiting frames; returns how many were polled.

        Errors: ValueError if time goes back, or beyond 2^62 ns (146 years).
        """
        cdef uint32_t polled
        if now < self.core.now:
            raise ValueError(f"time goes back: {now} after {self.core.now}")
        if now > TIME_MAX:
            raise ValueError(f"time ends at {TIME_MAX} ns, before {now}")
        self.measure_fanout()
        with nogil:
            polled = self.turn_nogil(now)
        return polled

    def run_until_idle(self, int64_t now) -> int:
        """Turns at `now` until no port has anything to poll; returns the frames polled. Not for ports that cycle."""
        total = self.turn(now)
        while self.core.first_ready != NULL:
            total += self.turn(now)
        return total

    def spin(self, uint32_t turns, int64_t now, int64_t step) -> tuple[int, int]:
        """So many turns, `step` ns of time apart, from `now`: (frames polled, processor ticks spent). For benchmarks."""
        cdef uint64_t frames = 0
        cdef uint64_t before
        cdef uint32_t i
        self.measure_fanout()
        with nogil:
            before = engine_ticks()
            for i in range(turns):
                frames += self.turn_nogil(now + i * step)
            before = engine_ticks() - before
        return frames, before

    @property
    def turns(self) -> int:
        """Turns so far."""
        return self.core.turns

    @property
    def now(self) -> int:
        """Time of the latest turn, ns."""
        return self.core.now

    @property
    def next_due(self) -> int | None:
        """When the next timer is due, ns, or None."""
        return None if self.core.due == NEVER else self.core.due

    @property
    def held(self) -> int:
        """Frames that wait in nodes."""
        cdef uint64_t total = 0
        for node in self.nodes:
            total += (<Node>node).head.counters.held
        return total

    def remove(self, Node node not None) -> None:
        """Take a node out; edges that led to it lead nowhere. A bridge keeps the member until `remove_member`."""
        self.discard(node)

    def counters(self):
        """A row a node (COUNTERS_DTYPE): in + cloned + originated == out + consumed + dropped + held."""
        rows = []
        for item in self.nodes:
            node = <Node>item
            rows.append((
                node.name, node.head.counters.entered, node.head.counters.left, node.head.counters.cloned,
                node.head.counters.originated, node.head.counters.consumed, node.head.counters.held, node.head.counters.dropped,
            ))
        return np.array(rows, dtype=COUNTERS_DTYPE)

    def drops(self):
        """A row (DROPS_DTYPE) for each reason that has dropped something: by the node that dropped, and by the port of ingress."""
        cdef uint32_t reason
        rows = []
        for item in self.nodes:
            node = <Node>item
            for reason in range(len(REASONS)):
                if node.head.counters.drops[reason]:
                    rows.append(("node", node.name, REASONS[reason][0], node.head.counters.drops[reason]))
        for item in self.ports.values():
            port = <Port>item
            for reason in range(len(REASONS)):
                if port.drops[reason]:
                    rows.append(("port", port.name, REASONS[reason][0], port.drops[reason]))
        return np.array(rows, dtype=DROPS_DTYPE)

    def traffic(self):
        """A row a port (TRAFFIC_DTYPE): what came in from outside and went out, frames and octets, and drops of its frames."""
        cdef uint32_t reason
        cdef uint64_t dropped
        rows = []
        for item in self.ports.values():
            port = <Port>item
            dropped = 0
            for reason in range(len(REASONS)):
                dropped += port.drops[reason]
            rows.append((port.name, port.traffic.in_frames, port.traffic.in_octets, port.traffic.out_frames,
                         port.traffic.out_octets, dropped))
        return np.array(rows, dtype=TRAFFIC_DTYPE)
