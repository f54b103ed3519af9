"""What a node counts, and the named reasons for which a frame is dropped.

After every turn, per node and in sum:  in + cloned + originated == out + consumed + dropped + held.
"""

from libc.stdint cimport uint64_t

cpdef enum Reason:
    RUNT                  # keep in step with counters.REASONS; a test compares them
    OVERSIZE
    SLICED
    BAD_OFFLOAD
    SOURCE_INVALID
    RESERVED_ADDRESS
    SAME_PORT
    NO_OTHER_PORT
    ISOLATED
    MTU
    HOP_BUDGET
    TURN_BUDGET
    UNCONNECTED
    PORT_DOWN
    PORT_GONE
    QUEUE_FULL
    OUTBOX_FULL
    WRITE_REFUSED

cdef enum:
    REASONS_MAX = 64      # room for later issues; a node's drop counters are one array

cdef struct Counters:
    uint64_t entered      # "in" is a word of Python's
    uint64_t left         # "out"
    uint64_t cloned
    uint64_t originated
    uint64_t consumed
    uint64_t held         # waiting now
    uint64_t dropped      # the sum of drops[]
    uint64_t drops[REASONS_MAX]
