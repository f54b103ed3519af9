"""Next hops become MAC addresses: what the gateway asks, answers and learns (RFC 826; RFC 1122, 2.3.2; RFC 4861, 7).

What is heard, and what it does (L3-2 to L3-4):

    request for an address of ours on this interface    its sender is learned; answered to it alone
    a probe for one (no sender address yet)             answered; nothing is learned (RFC 5227; RFC 4862, 5.4)
    answer                                              an entry that is there is updated; none is made
    gratuitous, unsolicited                             the same, and it proves nothing about us reaching it (RFC 4861, 7.2.5)
    request for others                                  ignored; answered on an interface with `proxy_arp` if our route to it
                                                        leads by another interface
    in our name                                         dropped
"""

from libc.stdint cimport int64_t, uint16_t, uint32_t

from fastpath.frame cimport Frame
from fastpath.gateway cimport Gateway, Interface
from fastpath.ip cimport Address, Packet
from fastpath.neighbor cimport Neighbor

# A neighbor whose MAC address may be used now, or NULL: then the frame waits, or was dropped. `interface` is its ingress, or, of a
# frame of `ours`, its egress. `packet` or NULL: a gateway's ICMP error about an unresolved one needs it.
cdef Neighbor* resolve(Gateway* gateway, uint16_t egress, const Address* hop, Frame* frame, uint16_t interface, bint ours) noexcept nogil
# Emits a frame that is finished but for its MAC addresses.
cdef void send(Gateway* gateway, uint16_t egress, const Neighbor* neighbor, Frame* frame) noexcept nogil
# The frame is ARP / a neighbor solicitation or advertisement; it ends here.
cdef void arp_receive(Gateway* gateway, uint16_t number, Frame* frame) noexcept nogil
cdef void nd_receive(Gateway* gateway, uint16_t number, Packet* packet) noexcept nogil
# Tries again what did not answer, gives up what did not answer three times. At most 64 entries a call.
cdef void resolve_expire(Gateway* gateway, int64_t now) noexcept nogil
# The address of ours on the interface that a station with the address `peer` knows: in its subnet, else any of its family; NULL: none.
cdef const Address* our_address(const Interface* interface, const Address* peer) noexcept nogil
# The interface has this address.
cdef bint is_ours(const Interface* interface, const Address* address) noexcept nogil
# The address lies in one of the interface's subnets (or is link-local, in IPv6).
cdef bint on_link(const Interface* interface, const Address* address) noexcept nogil
