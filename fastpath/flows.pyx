"""Finding and following flows. The parts are in modules of their own: see flows.pxd for the order in which they are used."""

import math

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from fastpath.arena cimport HEAD
from fastpath.counters cimport FLOW_INVALID, ICMP_UNMATCHED, TRANSPORT_HEADER, Reason
from fastpath.flowtable cimport (
    ANSWERED, FLOW_TICK, FLOWS_MAX, KNOWN, LIST, NONE, OTHERS, OTHERS_ANSWERED, QUERIES, REPLIED, REVERSED, Filtering, Flow, flow_old,
    flow_tick, refuse, table_make, table_octets, table_unmake,
)
from fastpath.flowrows cimport flow_count, flow_delete, flow_rows
from fastpath.flowrows import FLOWS_DTYPE as ROWS
from fastpath.frame cimport NEEDS_CSUM, OUTER_CSUM, SHARED
from fastpath.ip cimport PORTS, PROTOCOL_SCTP, same
from fastpath.layout cimport PROTOCOL_TCP
from fastpath.lifetimes cimport expire_some, flow_end, next_expiry
from fastpath.lists cimport flow_refresh, list_move
from fastpath.lookup cimport flow_lookup
from fastpath.natrows cimport translation_rows
from fastpath.pools cimport pool_add, pool_remove
from fastpath.quote cimport QUOTED, Quote, quote_read, quote_translate
from fastpath.timeouts import LIST_TIMEOUTS, resolve
from fastpath.tcpstate cimport (
    TCP_PASSES, TCP_REOPENS, TCP_STAYS, Segment, Verdict, segment_read, tcp_list, tcp_next,
)
from fastpath.translate cimport Rewrite, rewrite_of, translate_addresses, translate_plain, translate_transport
from fastpath.wire cimport wire_likely, wire_unlikely

cdef enum:
    TRANSPORT_OCTETS = 20         # of a transport header that a translation may write


# -- look-up ------------------------------------------------------------------------------------------------------------

cdef inline uint32_t lookup(const FlowTable* table, const Packet* packet) noexcept nogil:
    return flow_lookup(table, &packet.source, &packet.target, packet.source_port, packet.target_port, packet.protocol, packet.hash)


cdef Found find_quoted(FlowTable* table, Packet* packet, uint32_t tick) noexcept nogil:
    """An ICMP error goes with the flow of the packet that it quotes, the reverse of which is a packet of the error's direction."""
    cdef Quote quote
    cdef Packet reverse
    cdef int reason = quote_read(&quote, packet)
    if reason != QUOTED:
        table.counters.invalid += 1
        return refuse(table, <Reason>reason)
    reverse = quote.packet
    reverse.source = quote.packet.target
    reverse.target = quote.packet.source
    reverse.source_port = quote.packet.target_port
    reverse.target_port = quote.packet.source_port
    reverse.hash = packet_hash(table, &reverse)
    packet.flow = lookup(table, &reverse)
    # It is for who sent what it quotes, and nobody else.
    if (packet.flow == NO_FLOW or flow_old(table, &table.flows[packet.flow >> 1], tick)
            or not same(&packet.target, &reverse.target)):
        table.counters.invalid += 1
        return refuse(table, ICMP_UNMATCHED)
    return KNOWN


