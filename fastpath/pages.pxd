"""Large zeroed memory straight from the kernel: given page by page when touched, huge pages where they help."""

cdef enum:
    HUGE_PAGE = 2 << 20

# `huge`: ask for 2 MiB pages, resident as a whole when touched; for memory that is accessed at random or at wide strides.
cdef void* pages(size_t octets, bint huge) noexcept nogil
cdef void unpages(void* memory, size_t octets, bint huge) noexcept nogil
