"""Neighbors: the MAC address of a next hop, and the packets that wait for it (RFC 1122, 2.3.2; RFC 4861, 7.3). Bounded.

    (none)       a packet for it: a request to all goes out                          -> INCOMPLETE
                 a request for one of our addresses: its sender                      -> STALE
    INCOMPLETE   packets wait, 16 at most; the latest are kept                       answer -> REACHABLE, else after 3 tries gone
    REACHABLE    confirmed within 30 s                                               -> STALE
    STALE        usable; the first packet for it asks it alone                       -> PROBE
                 or, if it spoke to us but now, and has not been asked yet           -> DELAY
    DELAY        usable; asked alone after 5 s                                       -> PROBE
    PROBE        usable                                                              answer -> REACHABLE, else after 3 tries gone
    PERMANENT    given by hand; neither traffic nor time changes it

Who moves them: the router (resolve.pyx) by what it hears and sends; `neighbors_due` says when the next try or change is due.
Nothing but a packet of ours or a request for us makes an entry, so answers that nobody asked for fill no table. When the table
is full, the entry longest STALE goes, then the one longest REACHABLE; those being looked for have at most half of the
table, so that a scan does not drive out who is in use.

`generation` changes whenever a MAC address that somebody may have kept is no longer to be used without asking here.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from fastpath.frame cimport Frame
from fastpath.graph cimport Head
from fastpath.ip cimport Address
from fastpath.table cimport Table

cdef enum NeighborState:
    ABSENT                        # the place is free
    INCOMPLETE
    REACHABLE
    STALE
    DELAY
    PROBE
    PERMANENT

cdef enum:
    NOBODY = 0xFFFFFFFF
    WAITING_MAX = 16              # packets that wait for one neighbor
    TRIES = 3

cdef int64_t TRY_AFTER            # ns between two tries
cdef int64_t DELAYED_FOR          # ns before who is STALE and used is asked
cdef int64_t CONFIRMED_FOR        # ns that an answer is good for

cdef struct Held:                 # a packet that waits, as it came (or as we made it); its octets follow
    Held* next
    uint16_t interface            # of the router: by which it came in; or, if we made it, by which it goes out
    uint32_t largest              # of a packet that we put together: its largest fragment; else 0
    bint ours                     # we made it: it lacks nothing but the target's MAC address
    Frame frame

cdef struct Neighbor:
    Address address
    uint64_t mac                  # as a number; 0: none yet
    int64_t due                   # INCOMPLETE, PROBE: of the next try; REACHABLE, DELAY: when that ends
    Held* last                    # of those that wait, or NULL; its `next` is the first
    uint32_t next                 # with the same key: its number + 1; or of the free ones
    uint32_t before               # in the list of its state, in order of `due`
    uint32_t after
    uint16_t interface
    uint8_t state
    uint8_t tries
    uint8_t waiting
    bint aged                     # STALE because its confirmation is too old

cdef struct Queue:                # entries of one kind of state
    uint32_t first
    uint32_t last
    uint32_t count

cdef struct NeighborCounters:
    uint64_t learned              # entries made by requests for us
    uint64_t asked                # requests sent
    uint64_t evicted
    uint64_t failed               # did not answer

cdef struct Neighbors:
    Table table
    Neighbor* neighbors
    uint32_t capacity
    uint32_t used                 # places that were ever used
    uint32_t free                 # first place given back, or NOBODY
    uint32_t count
    uint32_t generation
    Queue looked_for              # INCOMPLETE and PROBE
    Queue confirmed               # REACHABLE
    Queue stale
    Queue delayed                 # DELAY
    uint64_t secret
    uint32_t held_octets
    Head* head                    # whose counters tell of packets held and dropped
    NeighborCounters counters

cdef int neighbors_init(Neighbors* neighbors, Head* head, uint32_t capacity, uint64_t seed) except -1
cdef void neighbors_free(Neighbors* neighbors) noexcept
# Its number, or NOBODY.
cdef uint32_t neighbor_find(const Neighbors* neighbors, uint16_t interface, const Address* address) noexcept nogil
# A new entry without a state; it must be absent. NOBODY if the table holds nothing but permanent ones.
cdef uint32_t neighbor_add(Neighbors* neighbors, uint16_t interface, const Address* address) noexcept nogil
# Moves it to another state; `due` counts from now. Packets that wait are the caller's to release.
cdef void neighbor_become(Neighbors* neighbors, uint32_t number, NeighborState state, int64_t now) noexcept nogil
# Takes it out. Packets that still wait are dropped as UNRESOLVED.
cdef void neighbor_remove(Neighbors* neighbors, uint32_t number) noexcept nogil
# Of an interface, when it goes; with `all` permanent ones too.
cdef void neighbors_forget(Neighbors* neighbors, uint16_t interface, bint permanent) noexcept nogil
# When `neighbors_overdue` has the next one; NEVER.
cdef int64_t neighbors_due(const Neighbors* neighbors) noexcept nogil
# An entry whose time has come, or NOBODY: in DELAY, to be asked, or one that did not answer in time. What was confirmed too long ago
# becomes STALE on the way.
cdef uint32_t neighbors_overdue(Neighbors* neighbors, int64_t now) noexcept nogil
