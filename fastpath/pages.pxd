"""Large zeroed memory straight from the kernel: given page by page when touched, huge pages where they help."""

cdef void* pages(size_t octets) noexcept nogil
cdef void unpages(void* memory, size_t octets) noexcept nogil
