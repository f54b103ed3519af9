"""Faults and interfaces."""

from libc.stdint cimport uint32_t
from libc.stdlib cimport realloc
from libc.string cimport memset


cdef Outcome broken(Source* source, const char* fault) noexcept nogil:
    source.fault = fault
    return BROKEN


cdef bint add_interface(Source* source, uint32_t link, uint32_t snaplen) noexcept nogil:
    """One more interface, by default counting microseconds. False: too many, or no memory."""
    cdef Interface* interfaces
    cdef uint32_t n = source.n_interfaces
    if n == INTERFACES_MAX:
        return False
    if n & (n - 1) == 0:
        interfaces = <Interface*>realloc(source.interfaces, max(2 * n, <uint32_t>1) * sizeof(Interface))
        if interfaces == NULL:
            return False
        source.interfaces = interfaces
    memset(&source.interfaces[n], 0, sizeof(Interface))
    source.interfaces[n].link = link
    source.interfaces[n].snaplen = snaplen
    source.interfaces[n].resolution = 6
    source.n_interfaces += 1
    return True


cdef Outcome foreign(Source* source, uint32_t link) noexcept nogil:
    """The link type is none that can become Ethernet."""
    source.foreign = link
    return broken(source, "its link type cannot become Ethernet")
