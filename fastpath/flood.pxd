"""What a bridge floods into an overlay: a copy for each peer (head-end replication), or one packet to the overlay's group (RFC 7348, 4.2).

    unknown unicast   dropped if the overlay is told that it knows all stations
    the rest          within the overlay's rate: it is what bounds a loop over the wire
"""

from fastpath.frame cimport Frame
from fastpath.tunnelend cimport TunnelEnd
from fastpath.tunnels cimport Tunnel

# A frame that fits, by the overlay's tunnel of kind FLOODS.
cdef void flood(TunnelEnd* end, Tunnel* tunnel, Frame* frame) noexcept nogil
