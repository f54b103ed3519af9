"""Flows found or opened, and what follows."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t
from libc.string cimport memcpy, memset

from fastpath.address cimport LINK_LOCAL, ORDINARY, Kind, kind_of
from fastpath.counters cimport (
    FLOW_INVALID, MARTIAN_SOURCE, MARTIAN_TARGET, NO_ROUTE, NO_SERVICE, PORTS_EXHAUSTED, TTL_EXCEEDED, UNTRANSLATABLE, Reason,
)
from fastpath.deliver cimport deliver, refuse_chain
from fastpath.egress cimport complain, link_size
from fastpath.flows cimport flows_find, flows_goal, flows_source, flows_translate, flows_way
from fastpath.flowtable cimport KNOWN, NONE, REFUSED, Found
from fastpath.frame cimport ETHERNET_HEADER, Frame
from fastpath.gateway cimport Gateway, Way, generation_of, routes_of
from fastpath.graph cimport Edge, drop, emit
from fastpath.icmp cimport LIFETIME, NO_WAY, PROHIBITED
from fastpath.ip cimport ERROR, FINE, WHOLE, Address, Packet, ip_chain_whole, ip_read, ip_transport, same
from fastpath.opening cimport OPEN_MIDSTREAM, Opening, flows_open
from fastpath.layout cimport PROTOCOL_TCP
from fastpath.reassembly cimport reassembly_add
from fastpath.resumption cimport RESUMES_LATER, RESUMES_NOTHING, Resumed, resumption
from fastpath.routes cimport BROADCAST, LOCAL, Route, Routes, routes_find
from fastpath.ruletable cimport RuleTable
from fastpath.rules cimport NOT_OURS, TARGET_OWN, TARGET_REFUSED, WILL_PASS, Target, rules_admit, rules_target
from fastpath.shortcut cimport is_syn
from fastpath.tcpstate cimport TCP_RESUMES, TCP_RESUMES_ENDING, Segment, segment_read, tcp_first
from fastpath.ways cimport fits, lower_ttl, pass_on, source_known, source_refused
from fastpath.wire cimport wire_likely


cdef inline int source_reason(Gateway* gateway, const Packet* packet) noexcept nogil:
    if wire_likely(source_known(gateway, &packet.source, packet.interface)):
        return FINE
    return source_refused(gateway, packet, kind_of(&packet.source))


cdef void track(Gateway* gateway, Packet* packet) noexcept nogil:
    cdef Packet whole
    cdef Frame* frame
    cdef uint32_t largest = 0
    cdef int reason = source_reason(gateway, packet)
    if reason == FINE and packet.fragment == WHOLE:
        reason = ip_transport(packet)
    if reason != FINE:
        drop(gateway.head, packet.frame, <Reason>reason)
        return
    if packet.fragment == WHOLE:
        track_whole(gateway, packet)
        return
    if not ip_chain_whole(packet):
        refuse_chain(gateway, packet)
        return
    frame = reassembly_add(&gateway.reassembly, gateway.head, packet, gateway.head.core.now, &largest)
    if frame == NULL:
        return
    whole.interface = packet.interface
    reason = ip_read(&whole, frame)
    if reason == FINE:
        reason = ip_transport(&whole)
    if reason != FINE:
        drop(gateway.head, frame, <Reason>reason)
        return
    gateway.largest = largest
    track_whole(gateway, &whole)
    gateway.largest = 0


cdef void track_whole(Gateway* gateway, Packet* packet) noexcept nogil:
    cdef Address goal
    cdef const Way* way
    cdef uint8_t* data
    cdef uint16_t number
    cdef Found found
    cdef int reason = source_reason(gateway, packet)
    if reason != FINE:
        drop(gateway.head, packet.frame, <Reason>reason)
        return
    found = flows_find(gateway.flows, packet, gateway.head.core.now)
    if found == REFUSED:
        drop(gateway.head, packet.frame, gateway.flows.reason)
        return
    if found == NONE:
        begin(gateway, packet)
        return
    flows_goal(gateway.flows, packet, &goal)
    number = flows_way(gateway.flows, packet)[0] if packet.kind != ERROR else 0
    if wire_likely(number):
        way = &gateway.interfaces[packet.interface].ways[number - 1]
        # What the long way would do, without asking again.
        if wire_likely(same(&way.target, &goal) and way.generation == generation_of(gateway) and packet.ttl > 1
                       and link_size(packet.frame, packet.length) <= way.mtu and not gateway.largest
                       and not (gateway.mss and is_syn(packet.frame, packet.protocol, packet.transport))):
            if not flows_translate(gateway.flows, packet):
                drop(gateway.head, packet.frame, UNTRANSLATABLE)
                return
            data = packet.frame.data
            lower_ttl(data + ETHERNET_HEADER, packet.version)
            memcpy(data, way.macs, 12)
            gateway.counters.forwarded += 1
            gateway.head.counters.left += 1
            emit(<Edge*>&way.edge, packet.frame)
            return
    go_on(gateway, packet, &goal)


cdef const Routes* routes_for(const Gateway* gateway, const Packet* packet) noexcept nogil:
    """The table for a packet of a flow: where an address of ours is its source when it leaves, that one's interface tells; else where it
    came in.

    So answers leave where the questions came in, and a flow stays with the uplink whose address it has."""
    cdef const Routes* usual = routes_of(gateway, packet.interface)
    cdef const Route* route
    cdef Address source
    if gateway.n_tables == 0:
        return usual
    flows_source(gateway.flows, packet, &source)
    route = routes_find(&gateway.routes, &source)
    return routes_of(gateway, route.interface) if route != NULL and route.kind == LOCAL else usual


cdef void go_on(Gateway* gateway, Packet* packet, const Address* goal) noexcept nogil:
    """A packet of a flow, which leads to `goal`."""
    cdef const Routes* routes
    cdef const Route* route
    if packet.ttl <= 1:
        complain(gateway, packet, LIFETIME, 0)
        drop(gateway.head, packet.frame, TTL_EXCEEDED)
        return
    routes = routes_for(gateway, packet)
    route = routes_find(routes, goal)
    if route == NULL:
        complain(gateway, packet, NO_WAY, 0)
        drop(gateway.head, packet.frame, NO_ROUTE)
    elif route.kind == LOCAL:
        # Rules led it to ourselves, where nothing is published.
        drop(gateway.head, packet.frame, NO_SERVICE)
    elif route.kind == BROADCAST:
        drop(gateway.head, packet.frame, MARTIAN_TARGET)
    elif gateway.rules != NULL and turns_back(gateway.rules, packet.interface, route.interface):
        drop(gateway.head, packet.frame, NO_ROUTE)
    else:
        pass_on(gateway, packet, route, goal, routes == routes_of(gateway, packet.interface))


cdef inline bint turns_back(const RuleTable* rules, uint16_t ingress, uint16_t egress) noexcept nogil:
    """From outside to outside: the network that the flow leads to is gone, and an inside address must not leave by the uplink."""
    return (ingress < rules.n_interfaces and rules.interfaces[ingress].uplink
            and egress < rules.n_interfaces and rules.interfaces[egress].uplink)


cdef Resumed resume(Gateway* gateway, const Packet* packet, const Route* route, bint ours, Opening* opening) noexcept nogil:
    """In mid-stream, from a server of a published port."""
    cdef Segment segment
    if packet.protocol != PROTOCOL_TCP or gateway.rules.published.targets.count == 0 or gateway.flows.strict:
        return RESUMES_NOTHING
    segment_read(&segment, packet.frame.data + packet.transport, packet.length - (packet.transport - packet.network), 60)
    if tcp_first(&segment) not in (TCP_RESUMES, TCP_RESUMES_ENDING):
        return RESUMES_NOTHING
    return resumption(gateway.rules, packet, ours, route.interface, opening)


cdef void begin(Gateway* gateway, Packet* packet) noexcept nogil:
    """A packet without a flow."""
    cdef Opening opening
    cdef Address goal
    cdef const Route* route = NULL
    cdef Kind target = kind_of(&packet.target)
    cdef bint ours = False
    cdef Target led = TARGET_OWN
    cdef Resumed resumed = RESUMES_NOTHING
    cdef int reason
    if target == ORDINARY:
        route = routes_find(routes_of(gateway, packet.interface), &packet.target)
        ours = route != NULL and route.kind == LOCAL
    elif target == LINK_LOCAL and same(&packet.target, &gateway.interfaces[packet.interface].link_local):
        deliver(gateway, packet)
        return
    else:
        drop(gateway.head, packet.frame, MARTIAN_TARGET)
        return
    if kind_of(&packet.source) == LINK_LOCAL:
        # Good for talking to us, and for nothing else.
        if ours:
            deliver(gateway, packet)
        else:
            drop(gateway.head, packet.frame, MARTIAN_SOURCE)
        return
    memset(&opening, 0, sizeof(Opening))
    opening.target = packet.target
    opening.target_port = packet.target_port
    opening.flags = OPEN_MIDSTREAM
    if gateway.rules != NULL and route != NULL:
        resumed = resume(gateway, packet, route, ours, &opening)
    if resumed == RESUMES_LATER:
        gateway.flows.counters.invalid += 1
        drop(gateway.head, packet.frame, FLOW_INVALID)
        return
    if gateway.rules != NULL and resumed == RESUMES_NOTHING:
        led = rules_target(gateway.rules, packet, <uint32_t>route.interface if ours else <uint32_t>NOT_OURS, &opening,
                           gateway.head.core.now)
    if led == TARGET_REFUSED:
        drop(gateway.head, packet.frame, gateway.rules.reason)
        return
    if led == TARGET_OWN and ours:
        deliver(gateway, packet)
        return
    if resumed == RESUMES_NOTHING and not same(&opening.target, &packet.target):
        route = routes_find(routes_of(gateway, packet.interface), &opening.target)
    if route != NULL and route.kind == BROADCAST:
        drop(gateway.head, packet.frame, MARTIAN_TARGET)
        return
    if route == NULL:
        complain(gateway, packet, NO_WAY, 0)
        drop(gateway.head, packet.frame, NO_ROUTE)
        return
    if gateway.rules != NULL and resumed == RESUMES_NOTHING:
        reason = rules_admit(gateway.rules, packet, &opening, route.interface)
        if reason != WILL_PASS:
            drop(gateway.head, packet.frame, <Reason>reason)
            return
    if packet.ttl <= 1:
        complain(gateway, packet, LIFETIME, 0)
        drop(gateway.head, packet.frame, TTL_EXCEEDED)
        return
    # What cannot go on begins no flow.
    if not fits(gateway, packet, gateway.interfaces[route.interface].mtu):
        return
    gateway.opened = True
    if flows_open(gateway.flows, packet, &opening, gateway.head.core.now) != KNOWN:
        # RFC 5508, REQ-8; RFC 4787 and 5382 leave it open.
        if gateway.flows.reason == PORTS_EXHAUSTED:
            complain(gateway, packet, PROHIBITED, 0)
        drop(gateway.head, packet.frame, gateway.flows.reason)
        return
    flows_goal(gateway.flows, packet, &goal)
    go_on(gateway, packet, &goal)
