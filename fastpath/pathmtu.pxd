"""The MTU of the path to a remote VTEP, where the outside routes (`any_hop`) and says so (RFC 1191; RFC 8201).

An error about an outer packet changes nothing for a VTEP that is a station of its own: its quote is easily made up. A host's stack
has compared it with what its sockets sent, and its port (udppaths) tells only that. So the tunnels to that VTEP, of all overlays,
take frames up to this size; who sends larger ones is told as always (toobig). After ten minutes larger ones are tried again, as the
host's own memory of it ends.
"""

from libc.stdint cimport int64_t

from fastpath.ip cimport Packet
from fastpath.tunnelend cimport TunnelEnd
from fastpath.tunnels cimport Tunnel

# False: the packet is no such error, or not to be believed; nothing was done.
cdef bint path_hear(TunnelEnd* end, const Packet* packet) noexcept nogil
# What was said of the tunnel's path is too old: it is as wide as the underlay again. False: it was said lately, or never.
cdef bint path_forgotten(TunnelEnd* end, Tunnel* tunnel) noexcept nogil
