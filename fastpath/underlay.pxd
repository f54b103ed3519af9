"""The underlay's side of a VTEP: next hops, and whatever comes that is not a plain tunnel packet (see tunnelend.pxd)."""

from libc.stdint cimport int64_t, uint16_t

from fastpath.frame cimport Frame
from fastpath.tunnelend cimport TunnelEnd
from fastpath.tunnels cimport Tunnel

# A frame from the underlay; it may be anything.
cdef void underlay_receive(TunnelEnd* end, Frame* frame) noexcept nogil
# Sends a frame that has the tunnel's header but not the next hop's MAC address: at once, or when the address is known.
cdef void underlay_send(TunnelEnd* end, Tunnel* tunnel, Frame* frame) noexcept nogil
# Membership reports that are due.
cdef void underlay_say(TunnelEnd* end, int64_t now) noexcept nogil
# What becomes of a packet that waited (gateway.resume), and of one that waited in vain.
cdef void underlay_resume(void* gateway, Frame* frame, uint16_t interface, bint ours) noexcept nogil
cdef void underlay_unreachable(void* gateway, Frame* frame, uint16_t interface, bint ours) noexcept nogil
