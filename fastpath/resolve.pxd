"""Next hops become MAC addresses: what the gateway asks, and the packets that wait (RFC 1122, 2.3.2; RFC 4861, 7.2.2)."""

from libc.stdint cimport int64_t, uint16_t, uint32_t

from fastpath.frame cimport Frame
from fastpath.gateway cimport Gateway, Interface
from fastpath.ip cimport Address
from fastpath.neighbor cimport Neighbor

# A neighbor whose MAC address may be used now, or NULL: then the frame waits, or was dropped. `interface` is its ingress, or, of a
# frame of `ours`, its egress.
cdef Neighbor* resolve(Gateway* gateway, uint16_t egress, const Address* hop, Frame* frame, uint16_t interface, bint ours) noexcept nogil
# Emits a frame that is finished but for its MAC addresses.
cdef void send(Gateway* gateway, uint16_t egress, const Neighbor* neighbor, Frame* frame) noexcept nogil
# Tries again what did not answer, gives up what did not answer three times. At most 64 entries a call.
cdef void resolve_expire(Gateway* gateway, int64_t now) noexcept nogil
# The address of ours on the interface that a station with the address `peer` knows: in its subnet, else any of its family; NULL: none.
cdef const Address* our_address(const Interface* interface, const Address* peer) noexcept nogil
# The interface has this address.
cdef bint is_ours(const Interface* interface, const Address* address) noexcept nogil
# It is the Subnet-Router anycast address of one of the interface's IPv6 subnets (RFC 4291, 2.6.1); links of two have none (RFC 6164).
cdef bint is_anycast(const Interface* interface, const Address* address) noexcept nogil
# The address lies in one of the interface's subnets (or is link-local, in IPv6).
cdef bint on_link(const Interface* interface, const Address* address) noexcept nogil
# The packets that waited for the neighbor go on, in order; whatever comes later finds the way free behind them.
cdef void release(Gateway* gateway, uint32_t number) noexcept nogil
# A frame of our own to fill in, or NULL; and off with it.
cdef Frame* blank(Gateway* gateway, uint32_t length) noexcept nogil
cdef void originate(Gateway* gateway, Interface* interface, Frame* frame) noexcept nogil
