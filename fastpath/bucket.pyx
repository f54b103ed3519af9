"""How fast a token bucket fills."""

from libc.stdint cimport int64_t, uint32_t
from libc.string cimport memset

cdef enum:
    SECOND = 1000000000


cdef void bucket_init(Bucket* bucket, uint32_t rate, uint32_t burst) noexcept nogil:
    memset(bucket, 0, sizeof(Bucket))
    bucket.spent = -(<int64_t>1 << 62)
    bucket_set(bucket, rate, burst)


cdef void bucket_set(Bucket* bucket, uint32_t rate, uint32_t burst) noexcept nogil:
    bucket.interval = SECOND // rate if rate else -1
    bucket.depth = bucket.interval * max(burst, <uint32_t>1)


cdef class TestBucket:
    """The C bucket with a Python face (used for testing)."""
    cdef Bucket bucket

    def __cinit__(self, uint32_t rate, uint32_t burst):
        bucket_init(&self.bucket, rate, burst)

    def set(self, uint32_t rate, uint32_t burst) -> None:
        """Another rate."""
        bucket_set(&self.bucket, rate, burst)

    def take(self, int64_t now) -> bool:
        """False: there is no token."""
        return bucket_take(&self.bucket, now)

    @property
    def counted(self) -> tuple[int, int]:
        """Taken, asked for in vain."""
        return self.bucket.taken, self.bucket.limited
