"""Which overlays a VTEP has, with their peers and programmed stations, as Python asks for them; between turns only.

    a peer that is given      gets floods if it is said to; its tunnel stays until it is taken out
    a station                 needs a tunnel to its peer, given or not, which goes with the last of them
    who was heard of          becomes a given one by being named; a new spare tunnel takes its place
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t

from fastpath.graph cimport Node
from fastpath.ip cimport Address
from fastpath.tunnelend cimport TunnelEnd
from fastpath.tunnels cimport Overlay

cdef class OverlayBook:
    cdef TunnelEnd* end           # of the Vtep whose book it is
    cdef str owner                # its name
    cdef list bridges             # by the overlay's number; None where free
    cdef list names               # the overlays'
    cdef list limits              # stations learned at each tunnel
    cdef dict placed              # (overlay, mac) -> (tunnel, addresses): programmed stations
    cdef Overlay* overlay(self, object number) except NULL
    # The overlay's number. Settings as Vtep.set_overlay names them, all of them.
    cdef uint32_t add(self, Node vtep, str name, Node bridge, uint32_t vni, str local, uint32_t spare, dict settings) except? 0xFFFFFFFF
    cdef int set(self, object number, dict settings) except -1
    cdef int remove(self, object number) except -1
    cdef int add_peer(self, Node vtep, object number, str address, bint flood) except -1
    cdef int remove_peer(self, object number, str address) except -1
    cdef int add_station(self, Node vtep, object number, object mac, str peer, tuple addresses) except -1
    cdef int remove_station(self, object number, object mac) except -1
    # -- for itself
    cdef int apply(self, uint32_t number, dict settings) except -1
    cdef int regroup(self, Overlay* overlay, object group) except -1
    cdef uint32_t place(self) except? 0xFFFFFFFF
    cdef uint16_t join(self, Node vtep, uint32_t number, uint8_t kind) except 0
    cdef int leave(self, uint16_t each) except -1
    cdef uint16_t tunnel_to(self, Node vtep, uint32_t number, object text) except 0
