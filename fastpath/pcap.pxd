"""A port whose outside is capture files: a replay hands it one record at a time, and what leaves goes to a file."""

from libc.stdint cimport int64_t

from fastpath.port cimport Port
from fastpath.source cimport Packet
from fastpath.writer cimport PcapWriter

cdef class PcapPort(Port):
    cdef const Packet* waiting    # the record to poll, or NULL
    cdef PcapWriter writer        # None: what leaves is only counted
    cdef int64_t time             # of the record polled last
    cdef PcapPort times_of        # what leaves has the time of that port's record; None: the turn's
    cdef bint complete            # guess at checksums that were left to the card
    cdef bint segment             # and at super-frames
