"""A packet's way through flows and rules (flows.pxd, rules.pxd), for a router that has them.

    its source may send here; a fragment waits for the others
    its flow is KNOWN: on to where that leads, translated
    REFUSED: dropped for the table's reason
    NONE: for us, unless rules lead it elsewhere: deliver.pyx;  else routed, admitted by rules, and a flow opened for it

Nothing of a packet is changed before all this is decided, so that errors quote it as it came, and so that it may wait for its next
hop and begin anew.
"""

from fastpath.gateway cimport Gateway
from fastpath.ip cimport Packet

# As ip_read left it.
cdef void track(Gateway* gateway, Packet* packet) noexcept nogil
# As ip_transport left it: not a fragment.
cdef void track_whole(Gateway* gateway, Packet* packet) noexcept nogil
