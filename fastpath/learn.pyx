"""Who says what about an address, and what we say about ours."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy

from fastpath.address cimport ORDINARY, UNSPECIFIED, kind_of
from fastpath.arp cimport ARP_FRAME, ARP_REPLY, ARP_REQUEST, Arp, arp_read, arp_write
from fastpath.counters cimport ARP_INVALID, ND_INVALID
from fastpath.ethernet cimport group_mac
from fastpath.frame cimport Frame
from fastpath.gateway cimport Gateway, Interface, routes_of
from fastpath.graph cimport drop
from fastpath.ip cimport FINE, Address, Packet, same
from fastpath.nd cimport FROM_ROUTER, ND_FRAME, NEIGHBOR_ADVERTISEMENT, NEIGHBOR_SOLICITATION, OVERRIDE, SOLICITED, Nd, nd_read, nd_write
from fastpath.neighbor cimport (
    INCOMPLETE, NOBODY, PERMANENT, REACHABLE, STALE, Neighbor, neighbor_add, neighbor_become, neighbor_find,
)
from fastpath.resolve cimport blank, is_anycast, is_ours, on_link, originate, our_address, release
from fastpath.routes cimport BROADCAST, LOCAL, Route, routes_find
from fastpath.wire cimport load48


cdef void learn(Gateway* gateway, uint32_t number, uint64_t mac, bint confirmed) noexcept nogil:
    """The neighbor said so. `confirmed`: in answer to us, so it hears us too."""
    cdef Neighbor* neighbor = &gateway.neighbors.neighbors[number]
    cdef bint moved = neighbor.mac != mac
    if neighbor.state == PERMANENT:
        return
    if moved:
        neighbor.mac = mac
        gateway.neighbors.generation += 1
    if confirmed:
        neighbor_become(&gateway.neighbors, number, REACHABLE, gateway.head.core.now)
    elif moved or neighbor.state == INCOMPLETE:
        neighbor_become(&gateway.neighbors, number, STALE, gateway.head.core.now)
    release(gateway, number)


cdef void hear(Gateway* gateway, uint16_t number, const Address* address, uint64_t mac, bint create, bint confirmed) noexcept nogil:
    """A station says that it has the address; `create`: it wants something of us, so we are going to need it."""
    cdef uint32_t neighbor = neighbor_find(&gateway.neighbors, number, address)
    if neighbor == NOBODY:
        if not create or not on_link(&gateway.interfaces[number], address):
            return
        neighbor = neighbor_add(&gateway.neighbors, number, address)
        if neighbor == NOBODY:
            return
        gateway.neighbors.counters.learned += 1
    learn(gateway, neighbor, mac, confirmed)


# -- answering ------------------------------------------------------------------------------------------------------------


cdef bint answers_for(Gateway* gateway, uint16_t number, const Address* sender, const Address* target) noexcept nogil:
    """By proxy: our route to it leads by another interface (RFC 1027, 2.4)."""
    cdef const Route* route
    if not gateway.interfaces[number].proxy_arp or same(sender, target) or kind_of(target) != ORDINARY:
        return False
    route = routes_find(routes_of(gateway, number), target)
    return route != NULL and route.kind != LOCAL and route.kind != BROADCAST and route.interface != number


cdef void arp_receive(Gateway* gateway, uint16_t number, Frame* frame) noexcept nogil:
    cdef Interface* interface = &gateway.interfaces[number]
    cdef Arp arp
    cdef bint asked, probe
    cdef Frame* reply
    if arp_read(&arp, frame) != FINE or (arp.sender_mac != interface.mac and is_ours(interface, &arp.sender)):
        drop(gateway.head, frame, ARP_INVALID)
        return
    gateway.head.counters.consumed += 1
    asked = arp.operation == ARP_REQUEST and is_ours(interface, &arp.target)
    probe = kind_of(&arp.sender) == UNSPECIFIED
    if not probe and arp.sender_mac != interface.mac:
        hear(gateway, number, &arp.sender, arp.sender_mac, asked, arp.operation == ARP_REPLY and is_ours(interface, &arp.target))
    if not asked and not (arp.operation == ARP_REQUEST and answers_for(gateway, number, &arp.sender, &arp.target)):
        return
    reply = blank(gateway, ARP_FRAME)
    if reply == NULL:
        return
    reply.ingress = frame.ingress
    gateway.counters.answered += 1
    arp_write(reply.data, ARP_REPLY, interface.mac, &arp.target, arp.sender_mac, &arp.sender)
    originate(gateway, interface, reply)


cdef void nd_receive(Gateway* gateway, uint16_t number, Packet* packet) noexcept nogil:
    cdef Interface* interface = &gateway.interfaces[number]
    cdef Nd nd
    # Nobody has a reason to send one in fragments (RFC 6980).
    if gateway.largest or nd_read(&nd, packet) != FINE:
        drop(gateway.head, packet.frame, ND_INVALID)
        return
    if nd.kind == NEIGHBOR_SOLICITATION:
        solicited(gateway, interface, number, packet, &nd)
    else:
        advertised(gateway, interface, number, packet, &nd)


cdef void solicited(Gateway* gateway, Interface* interface, uint16_t number, Packet* packet, const Nd* nd) noexcept nogil:
    """RFC 4861, 7.2.3 and 7.2.4."""
    cdef bint probe = kind_of(&packet.source) == UNSPECIFIED
    cdef bint ours = is_ours(interface, &nd.target)
    cdef uint8_t flags = FROM_ROUTER
    cdef Address everybody
    cdef Address source = nd.target
    cdef Frame* reply
    if is_ours(interface, &packet.source):
        drop(gateway.head, packet.frame, ND_INVALID)
        return
    gateway.head.counters.consumed += 1
    if ours or is_anycast(interface, &nd.target):
        if nd.mac:
            hear(gateway, number, &packet.source, nd.mac, True, False)
    elif probe or not answers_for(gateway, number, &packet.source, &nd.target):
        return
    if ours:
        flags |= OVERRIDE
    elif our_address(interface, &packet.source) != NULL:
        # Others may have it too: nobody's entry is to be replaced (RFC 4861, 7.2.7 and 7.2.8), nor is it a source.
        source = our_address(interface, &packet.source)[0]
    reply = blank(gateway, ND_FRAME)
    if reply == NULL:
        return
    reply.ingress = packet.frame.ingress
    gateway.counters.answered += 1
    if probe:
        memcpy(&everybody, b"\xff\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01", 16)
        nd_write(reply.data, NEIGHBOR_ADVERTISEMENT, flags, interface.mac, &source, group_mac(&everybody), &everybody, &nd.target)
    else:
        # To the MAC address that it came from: the option repeats it, where there is one.
        nd_write(reply.data, NEIGHBOR_ADVERTISEMENT, flags | SOLICITED, interface.mac, &source,
                 nd.mac or load48(packet.frame.data + 6), &packet.source, &nd.target)
    originate(gateway, interface, reply)


cdef void advertised(Gateway* gateway, Interface* interface, uint16_t number, Packet* packet, const Nd* nd) noexcept nogil:
    """RFC 4861, 7.2.5: only who is in the table already is updated."""
    cdef uint32_t found
    cdef Neighbor* neighbor
    cdef bint confirmed = (nd.flags & SOLICITED) != 0
    if is_ours(interface, &nd.target):
        drop(gateway.head, packet.frame, ND_INVALID)
        return
    gateway.head.counters.consumed += 1
    found = neighbor_find(&gateway.neighbors, number, &nd.target)
    if found == NOBODY:
        return
    neighbor = &gateway.neighbors.neighbors[found]
    if neighbor.state == PERMANENT:
        return
    if neighbor.state == INCOMPLETE:
        if nd.mac:
            learn(gateway, found, nd.mac, confirmed)
        return
    if nd.mac and nd.mac != neighbor.mac and not nd.flags & OVERRIDE:
        # Somebody else claims the address, and does not insist: look again before believing either.
        if neighbor.state == REACHABLE:
            neighbor_become(&gateway.neighbors, found, STALE, gateway.head.core.now)
        return
    learn(gateway, found, nd.mac or neighbor.mac, confirmed)
