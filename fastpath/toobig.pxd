"""Inner packets that do not fit the underlay: their senders are told (RFC 1191; RFC 8201), since a VTEP never fragments (RFC 7348, 4.3).

A bridge has no address to send from, so the error comes from the address that the packet was sent to, as Linux has it on a tunnel that
is a bridge's port; and it enters the bridge as if from there.
"""

from fastpath.frame cimport Frame
from fastpath.tunnelend cimport TunnelEnd
from fastpath.tunnels cimport Tunnel

# Does nothing with the frame itself.
cdef void tell_too_big(TunnelEnd* end, Tunnel* tunnel, Frame* frame) noexcept nogil
