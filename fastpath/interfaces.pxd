"""What Python says of a Gateway's interfaces and of the neighbors there, carried out: whoever has a Gateway (a router) calls it.

Numbers are places that gateway_expect made. Between turns only.
"""

from libc.stdint cimport int64_t, uint16_t, uint32_t, uint64_t

from fastpath.gateway cimport Gateway
from fastpath.routebook cimport RouteBook

# The place becomes an interface that leads nowhere yet; its routes come by the book. `addresses`: "10.0.0.1/16" …; errors: ValueError,
# OverflowError, and then nothing has changed.
cdef int interface_open(Gateway* gateway, RouteBook book, uint16_t number, uint64_t mac, uint32_t mtu, object addresses) except -1
# It has these addresses from now on: all or, if one is wrong, those that it had.
cdef int interface_assign(Gateway* gateway, RouteBook book, uint16_t number, object addresses) except -1
# Errors: ValueError.
cdef int interface_mtu(Gateway* gateway, uint16_t number, uint32_t mtu) except -1
# It goes with its addresses, neighbors and routes; packets that wait for its neighbors are dropped.
cdef int interface_close(Gateway* gateway, RouteBook book, uint16_t number) except -1
# So many errors a second of each interface from now on.
cdef void interfaces_limit(Gateway* gateway, uint32_t icmp_rate) noexcept
# The next hop has this MAC address, whatever anybody says. Errors: ValueError, OverflowError.
cdef int neighbor_fix(Gateway* gateway, uint16_t number, object address, uint64_t mac) except -1
# Forget a neighbor, permanent or not; packets that wait for it are dropped. False if it is not known.
cdef bint neighbor_forget(Gateway* gateway, uint16_t number, object address) except -1