cdef Found flows_find(FlowTable* table, Packet* packet, int64_t now) noexcept nogil:
    cdef uint32_t tick = flow_tick(now)
    cdef uint32_t number, length
    cdef Flow* flow
    cdef Segment segment
    if wire_unlikely(packet.kind == ERROR):
        return find_quoted(table, packet, tick)
    if packet.protocol == PROTOCOL_TCP:
        length = packet.length - (packet.transport - packet.network)
        if wire_unlikely(not segment_read(&segment, packet.frame.data + packet.transport, length,
                                          packet.frame.head - packet.transport)):
            return refuse(table, TRANSPORT_HEADER)
    if wire_unlikely(packet.hash == 0):
        packet.hash = packet_hash(table, packet)
    packet.flow = lookup(table, packet)
    if packet.flow == NO_FLOW:
        return NONE
    number = packet.flow >> 1
    flow = &table.flows[number]
    if flow.seen != tick and wire_unlikely(flow_old(table, flow, tick)):
        table.counters.expired += 1
        flow_end(table, number)
        packet.flow = NO_FLOW
        return NONE
    if packet.protocol == PROTOCOL_TCP:
        return follow_tcp(table, packet, &segment, tick)
    if wire_unlikely(not flow.flags & REPLIED and packet.flow & 1 != ((flow.flags & REVERSED) != 0)):
        replied(table, number)
    if flow.seen != tick:
        flow_refresh(table, number, tick)
    return KNOWN


cdef void replied(FlowTable* table, uint32_t number) noexcept nogil:
    """The first packet of the other direction."""
    cdef Flow* flow = &table.flows[number]
    cdef uint32_t which = flow.flags & LIST
    flow.flags |= REPLIED
    if which == QUERIES:
        list_move(table, number, ANSWERED)
    elif which == OTHERS:
        list_move(table, number, OTHERS_ANSWERED)


cdef Found follow_tcp(FlowTable* table, Packet* packet, const Segment* segment, uint32_t tick) noexcept nogil:
    cdef uint32_t number = packet.flow >> 1
    cdef uint32_t direction = packet.flow & 1
    cdef Flow* flow = &table.flows[number]
    cdef uint8_t state = flow.state
    cdef uint8_t flags = flow.flags
    cdef Verdict verdict = tcp_next(flow, &table.links[number], segment, direction)
    if wire_unlikely(verdict != TCP_PASSES):
        if verdict == TCP_STAYS:
            return KNOWN
        if verdict == TCP_REOPENS:
            table.counters.closed += 1
            flow_end(table, number)
            packet.flow = NO_FLOW
            return NONE
        table.counters.invalid += 1
        return refuse(table, FLOW_INVALID)
    if direction != ((flags & REVERSED) != 0):
        flow.flags |= REPLIED
    if wire_unlikely(flow.state != state or flow.flags != flags):
        flow.seen = tick
        list_move(table, number, tcp_list(flow))
    elif flow.seen != tick:
        flow_refresh(table, number, tick)
    return KNOWN


# -- packets of known flows ---------------------------------------------------------------------------------------------

cdef bint flows_translate(FlowTable* table, Packet* packet) noexcept nogil:
    cdef const Flow* flow = &table.flows[packet.flow >> 1]
    cdef uint32_t direction = packet.flow & 1
    cdef uint8_t* octets = packet.frame.data
    cdef Rewrite rewrite
    if not (flow.new_source | flow.new_target):
        return True
    if wire_likely(packet.version == 4 and packet.kind == PORTS and packet.protocol != PROTOCOL_SCTP
                   and not packet.frame.flags & (NEEDS_CSUM | OUTER_CSUM)):
        translate_plain(table, flow, packet)
        return True
    rewrite_of(table, flow, direction, &rewrite)
    if wire_unlikely(packet.kind == ERROR):
        return quote_translate(packet, &rewrite, (flow.new_target if direction else flow.new_source) != 0)
    if wire_unlikely(packet.frame.flags & SHARED and packet.transport + <uint32_t>TRANSPORT_OCTETS > HEAD):
        return False
    if not translate_transport(octets + packet.transport, packet.frame.head - packet.transport, packet, &rewrite):
        return False
    translate_addresses(octets + packet.network, packet.version, &rewrite)
    return True


# -- time ---------------------------------------------------------------------------------------------------------------

cdef int64_t flows_expire(FlowTable* table, int64_t now) noexcept nogil:
    expire_some(table, now)
    return next_expiry(table, now)


cdef void flows_forget_ways(FlowTable* table) noexcept nogil:
    cdef uint32_t number
    for number in range(table.untouched):
        table.flows[number].ways[0] = 0
        table.flows[number].ways[1] = 0


