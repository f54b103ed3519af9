"""What is kept of a flow, and the table of all flows: memory that is fixed when made, 96 octets a flow and up to four references.

A flow is known by two tuples. Packets of its original direction come as `source:source_port -> target:target_port`; those of the
reply direction come as the reverse of what the original ones leave as. What differs is the translation:

    original   source        -> target           leaves as   new source -> new target
    reply      new target    -> new source       leaves as   target     -> source

New addresses are 16-bit numbers into a list of known addresses (addresses.pxd), 0 where the address stays; new ports are
written out. An ICMP query has its identifier as source port; protocols without ports have 0 twice.

The index (index.pxd) holds for each flow references `4 * number + kind`:

    ORIGINAL   by the original tuple                                    every flow
    REPLY      by the reply tuple                                       every flow
    INSIDE     by inside endpoint, protocol and outside address         one of the flows of each mapping (mapping.pxd)
    OUTSIDE    by outside endpoint, or that and the remote address      one of them, where the filtering lets others in

States of a record (`Flow.flags & LIST` says in which of the lists of lists.pxd it is):

    free        in the free list                                        taken by flows_open
    OPENING     a TCP flow without a whole handshake                    recycled second, oldest first, when the table is full
    QUERIES     UDP, ICMP and others that nobody has answered           the same; three lists, by their timeouts
    CLOSING     a TCP flow after a RST or both FINs                     recycled third
    ESTABLISHED, ANSWERED …                                             goes by its timeout only
    expired     unused for its timeout                                  as if absent; recycled first; removed by flows_expire

Who moves them: flows_find, by what TCP does (tcpstate.pxd) or at a first reply; flows_expire and flows_open, by time (lifetimes.pxd).
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from fastpath.addresses cimport Addresses
from fastpath.counters cimport Reason
from fastpath.index cimport Index
from fastpath.ip cimport Address
from fastpath.tuples cimport Secrets, tuple_hash

cdef enum:
    FLOW_TICK = 28                # of 2^28 ns: 0.27 s
    MOVE = 2                      # a flow moves to the end of its list when its tick >> MOVE changes: about once a second
    FLOWS_MAX = 1 << 28
    NOBODY = 0xFFFFFFFF           # no flow's number

cdef enum:                        # kinds of references
    ORIGINAL
    REPLY
    INSIDE
    OUTSIDE

cdef enum:                        # Flow.flags
    LIST = 7                      # which list it is in
    REPLIED = 8                   # both directions were seen
    REVERSED = 16                 # it was begun by a packet of its reply direction: from outside, by an open mapping
    MAPPED = 32                   # belongs to a mapping: is in its ring
    FIRST = 64                    # of those of its ring with its remote address: OUTSIDE leads to it, with filtering by address
    LIBERAL = 128                 # TCP picked up in mid-stream: windows are not judged

cdef enum Filtering:              # who may send to a mapping (RFC 4787, 5)
    PORT_DEPENDENT                # addresses and ports that it sent to
    ADDRESS_DEPENDENT
    INDEPENDENT                   # anybody

cdef enum Found:                  # what looking a packet's flow up, or opening one, ends in
    NONE                          # no flow yet
    KNOWN
    REFUSED                       # table.reason says why

cdef enum:                        # lists; those below ANSWERED may be recycled for a newcomer, in this order
    OPENING                       # TCP, timeout tcp_transitory
    QUERIES                       # UDP without a reply, timeout udp
    ECHOES                        # ICMP queries, timeout icmp: never more than questions and answers
    OTHERS                        # other protocols without a reply, timeout other
    CLOSING                       # TCP, timeout tcp_transitory
    ANSWERED                      # UDP both ways (udp_stream), and other protocols (the timeout is that of `other`)
    ESTABLISHED                   # TCP, timeout tcp_established
    OTHERS_ANSWERED
    N_LISTS

cdef struct Flow:                 # the hot half: a cache line, all that a packet of a UDP flow touches
    Address source                # original tuple
    Address target
    uint16_t source_port          # as they lie in memory, like all ports here
    uint16_t target_port
    uint16_t new_source           # numbers of addresses; 0: stays
    uint16_t new_target
    uint16_t new_source_port
    uint16_t new_target_port
    uint16_t address_delta        # what the translation of the original direction adds to a sum that covers the addresses,
    uint16_t delta                # … and to the transport checksum's sum; never 0 (RFC 1624, 3); the reply's are their inverses
    uint32_t seen                 # tick of the latest packet
    uint16_t[2] ways              # the router's own, by direction; 0: none kept
    uint16_t[2] windows           # TCP, by who announced: the largest, in units of 1 << scale
    uint8_t protocol
    uint8_t state                 # TCP: tcpstate.pxd
    uint8_t flags
    uint8_t scales                # TCP window scales: original's in the low four bits

cdef struct Links:                # the cold half: touched by TCP, and when a flow moves
    uint32_t[2] ends              # TCP, by sender: one past the highest octet sent
    uint32_t[2] acks              # TCP, by sender: the highest acknowledgment sent
    uint32_t older                # neighbors in its list; free: the next free one
    uint32_t newer
    uint32_t ring_before          # neighbors in the ring of its mapping
    uint32_t ring_after

cdef struct List:
    uint32_t oldest
    uint32_t newest
    uint32_t count

cdef struct Pool:                 # addresses that sources are translated to
    uint16_t* numbers             # IPv4 ones first
    uint32_t[2] counts            # IPv4, IPv6
    bint paired                   # an inside host has the same one always (RFC 4787, REQ-2)
    bint used                     # else the place is free

cdef struct FlowCounters:
    uint64_t opened
    uint64_t expired
    uint64_t closed               # a new connection took the tuple of a closed one
    uint64_t recycled             # for a newcomer, before their time
    uint64_t refused              # the table was full of flows that may not be recycled
    uint64_t exhausted            # no port was free
    uint64_t invalid
    uint64_t deleted

cdef struct FlowTable:
    Flow* flows
    Links* links
    Index index
    Addresses addresses
    Secrets secrets
    Pool* pools                   # by number, from 1
    uint32_t n_pools
    List[N_LISTS] lists
    uint32_t[N_LISTS] timeouts    # ticks
    uint32_t capacity
    uint32_t count
    uint32_t free                 # first free record
    uint32_t untouched            # records from here on were never used
    uint32_t kinds                # references that a flow has at most
    bint dependent                # endpoint-dependent mapping
    Filtering filtering
    bint strict                   # TCP is not picked up in mid-stream
    uint64_t chance               # state of the generator for ports
    Reason reason                 # why the latest packet was REFUSED
    int64_t looked_at             # a turn's time, and how many flows were looked at for their age in it
    uint32_t looked
    FlowCounters counters

cdef inline uint32_t flow_tick(int64_t now) noexcept nogil:
    return <uint32_t>(now >> FLOW_TICK)

cdef inline bint flow_expired(const FlowTable* table, const Flow* flow, uint32_t tick) noexcept nogil:
    return tick - flow.seen > table.timeouts[flow.flags & LIST]

cdef inline bint flow_old(const FlowTable* table, const Flow* flow, uint32_t tick) noexcept nogil:
    """Its time is over; it is as if it were not there."""
    return tick - flow.seen > table.timeouts[flow.flags & LIST]

cdef inline const Address* reply_source(const FlowTable* table, const Flow* flow) noexcept nogil:
    """Where replies come from: the remote endpoint's address, as those outside know it."""
    if flow.new_target:
        return &table.addresses.known[flow.new_target].address
    return &flow.target

cdef inline const Address* reply_target(const FlowTable* table, const Flow* flow) noexcept nogil:
    """Where replies go to: the outside address, if the source is translated."""
    if flow.new_source:
        return &table.addresses.known[flow.new_source].address
    return &flow.source

cdef inline uint32_t original_hash(const FlowTable* table, const Flow* flow) noexcept nogil:
    return tuple_hash(&table.secrets, &flow.source, &flow.target, flow.source_port, flow.target_port, flow.protocol, 0)

cdef inline uint32_t reply_hash(const FlowTable* table, const Flow* flow) noexcept nogil:
    return tuple_hash(&table.secrets, reply_source(table, flow), reply_target(table, flow), flow.new_target_port,
                      flow.new_source_port, flow.protocol, 0)

cdef inline Found refuse(FlowTable* table, Reason reason) noexcept nogil:
    table.reason = reason
    return REFUSED

# Errors: MemoryError.
cdef int table_make(FlowTable* table, uint32_t capacity, uint64_t seed, bint dependent, Filtering filtering, bint strict) except -1
cdef void table_unmake(FlowTable* table) noexcept
cdef size_t table_octets(const FlowTable* table) noexcept nogil
