"""Which outside endpoint an inside endpoint is translated to (RFC 4787, 4; RFC 5382; RFC 5508, 3.1).

With endpoint-independent mapping, the default, an inside endpoint (address, port, protocol) has one outside endpoint whatever it
sends to. Its flows form a ring; the index finds one of them by the inside endpoint (INSIDE) and, where the filtering lets others
in, by the outside endpoint (OUTSIDE; with address-dependent filtering: that and the remote address, so flows to one address stand
together in the ring and the first of them is the one found). The outside port is taken in the address's PortSet, so
no two mappings share it. With endpoint-dependent mapping each flow has a port of its own choice, which others may have for other
remote endpoints. In both no two flows share outside endpoint and remote endpoint: a choice whose reply tuple is known is no choice.

Ports: the inside port if it is free; else one of its parity and class (0-1023, 1024-65535), else of its class (REQ-3a, REQ-4).
Addresses: with `paired` the pool's address for an inside host is fixed by a keyed hash; else the hash of the endpoint says where
the search begins.
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t

from fastpath.flowtable cimport Flow, FlowTable
from fastpath.ip cimport Address

cdef struct Endpoint:
    Address address
    uint16_t port                 # as it lies in memory
    uint8_t protocol
    bint query                    # the port is an ICMP identifier
    bint portless                 # a protocol without ports

cdef struct Choice:
    uint32_t flow                 # one of the mapping's, or NOBODY: a new one, or none
    uint16_t number               # of the outside address
    uint16_t port
    bint mapped                   # it is a mapping, not for this flow only

cdef enum:
    TRIES = 1024                  # endpoint-dependent: ports looked at before there is said to be none

# Packets of this tuple belong to a flow already, in one direction or the other.
cdef bint tuple_known(const FlowTable* table, const Address* source, uint16_t source_port, const Address* target,
                      uint16_t target_port, uint8_t protocol) noexcept nogil
# The outside endpoint for a flow from `inside` to the remote endpoint. False: no port is free.
cdef bint mapping_choose(FlowTable* table, uint32_t pool, const Endpoint* inside, const Address* remote, uint16_t remote_port,
                         Choice* choice) noexcept nogil
# The same among the ports of one address, for this flow only.
cdef bint mapping_choose_at(FlowTable* table, uint16_t number, const Endpoint* inside, const Address* remote,
                            uint16_t remote_port, Choice* choice) noexcept nogil
# The flow, whose record is filled, belongs to the mapping chosen.
cdef void mapping_join(FlowTable* table, uint32_t number, uint32_t other) noexcept nogil
cdef void mapping_leave(FlowTable* table, uint32_t number) noexcept nogil
# A live flow of the mapping that lets a packet from `remote` in at this outside endpoint; NOBODY: there is none.
# `exists`: there is a mapping, whether it lets the packet in or not.
cdef uint32_t mapping_open_to(const FlowTable* table, const Address* outside, uint16_t port, uint8_t protocol, const Address* remote,
                              uint32_t tick, bint* exists) noexcept nogil
