"""Connection tracking and translation of addresses: what the router asks of it. DRAFT of the face; the inside is free.

A flow has two tuples, original and reply; what differs between them is the translation. All memory is fixed when made.
The router's way with a packet that it does not deliver itself:

    flows_hash, flows_prefetch        for each packet of a burst first: cache lines come while others are worked on
    flows_find                        KNOWN: the flow, checked and refreshed; NONE; or REFUSED with packet.reason to drop for
    (NONE) flows_open                 a new flow, translated as the Opening says: KNOWN or REFUSED
    flows_goal                        where the packet of a known flow goes after translation: route this
    (TTL, MTU: errors quote the packet as it came)
    flows_translate                   rewrite addresses, ports, checksums, in a quoted packet too; False: drop as UNTRANSLATABLE

Fragments never get here: the router reassembles before it tracks. ICMP errors are matched to the flow that they quote.
"""

from libc.stdint cimport int64_t, uint16_t, uint32_t, uint64_t

from fastpath.counters cimport Reason
from fastpath.ip cimport Address, Packet

cdef enum Found:
    NONE                          # no flow yet
    KNOWN
    REFUSED

cdef enum:
    KEEP = 0                      # Opening.pool: the source stays as it is

cdef struct Opening:              # what shall become of a new flow
    Address target                # where it goes: the packet's own, or what a published port leads to
    uint16_t target_port          # as it lies in memory
    uint16_t pool                 # number of the source addresses to translate to, or KEEP
    bint permanent_source         # one-to-one: the pool's address, the port as it is
    bint bypass                   # do not insist on a mapping of its own: see flows.pyx
