"""mmap with advice: from 4 MiB on, a transparent huge page saves the TLB miss that a random bucket access would cost."""

from posix.mman cimport MAP_ANONYMOUS, MAP_FAILED, MAP_PRIVATE, PROT_READ, PROT_WRITE, mmap, munmap

cdef extern from "<sys/mman.h>" nogil:
    int madvise(void*, size_t, int)
    enum: MADV_HUGEPAGE

cdef enum:
    HUGE_FROM = 4 << 20


cdef void* pages(size_t octets) noexcept nogil:
    """Zeroed memory, or NULL."""
    cdef void* memory = mmap(NULL, octets, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    if memory == MAP_FAILED:
        return NULL
    if octets >= HUGE_FROM:
        madvise(memory, octets, MADV_HUGEPAGE)
    return memory


cdef void unpages(void* memory, size_t octets) noexcept nogil:
    """Give back what `pages` gave; NULL is fine."""
    if memory != NULL:
        munmap(memory, octets)
