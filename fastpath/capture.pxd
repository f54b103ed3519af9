"""A capture file opened for reading: a Source with the file that fills it, gzip undone on the way."""

from fastpath.source cimport Outcome, Packet, Source

cdef class Capture:
    cdef Source source
    cdef Packet packet            # the latest record
    cdef object file              # has readinto()
    cdef readonly str name        # for messages
    cdef str damage               # what went wrong below the format, in gzip
    cdef int fill(self) except -1
    cdef Outcome next(self) except *
