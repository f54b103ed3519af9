"""Tunnel packets in, inner frames out: a short way for plain ones over IPv4, and the long way, which knows every reason.

As in the router the short way has no cases of its own: whatever is otherwise, it has done nothing and the long way begins (underlay.pyx).
"""

from libc.stdint cimport uint32_t

from fastpath.frame cimport Frame
from fastpath.ip cimport Packet
from fastpath.tunnelend cimport TunnelEnd
from fastpath.vxlan cimport Tunneled

# Frames from the underlay.
cdef void decap_burst(TunnelEnd* end, Frame** burst, uint32_t n) noexcept nogil
# A tunnel packet that vxlan_read found fine, in a frame for us.
cdef void decap_packet(TunnelEnd* end, const Packet* packet, const Tunneled* tunneled) noexcept nogil
