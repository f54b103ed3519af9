"""Slots are anonymous memory that the kernel gives page by page when first touched: unused large slots cost nothing."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

from fastpath.frame cimport Frame, SHARED
from fastpath.pages cimport pages, unpages


cdef int slots_init(Slots* slots, uint32_t count, uint32_t octets, bint huge) except -1:
    cdef uint32_t lines = (octets + 63) // 64
    slots.stride = (lines | 1) * 64
    slots.count = count
    slots.used = 0
    slots.huge = huge
    slots.frames = <Frame*>pages(<size_t>count * sizeof(Frame), False)
    slots.memory = <uint8_t*>pages(<size_t>count * slots.stride, huge)
    if slots.frames == NULL or slots.memory == NULL:
        raise MemoryError(f"arena: {count} slots of {octets} octets")
    slots_close(slots.memory, <size_t>count * slots.stride)
    return 0


cdef void slots_free(Slots* slots) noexcept:
    unpages(slots.frames, <size_t>slots.count * sizeof(Frame), False)
    unpages(slots.memory, <size_t>slots.count * slots.stride, slots.huge)
    slots.frames = NULL
    slots.memory = NULL


cdef int arena_init(Arena* arena, uint32_t small, uint32_t large, uint32_t clones) except -1:
    """Map memory for so many slots of each size. Errors: MemoryError."""
    slots_init(&arena.small, small, HEADROOM + SMALL, True)
    slots_init(&arena.large, large, HEADROOM + LARGE, False)
    # A clone of a clone may carry pushed headers too: its head is up to HEADROOM longer, and its room as much shorter.
    slots_init(&arena.clones, clones, HEADROOM + HEAD + HEADROOM, False)
    arena.spent = <uint16_t*>calloc(small + large, sizeof(uint16_t))
    if arena.spent == NULL:
        raise MemoryError("arena: families")
    arena.families = 0
    arena.allowance = <uint16_t>min(clones, 0xFFFF)
    return 0


cdef void arena_free(Arena* arena) noexcept:
    slots_free(&arena.small)
    slots_free(&arena.large)
    slots_free(&arena.clones)
    free(arena.spent)
    arena.spent = NULL


cdef Frame* clone(Arena* arena, Frame* frame) noexcept nogil:
    cdef Frame* copy
    cdef uint8_t* data
    cdef uint32_t own
    if arena.spent[frame.family] >= arena.allowance:
        return NULL
    copy = take(&arena.clones, HEADROOM)
    if copy == NULL:
        return NULL
    arena.spent[frame.family] += 1
    data = copy.data
    copy[0] = frame[0]
    copy.data = data
    copy.room = HEADROOM
    own = frame.head
    if frame.tail == NULL:
        if own > HEAD:
            own = HEAD
            copy.tail = frame.data + HEAD
            frame.flags |= SHARED
    # A frame of two parts keeps its tail; its head is HEAD octets and what was pushed in front, which the slot holds.
    copy.head = own
    if own > HEAD:
        copy.room = HEAD + HEADROOM - own
    memcpy(data, frame.data, own)
    return copy
