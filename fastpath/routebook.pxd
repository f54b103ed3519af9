"""Who wants which route: several may want the same prefix, and when one goes the next takes its place.

    an address of ours (LOCAL, BROADCAST)    first: a packet to us is for us, whatever the routes say
    a route given by hand                    then
    the subnet around an address (LINK)      last
"""

from libc.stdint cimport uint16_t

from fastpath.gateway cimport Interface
from fastpath.routes cimport Routes

cdef class RouteBook:
    cdef Routes* routes           # of the Gateway whose book it is
    cdef dict derived             # prefix -> [(kind, interface)]: what addresses of ours bring along
    cdef dict shadowed            # prefix -> (interface, gateway): by hand, but an address of ours hides it
    cdef list others              # books of further tables, which have what addresses of ours bring along too
    # The routes that the interface's addresses bring along come, or go.
    cdef int derive(self, const Interface* interface, uint16_t number, bint put) except -1
    cdef int settle(self, tuple key) except -1
    cdef int put(self, tuple key, int kind, uint16_t number, object via, bint by_hand) except -1
    # By hand. Errors: ValueError, OverflowError.
    cdef int add(self, str prefix, uint16_t number, object gateway) except -1
    cdef bint remove(self, str prefix) except -1
    # An interface is no more: nor are the routes that lead there.
    cdef int forget(self, uint16_t number) except -1
