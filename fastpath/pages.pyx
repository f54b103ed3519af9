"""mmap with advice: a transparent huge page saves the TLB miss that each random access to a large table would cost."""

from libc.stdint cimport uint8_t, uintptr_t
from libc.stdlib cimport calloc, free
from posix.mman cimport MAP_ANONYMOUS, MAP_FAILED, MAP_PRIVATE, PROT_READ, PROT_WRITE, mmap, munmap

cdef extern from "<sys/mman.h>" nogil:
    int madvise(void*, size_t, int)
    enum: MADV_HUGEPAGE

cdef extern from *:
    """
    #ifdef __SANITIZE_ADDRESS__
    #define pages_sanitized 1
    #else
    #define pages_sanitized 0
    #endif
    """
    # Only what malloc gave has guarded ends, and is searched for leaks.
    bint pages_sanitized


cdef inline size_t rounded(size_t octets, bint huge) noexcept nogil:
    return (octets + HUGE_PAGE - 1) & ~<size_t>(HUGE_PAGE - 1) if huge else octets


cdef void* pages(size_t octets, bint huge) noexcept nogil:
    """Zeroed memory, or NULL. Where the kernel has no huge page to give, ordinary ones serve."""
    cdef size_t size = rounded(octets, huge)
    cdef size_t spare = HUGE_PAGE if huge else 0
    cdef uint8_t* memory
    cdef size_t lead
    if pages_sanitized:
        return calloc(1, octets)
    memory = <uint8_t*>mmap(NULL, size + spare, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    if <void*>memory == MAP_FAILED:
        return NULL
    if huge:
        # Older kernels do not align the mapping by themselves: cut it to whole huge pages.
        lead = -<uintptr_t>memory & (HUGE_PAGE - 1)
        if lead:
            munmap(memory, lead)
        if lead < spare:
            munmap(memory + lead + size, spare - lead)
        memory += lead
        madvise(memory, size, MADV_HUGEPAGE)
    return memory


cdef void unpages(void* memory, size_t octets, bint huge) noexcept nogil:
    """Give back what `pages` gave for the same arguments; NULL is fine."""
    if pages_sanitized:
        free(memory)
    elif memory != NULL:
        munmap(memory, rounded(octets, huge))
