"""A token bucket in nanoseconds: so many a second, and so many that may follow each other at once.

It holds one time: what was earned up to `spent` is spent. A token costs `interval` ns, and more than `depth` ns are not saved
up, so a bucket that rests needs no timer and costs nothing.
"""

from libc.stdint cimport int64_t, uint32_t, uint64_t

from fastpath.wire cimport wire_likely

cdef enum:
    UNLIMITED = 0xFFFFFFFF        # as a rate: every token is there

cdef struct Bucket:
    int64_t interval              # ns in which a token is earned; 0: always there; negative: none is ever
    int64_t depth                 # ns that may be saved up
    int64_t spent
    uint64_t taken
    uint64_t limited              # asked for in vain

# `rate`: tokens a second, 0: none, above 10^9 as UNLIMITED; `burst`: at least 1. The bucket is full.
cdef void bucket_init(Bucket* bucket, uint32_t rate, uint32_t burst) noexcept nogil
# Another rate from now on; what was spent stays spent, what was counted stays counted.
cdef void bucket_set(Bucket* bucket, uint32_t rate, uint32_t burst) noexcept nogil

cdef inline bint bucket_take(Bucket* bucket, int64_t now) noexcept nogil:
    """Take one token; False: there is none. `now` may stand still, and a step back earns nothing."""
    if wire_likely(bucket.interval >= 0):
        bucket.spent = max(bucket.spent, now - bucket.depth)
        if wire_likely(bucket.spent + bucket.interval <= now):
            bucket.spent += bucket.interval
            bucket.taken += 1
            return True
    bucket.limited += 1
    return False
