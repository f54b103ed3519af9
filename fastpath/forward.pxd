"""From interface to interface (RFC 1812, 5.2 and 5.3; RFC 8200): the way of every packet, and a short cut for most.

The short cut (shortcut.pxd) takes a packet whose header is plain, whose source may send here and whose target has a way
(gateway.pxd). Whatever is otherwise goes the long way, which knows every reason to drop and every error to send, and leaves a
way behind for the next packet. So the short cut has no cases of its own: it does what the long way would do. With flows a
packet goes through track.pyx instead, where the flow knows the way.
"""

from libc.stdint cimport uint16_t, uint32_t

from fastpath.frame cimport Frame
from fastpath.gateway cimport Gateway

# Without flows; and with them.
cdef void forward_burst(Gateway* gateway, Frame** burst, uint32_t n) noexcept nogil
cdef void forward_tracked(Gateway* gateway, Frame** burst, uint32_t n) noexcept nogil
# A packet that waited for its neighbor begins anew; one of `ours` is only to be sent.
cdef void forward_resume(void* gateway, Frame* frame, uint16_t interface, bint ours) noexcept nogil
# It waited in vain: an error to its source.
cdef void forward_unreachable(void* gateway, Frame* frame, uint16_t interface, bint ours) noexcept nogil
