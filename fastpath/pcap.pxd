"""A port whose outside is capture files: a replay hands it one record at a time, and what leaves goes to a file."""

from fastpath.port cimport Port
from fastpath.source cimport Packet
from fastpath.writer cimport PcapWriter

cdef class PcapPort(Port):
    cdef const Packet* waiting    # the record to poll, or NULL
    cdef PcapWriter writer        # None: what leaves is only counted
    cdef bint complete            # guess at checksums that were left to the card
    cdef bint segment             # and at super-frames