# -- for people ---------------------------------------------------------------------------------------------------------

FLOWS_DTYPE = ROWS
MAPPINGS = ("endpoint-independent", "endpoint-dependent")
FILTERINGS = ("address-and-port-dependent", "address-dependent", "endpoint-independent")


cdef class Flows:
    """A table of up to `capacity` flows; see docs/conntrack.md for the choices.

    `timeouts`: seconds by name (timeouts.DEFAULT), or "linux". Errors: ValueError for what is not known.
    """

    def __cinit__(self, uint32_t capacity=65536, *, uint64_t seed=0, str mapping="endpoint-independent",
                  str filtering="address-and-port-dependent", bint strict=False, timeouts=None):
        if not 1 <= capacity <= FLOWS_MAX:
            raise ValueError(f"capacity: 1 to {FLOWS_MAX} flows")
        if mapping not in MAPPINGS:
            raise ValueError(f"mapping: one of {', '.join(MAPPINGS)}")
        if filtering not in FILTERINGS:
            raise ValueError(f"filtering: one of {', '.join(FILTERINGS)}")
        resolve(timeouts)
        table_make(&self.table, capacity, seed, mapping == "endpoint-dependent", <Filtering><int>FILTERINGS.index(filtering),
                   strict)
        self.set_timeouts(timeouts)

    def __dealloc__(self):
        table_unmake(&self.table)

    def set_timeouts(self, timeouts) -> None:
        """Other timeouts from now on, for flows that are known too."""
        cdef uint32_t which
        seconds = resolve(timeouts)
        for which, name in enumerate(LIST_TIMEOUTS):
            # Rounded up: never shorter than said.
            self.table.timeouts[which] = <uint32_t>min(math.ceil(seconds[name] * 1e9 / (1 << FLOW_TICK)), 1 << 31)

    def add_pool(self, addresses, *, bint paired=True) -> int:
        """Addresses to translate sources to, of both families if you like; returns the pool's number, 1 or more."""
        return pool_add(&self.table, addresses, paired)

    def remove_pool(self, uint32_t number) -> None:
        """No new flow takes addresses from the pool; those that did go on. Errors: ValueError."""
        pool_remove(&self.table, number)

    def rows(self, int64_t now, *, limit=None, protocol=None, source=None, target=None, source_port=None, target_port=None,
             state=None):
        """The flows, up to `limit`, that are not expired and whose original tuple has these: a NumPy array of FLOWS_DTYPE."""
        return flow_rows(&self.table, now, limit, protocol, source, target, source_port, target_port, state)

    def matching(self, int64_t now, *, protocol=None, source=None, target=None, source_port=None, target_port=None, state=None) -> int:
        """How many rows there would be."""
        return flow_count(&self.table, now, protocol, source, target, source_port, target_port, state)

    def delete(self, *, protocol=None, source=None, target=None, source_port=None, target_port=None, state=None) -> int:
        """End the flows whose original tuple has these; returns how many. Protocols are numbers or names (flowrows.PROTOCOLS)."""
        return flow_delete(&self.table, protocol, source, target, source_port, target_port, state)

    def translations(self, int64_t now, *, uint32_t limit, kind=None, protocol=None, inside=None, outside=None):
        """Up to `limit` translations in use (natrows.TRANSLATIONS_DTYPE), and how many other flows have one that is chosen."""
        return translation_rows(&self.table, now, limit, kind, protocol, inside, outside)

    @property
    def count(self) -> int:
        """Flows in the table, expired ones that were not yet removed included."""
        return self.table.count

    @property
    def capacity(self) -> int:
        """Flows that it may hold."""
        return self.table.capacity

    @property
    def octets(self) -> int:
        """Memory, all in."""
        return table_octets(&self.table)

    def named_counters(self) -> dict:
        """What happened to flows."""
        return dict(self.table.counters) | {"flows": self.table.count}
