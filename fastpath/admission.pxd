"""May it pass from the ingress to the egress interface? One function for each pair of kinds; hits are counted at the interfaces."""

from libc.stdint cimport uint16_t

from fastpath.ip cimport Packet
from fastpath.opening cimport Opening
from fastpath.ruletable cimport RuleTable

cdef enum:
    WILL_PASS = -1

cdef int admission(RuleTable* rules, const Packet* packet, Opening* opening, uint16_t egress) noexcept nogil
