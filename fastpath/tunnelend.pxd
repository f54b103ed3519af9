"""The C side of a Vtep: the underlay, which is a Gateway with one interface, and the tunnels over it.

What comes from the underlay (decap.pyx, underlay.pyx):

    a tunnel packet for us      VNI and outer source name the tunnel; the inner frame enters the bridge as that member's
    ARP, ND, echo, fragments    as the router has it, by the same code
    anything else               ended by name: a VTEP forwards nothing on its underlay

What comes from a bridge (encap.pyx), by the tunnel's input: a header goes in front and the frame leaves; what the bridge floods is
copied to the overlay's peers, or goes to its group (flood.pyx).
"""

from libc.stdint cimport int64_t, uint32_t, uint64_t

from fastpath.claims cimport Claims
from fastpath.endpoints cimport Endpoints
from fastpath.gateway cimport Gateway
from fastpath.icmp cimport Icmp
from fastpath.igmp cimport Memberships
from fastpath.tunnels cimport Tunnels

cdef struct TunnelCounters:
    uint64_t encapsulated         # frames that got a header, copies included
    uint64_t decapsulated
    uint64_t replicated           # copies made for further peers
    uint64_t bytes_copied         # octets of frames copied: by replication, for want of headroom, for segments
    uint64_t stripped             # VLAN tags taken off
    uint64_t unlearned            # frames of VTEPs for which no tunnel was left
    uint64_t told                 # senders told that a packet is too big
    uint64_t answered             # ARP requests and neighbor solicitations answered for stations
    uint64_t segmented            # super-frames split before they got a header
    uint64_t clamped              # SYNs whose MSS was lowered
    uint64_t narrowed             # tunnels whose path was said to be narrow

cdef struct TunnelEnd:
    Gateway gateway               # interface 0
    Tunnels tunnels
    Icmp icmp                     # errors about inner packets
    Endpoints endpoints           # programmed stations that have addresses
    Claims claims                 # who says that an address is its own, by overlay
    Memberships groups            # joined on the underlay
    uint64_t secret0              # of the hash of inner flows
    uint64_t secret1
    uint32_t mtu
    bint strict                   # reserved bits of the VXLAN header are an error
    bint any_hop                  # next hops need no MAC address: the outside routes
    TunnelCounters counters
