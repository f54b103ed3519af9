"""What a node counts, and the named reasons for which a frame is dropped.

After every turn, per node and in sum:  in + cloned + originated == out + consumed + dropped + held.
"""

from libc.stdint cimport uint64_t

cpdef enum Reason:
    RUNT                  # keep in step with counters.REASONS; a test compares them
    OVERSIZE
    SLICED
    BAD_OFFLOAD
    SOURCE_INVALID
    RESERVED_ADDRESS
    SAME_PORT
    NO_OTHER_PORT
    ISOLATED
    MTU
    HOP_BUDGET
    TURN_BUDGET
    UNCONNECTED
    PORT_DOWN
    PORT_GONE
    QUEUE_FULL
    OUTBOX_FULL
    WRITE_REFUSED
    NOT_IP                # from here on: gateways
    ARP_INVALID
    ND_INVALID
    IP_HEADER
    IP_CHECKSUM
    IP_LENGTH
    SOURCE_ROUTE
    GROUP_FRAME
    MARTIAN_SOURCE
    MARTIAN_TARGET
    SPOOFED_SOURCE
    TTL_EXCEEDED
    NO_ROUTE
    UNRESOLVED
    NEIGHBOR_QUEUE
    TOO_BIG
    FRAGMENT_INVALID
    FRAGMENT_OVERLAP
    FRAGMENT_LIMIT
    FRAGMENT_TIMEOUT
    HEADER_CHAIN
    TRANSPORT_HEADER
    TRANSPORT_CHECKSUM
    NO_SERVICE
    ICMP_UNMATCHED
    OTHER_NETWORK
    INTERNAL_NETWORK
    NOT_PUBLISHED
    FLOW_INVALID
    FLOW_LIMIT
    PORTS_EXHAUSTED
    FILTERED
    UNTRANSLATABLE
    SPLIT_HORIZON         # from here on: tunnels
    VXLAN_HEADER
    UNKNOWN_VNI
    UNKNOWN_PEER
    OUTER_FRAGMENT
    ECN_LOST
    INNER_VLAN
    UNKNOWN_STATION
    FLOOD_LIMIT
    NO_PEER
    NOT_OURS
    UDP_ONLY              # underlays
    OTHER_UPLINK
    NOT_VXLAN
    OTHER_STATION         # from here on: stations behind a parent
    OTHER_VLAN
    THE_HOST
    NO_GROUPS

cdef enum:
    REASONS_MAX = 80      # room for later issues; a node's drop counters are one array

cdef struct Counters:
    uint64_t entered      # "in" is a word of Python's
    uint64_t left         # "out"
    uint64_t cloned
    uint64_t originated
    uint64_t consumed
    uint64_t held         # waiting now
    uint64_t dropped      # the sum of drops[]
    uint64_t drops[REASONS_MAX]
