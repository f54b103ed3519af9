"""Memory for the frames of one turn: slots of three sizes, handed out by counting up, all given back at once by `reset`.

No frame outlives its turn, so there are no reference counts and no free list. Confessed trade-off: a slot is not reused
within a turn, however early its frame left; the number of frames polled is chosen so that this suffices (see Engine).
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t
from libc.string cimport memcpy, memset

from fastpath.frame cimport Frame, HOPS, SHARED

cdef extern from *:
    """
    #ifdef __SANITIZE_ADDRESS__
    #include <sanitizer/asan_interface.h>
    #define slots_open(memory, octets) __asan_unpoison_memory_region((memory), (octets))
    #define slots_close(memory, octets) __asan_poison_memory_region((memory), (octets))
    #else
    #define slots_open(memory, octets) ((void)0)
    #define slots_close(memory, octets) ((void)0)
    #endif
    """
    # In the sanitised build a slot that is not in use may not be touched: a frame kept beyond its turn shows at once.
    void slots_open(void* memory, size_t octets) noexcept nogil
    void slots_close(void* memory, size_t octets) noexcept nogil

cdef enum:
    HEADROOM = 128        # outer Ethernet + IPv6 + UDP + VXLAN (70) + virtio header (24), rounded up
    HEAD = 128            # octets of its own that a clone has
    SMALL = 2048          # longest frame in a small slot
    LARGE = 65600         # longest in a large one

cdef struct Slots:
    uint8_t* memory       # NULL until first used: lazily mapped
    Frame* frames
    uint32_t stride       # an odd number of cache lines, so that slots spread over all cache sets
    uint32_t count
    uint32_t used
    bint huge             # small slots share huge pages: a burst of them would touch more pages than the TLB holds

cdef struct Arena:
    Slots small
    Slots large
    Slots clones
    uint16_t allowance    # clones that may descend from one polled frame
    uint16_t families     # frames polled this turn
    uint16_t* spent       # by family: clones made

cdef int arena_init(Arena* arena, uint32_t small, uint32_t large, uint32_t clones) except -1
cdef void arena_free(Arena* arena) noexcept

cdef inline void slots_reset(Slots* slots) noexcept nogil:
    slots_close(slots.memory, <size_t>slots.used * slots.stride)
    slots.used = 0

cdef inline void arena_reset(Arena* arena) noexcept nogil:
    slots_reset(&arena.small)
    slots_reset(&arena.large)
    slots_reset(&arena.clones)
    if arena.families:
        memset(arena.spent, 0, arena.families * sizeof(uint16_t))
    arena.families = 0

cdef inline Frame* take(Slots* slots, uint32_t headroom) noexcept nogil:
    """The next free slot with a blank descriptor (no length yet), or NULL if all are used."""
    cdef Frame* frame
    if slots.used == slots.count:
        return NULL
    frame = &slots.frames[slots.used]
    memset(frame, 0, sizeof(Frame))
    frame.data = slots.memory + <size_t>slots.used * slots.stride + headroom
    slots_open(frame.data - headroom, slots.stride)
    frame.room = headroom
    frame.hops = HOPS
    slots.used += 1
    return frame

cdef inline Frame* take_polled(Arena* arena, uint32_t length) noexcept nogil:
    """A slot for a frame of up to `length` octets that comes in from outside; it begins a family of its own."""
    cdef Frame* frame
    if length <= SMALL:
        frame = take(&arena.small, HEADROOM)
        if frame == NULL:
            frame = take(&arena.large, HEADROOM)
    else:
        frame = take(&arena.large, HEADROOM)
    if frame != NULL:
        frame.family = arena.families
        arena.families += 1
    return frame

cdef inline void untake_polled(Arena* arena) noexcept nogil:
    """Give the large slot taken last by `take_polled` back: nothing came."""
    arena.large.used -= 1
    arena.families -= 1

# A copy that shares the payload: own headroom, own first HEAD octets, the rest read-only. NULL when the family's allowance
# or the slots are used up (drop reason "turn budget").
cdef Frame* clone(Arena* arena, Frame* frame) noexcept nogil
