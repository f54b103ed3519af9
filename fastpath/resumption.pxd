"""Connections to published ports that were there before the gateway was, as Linux picks them up (nf_conntrack_tcp_loose).

What the client sends goes where the rule leads, as a SYN would. What the server sends first does not tell where its client had come
to: if just one published port leads to it for that client, there; else nothing is opened, for a source that the client does not
know would end the connection, and the client's next segment will tell.
"""

from libc.stdint cimport uint16_t

from fastpath.ip cimport Packet
from fastpath.opening cimport Opening
from fastpath.ruletable cimport RuleTable

cdef enum Resumed:
    RESUMES_NOTHING               # it is no server's: the rules decide as for all others
    RESUMES_FLOW                  # the opening says which
    RESUMES_LATER                 # it cannot be told

# Of a TCP segment that is no SYN and has no flow. `ours`: it is for an address of the router; `egress`: where its target is.
cdef Resumed resumption(RuleTable* rules, const Packet* packet, bint ours, uint16_t egress, Opening* opening) noexcept nogil
