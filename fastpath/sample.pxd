"""A frame outside of any arena, of octets that Python gave: what the functions and classes for tests read.

Each of its parts lies in memory of just its length, so that the sanitised build sees who reads further.
"""

from libc.stdint cimport uint8_t

from fastpath.frame cimport Frame

cdef class Sample:
    cdef Frame frame
    cdef uint8_t* first
    cdef uint8_t* second

# All of a frame, wherever its parts lie.
cdef bytes octets_of(const Frame* frame)
