"""What may pass between networks, and what becomes of it: decided once per flow from flags of two interfaces, not from a list.

DRAFT of the face; the inside is free. For a packet without a flow the router asks:

    rules_target    where it really goes: published ports, one-to-one addresses, mappings open to all (endpoint-independent
                    filtering) change opening.target; otherwise the packet's own target
    (the router looks the route of opening.target up)
    rules_admit     may it go from the ingress to the egress interface, and with which source: sets opening.pool
"""

from libc.stdint cimport int64_t, uint16_t, uint32_t

from fastpath.ip cimport Address, Packet
