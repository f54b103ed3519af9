"""What may pass between networks, and what becomes of it: decided once per flow from flags of two interfaces, not from a list.

The model is Docker's current one. For a packet without a flow (flows_find said NONE) the router asks, in this order:

    rules_target    where does it really go? TARGET_OWN: as it says, so if that is one of our addresses, deliver it.
                    TARGET_LED: one-to-one addresses, published ports, open mappings and the redirection to the host changed
                    opening.target. TARGET_REFUSED: rules.reason says why to drop.
    (the router looks the route of opening.target up: that gives the egress interface)
    rules_admit     may it go from the ingress to the egress interface, and with which source? WILL_PASS (-1), or the Reason to drop
    flows_open      (flows.pxd) with this Opening

Replies never get here: they have a flow. Rules may change at any time between turns, and established flows go on as they are.

    to \\ from      same network       another network        uplink                trusted source (the host)
    network        yes; icc=False:    OTHER_NETWORK, but     NOT_PUBLISHED, but    yes
                   published only     by published ports     by published ports
    uplink         yes, masqueraded   -                      NOT_PUBLISHED         NOT_PUBLISHED
    an internal network: nothing in or out (INTERNAL_NETWORK) but from trusted sources

    an uplink of another realm than the network's: neither from there (NOT_PUBLISHED) nor to there (OTHER_UPLINK)

A *realm* (RFC 2663, 2.1) is a world outside, with what belongs to it: uplinks that lead there, networks that leave by these, ports
published there, and addresses of a host there. A packet is led by the realm of the address of ours that it is for, else by that of
the interface that it came by.

    mode nat               as above; published means: led here by rules_target
    mode nat-unprotected   as nat, and endpoints are reached directly
    mode routed            not masqueraded; endpoints are reached directly at their published ports, and by ICMP
    mode isolated          as internal
"""

from libc.stdint cimport int64_t, uint16_t, uint32_t

from fastpath.admission cimport WILL_PASS, admission
from fastpath.flows cimport Flows
from fastpath.ip cimport Packet
from fastpath.opening cimport Opening
from fastpath.ruletable cimport RuleTable

cdef enum:
    NOT_OURS = 0xFFFFFFFF         # instead of an interface: no address of the router

cdef enum Target:
    TARGET_OWN
    TARGET_LED
    TARGET_REFUSED

cdef class Rules:
    """The rules with their Python face."""
    cdef RuleTable table
    cdef readonly Flows flows
    cdef dict names               # of interfaces, by number
    cdef dict publication_names   # by id
    cdef dict realm_names         # of uplinks, by number
    cdef int forget_host(self, uint32_t realm) except -1

# `owner`: the router's interface that has the packet's target as an address, or NOT_OURS.
cdef Target rules_target(RuleTable* rules, const Packet* packet, uint32_t owner, Opening* opening, int64_t now) noexcept nogil
# `egress`: the interface that the route of opening.target leads to. WILL_PASS, or the Reason to drop.
cdef inline int rules_admit(RuleTable* rules, const Packet* packet, Opening* opening, uint16_t egress) noexcept nogil:
    return admission(rules, packet, opening, egress)
