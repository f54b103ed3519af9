"""ARP and neighbor discovery received: what is learned of whom, and what is answered (RFC 826; RFC 4861, 7.2).

What is heard, and what it does (L3-2 to L3-4):

    request for an address of ours on this interface    its sender is learned; answered to it alone
    a probe for one (no sender address yet)             answered; nothing is learned (RFC 5227; RFC 4862, 5.4)
    answer                                              an entry that is there is updated; none is made
    gratuitous, unsolicited                             the same, and it proves nothing about us reaching it (RFC 4861, 7.2.5)
    request for others                                  ignored; answered on an interface with `proxy_arp` if our route to it
                                                        leads by another interface
    in our name                                         dropped
"""

from libc.stdint cimport uint16_t

from fastpath.frame cimport Frame
from fastpath.gateway cimport Gateway
from fastpath.ip cimport Packet

# The frame is ARP / a neighbor solicitation or advertisement; it ends here.
cdef void arp_receive(Gateway* gateway, uint16_t number, Frame* frame) noexcept nogil
cdef void nd_receive(Gateway* gateway, uint16_t number, Packet* packet) noexcept nogil
