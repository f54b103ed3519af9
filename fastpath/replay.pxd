"""Captures through an engine: records of all inputs in order of time, each in a turn of its own.

Theory of operation. `advance` is the loop, without the GIL. It holds the next record of each input, takes the earliest, turns the
engine at that time with the record waiting at its port, and reads that input on, until it needs something of Python's:

    FILL     input `current` must be filled from its file, or has ended
    WAIT     the next record lies beyond `until` (real-time pacing), or so many turns are done
    LOST     no port owns the source address of `current`'s record
    DONE     no input has any more

Before a record at t every timer due at t or before fires in order (Graph.expire_until does). A time that steps back is taken as
the latest seen, and counted.
"""

from libc.stdint cimport int64_t, uint32_t, uint64_t

from fastpath.engine cimport Engine
from fastpath.source cimport Outcome, Packet, Source
from fastpath.table cimport Table
from fastpath.writer cimport DropWriter

cdef enum Need:
    FILL
    WAIT
    LOST
    DONE

cdef struct Input:
    Source* source
    Packet* packet                # its next record
    Outcome state                 # PACKET: there is one; END, BROKEN: no more
    uint32_t port                 # index into `ports`, or AUTO

cdef class Replay:
    cdef Engine engine
    cdef Input* inputs
    cdef uint32_t n_inputs
    cdef uint32_t current         # the input that `advance` stopped at
    cdef void** ports             # PcapPorts; `kept` holds the references
    cdef uint32_t n_ports
    cdef list captures            # by input
    cdef list kept
    cdef DropWriter drops         # or None
    cdef list faults
    cdef Table owners             # MAC -> index into `ports`
    cdef uint32_t uplink          # where frames of unknown stations go, or NOBODY
    cdef int64_t latest           # time of the latest turn
    cdef readonly uint64_t records
    cdef readonly uint64_t steps_back
    cdef readonly uint64_t spent  # ns of real time, waiting not counted
    cdef uint32_t place(self, const Packet* packet) noexcept nogil
    cdef Need advance(self, int64_t until, uint32_t turns) noexcept nogil
    cdef int read_on(self, uint32_t number) except -1
    cdef uint32_t number_of(self, object port) except? 0xFFFFFFFF
    cdef bint finish(self) noexcept nogil
    cdef list replayed(self, double speed)
    cdef flush(self)
