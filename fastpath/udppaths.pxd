"""What the host's stack says of a path's MTU (ip(7), IP_RECVERR), as the ICMP error that says it to who routes for himself.

A port on sockets learns that a datagram was too big for its path: from its own host at once, or from a router's error, which the host
has compared with what it had sent. In the graph it becomes what a router sends (RFC 792, 3/4; RFC 1191; RFC 4443, 3.2), with the
outer headers of a tunnel packet as its quote, from the datagram's target to us. So a Vtep hears of it as it hears of everything else.
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

from fastpath.frame cimport Frame

cdef enum:
    PATHS = 16                    # targets that are remembered until they are told

cdef struct Narrow:
    uint32_t family               # 0: IPv4, 1: IPv6
    uint32_t mtu                  # octets of an outer IP packet
    uint8_t[16] target

cdef struct Paths:
    uint32_t n
    Narrow[PATHS] all

# Datagrams to this target are bounded so. Of more targets than PATHS those first heard are kept: the others fail again.
cdef void paths_hear(Paths* paths, uint32_t family, const uint8_t* target, uint32_t mtu) noexcept nogil
# The last of them as a frame in this slot; `own`: our address, `mac`: of who hears it, `port`: VXLAN's.
cdef void paths_tell(Paths* paths, Frame* frame, const uint8_t* own, uint64_t mac, uint16_t port) noexcept nogil
