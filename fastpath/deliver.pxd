"""Packets to ourselves: what a gateway serves, and what it says about everything else.

    fragments                      put together first (L3-5)
    echo requests                  answered from the address that was asked; from one of ours alone if that is a subnet's anycast address
    neighbor discovery             resolve.pyx
    other ICMP                     taken note of: a gateway acts on none of it; router advertisements and redirects are for hosts
    TCP                            RST, as from a host where nothing listens on the port (RFC 9293, 3.10.7.1); none for anycast
    UDP                            port unreachable
    other protocols                protocol unreachable; IGMP is ignored

From outside (an uplink, as rules have it) only echo requests are answered; the rest is dropped and nobody told (RFC 5382, REQ-4).
Every answer but to echo requests counts towards the limit of ICMP errors.
"""

from fastpath.gateway cimport Gateway
from fastpath.ip cimport Packet

# A first fragment of IPv6 without all its headers, with one of our MAC addresses: dropped, and its source told so unless it is outside or
# may not send here (RFC 7112, 5).
cdef void refuse_chain(Gateway* gateway, Packet* packet) noexcept nogil
cdef void deliver(Gateway* gateway, Packet* packet) noexcept nogil
