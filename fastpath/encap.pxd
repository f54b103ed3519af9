"""Frames from a bridge, by a tunnel's input: a header goes in front (vxlan.pxd), and off to the next hop."""

from libc.stdint cimport uint32_t

from fastpath.frame cimport Frame
from fastpath.tunnelend cimport TunnelEnd
from fastpath.tunnels cimport Tunnel

cdef void encap_burst(TunnelEnd* end, Frame** burst, uint32_t n) noexcept nogil
# One frame that fits the underlay, or each of whose segments does, into the tunnel.
cdef void encap_into(TunnelEnd* end, Tunnel* tunnel, Frame* frame) noexcept nogil
