"""Asking, hearing, and packets that wait."""

from libc.stdint cimport int64_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport free
from libc.string cimport memcpy

from fastpath.address cimport solicited_node, within
from fastpath.arena cimport take_polled
from fastpath.arp cimport ARP_FRAME, ARP_REPLY, ARP_REQUEST, TYPE_ARP, Arp, arp_read, arp_write
from fastpath.counters cimport NEIGHBOR_QUEUE, NO_ROUTE, TURN_BUDGET, UNRESOLVED
from fastpath.ethernet cimport BROADCAST_MAC, group_mac, store48
from fastpath.frame cimport Frame
from fastpath.graph cimport Edge, Head, drop, emit, set_due
from fastpath.ip cimport FINE, PROTOCOL_ICMPV6, WHOLE, Address, Packet, ip_read, is_mapped, mapped
from fastpath.nd cimport ND_FRAME, NEIGHBOR_ADVERTISEMENT, NEIGHBOR_SOLICITATION, Nd, nd_read, nd_write
from fastpath.neighbor cimport (
    DELAY, INCOMPLETE, NOBODY, PERMANENT, PROBE, REACHABLE, STALE, TRIES, Held, Neighbor, NeighborState, neighbor_add,
    neighbor_become, neighbor_find, neighbor_remove, neighbors_due, neighbors_free, neighbors_init, neighbors_overdue,
)
from fastpath.waiting cimport neighbor_hold, neighbor_take
from fastpath.wire cimport load16, load48

cdef enum:
    AT_ONCE = 64                  # entries looked at in one call


cdef int nexthops_init(NextHops* hops, Head* head, Edge* wire, uint64_t mac, uint64_t seed) except -1:
    hops.head = head
    hops.wire = wire
    hops.mac = mac
    hops.arp = True
    return neighbors_init(&hops.neighbors, head, NEXT_HOPS, seed)


cdef void nexthops_free(NextHops* hops) noexcept:
    neighbors_free(&hops.neighbors)


# -- sending --------------------------------------------------------------------------------------------------------------


cdef const Address* next_hop(const NextHops* hops, const Address* target) noexcept nogil:
    cdef bint family = is_mapped(target)
    cdef bint told = False
    cdef uint32_t i
    for i in range(hops.n_prefixes):
        if is_mapped(&hops.prefixes[i].address) == family:
            if within(target, &hops.prefixes[i].address, hops.prefixes[i].length):
                return target
            told = True
    if hops.led[not family]:
        return &hops.gateways[not family]
    if told:
        return NULL
    return target


cdef Address asking(const NextHops* hops, const Address* target) noexcept nogil:
    """The host's own address that the target knows; the unspecified one where none is told: a probe, which is answered too."""
    cdef bint family = is_mapped(target)
    cdef Address found = mapped(0) if family else Address(0, 0)
    cdef uint32_t i
    for i in range(hops.n_prefixes):
        if is_mapped(&hops.prefixes[i].address) == family:
            found = hops.prefixes[i].address
            if within(target, &found, hops.prefixes[i].length):
                break
    return found


cdef void solicit(NextHops* hops, Neighbor* neighbor) noexcept nogil:
    """Ask all, or in PROBE it alone. Without a free slot this try is lost; the next is a second away."""
    cdef Address ours = asking(hops, &neighbor.address)
    cdef uint64_t mac = neighbor.mac if neighbor.state == PROBE else 0
    cdef bint family = is_mapped(&neighbor.address)
    cdef uint32_t length = ARP_FRAME if family else ND_FRAME
    cdef Address group
    cdef Frame* frame
    neighbor.tries += 1
    frame = take_polled(&hops.head.core.arena, length)
    if frame == NULL:
        return
    frame.head = frame.length = length
    hops.neighbors.counters.asked += 1
    if family:
        arp_write(frame.data, ARP_REQUEST, hops.mac, &ours, mac or BROADCAST_MAC, &neighbor.address)
    elif mac:
        nd_write(frame.data, NEIGHBOR_SOLICITATION, 0, hops.mac, &ours, mac, &neighbor.address, &neighbor.address)
    else:
        group = solicited_node(&neighbor.address)
        nd_write(frame.data, NEIGHBOR_SOLICITATION, 0, hops.mac, &ours, group_mac(&group), &group, &neighbor.address)
    hops.head.counters.originated += 1
    hops.head.counters.left += 1
    emit(hops.wire, frame)


cdef void arm(NextHops* hops) noexcept nogil:
    set_due(hops.head, neighbors_due(&hops.neighbors))


cdef void nexthops_send(NextHops* hops, const Address* target, Frame* frame) noexcept nogil:
    cdef const Address* hop = next_hop(hops, target)
    cdef Neighbor* neighbor
    cdef uint32_t number
    if hop == NULL:
        drop(hops.head, frame, NO_ROUTE)
        return
    number = neighbor_find(&hops.neighbors, 0, hop)
    if number == NOBODY:
        if not hops.arp:
            drop(hops.head, frame, UNRESOLVED)
            return
        number = neighbor_add(&hops.neighbors, 0, hop)
        if number == NOBODY:
            drop(hops.head, frame, NEIGHBOR_QUEUE)
            return
        neighbor_become(&hops.neighbors, number, INCOMPLETE, hops.head.core.now)
        solicit(hops, &hops.neighbors.neighbors[number])
        arm(hops)
    neighbor = &hops.neighbors.neighbors[number]
    if neighbor.state == INCOMPLETE:
        neighbor_hold(&hops.neighbors, number, frame, 0, 0, False)
        return
    if neighbor.state == STALE and hops.arp:
        neighbor_become(&hops.neighbors, number, PROBE if neighbor.aged else DELAY, hops.head.core.now)
        if neighbor.state == PROBE:
            solicit(hops, neighbor)
        arm(hops)
    send(hops, neighbor.mac, frame)


cdef void send(NextHops* hops, uint64_t mac, Frame* frame) noexcept nogil:
    store48(frame.data, mac)
    store48(frame.data + 6, hops.mac)
    hops.head.counters.left += 1
    emit(hops.wire, frame)


# -- hearing --------------------------------------------------------------------------------------------------------------


cdef bint nexthops_heard(NextHops* hops, Frame* frame) noexcept nogil:
    cdef uint16_t kind = load16(frame.data + 12)
    cdef Packet packet
    cdef Arp arp
    cdef Nd nd
    if kind == TYPE_ARP:
        if arp_read(&arp, frame) != FINE:
            return False
        learn(hops, &arp.sender, arp.sender_mac, arp.operation == ARP_REPLY)
        return arp.operation == ARP_REPLY and load48(frame.data) == hops.mac
    if kind != 0x86DD or ip_read(&packet, frame) != FINE or packet.protocol != PROTOCOL_ICMPV6 or packet.fragment != WHOLE:
        return False
    if packet.network + packet.length < <uint32_t>packet.transport + 24 or frame.head < <uint32_t>packet.transport + 24:
        return False
    if frame.data[packet.transport] != NEIGHBOR_ADVERTISEMENT or nd_read(&nd, &packet) != FINE:
        return False
    learn(hops, &nd.target, nd.mac, True)
    return True


cdef void learn(NextHops* hops, const Address* address, uint64_t mac, bint answer) noexcept nogil:
    """Only who is looked for, or known already: nobody fills the table from outside."""
    cdef uint32_t number = neighbor_find(&hops.neighbors, 0, address)
    cdef Neighbor* neighbor
    if number == NOBODY or mac == 0 or mac >> 40 & 1:
        return
    neighbor = &hops.neighbors.neighbors[number]
    if neighbor.state == PERMANENT or (not answer and neighbor.mac == mac):
        return
    neighbor.mac = mac
    neighbor_become(&hops.neighbors, number, REACHABLE if answer else STALE, hops.head.core.now)
    arm(hops)
    release(hops, number, mac)


cdef void release(NextHops* hops, uint32_t number, uint64_t mac) noexcept nogil:
    """The packets that waited go, in the order they came."""
    cdef Held* held = neighbor_take(&hops.neighbors, number)
    cdef Frame* frame
    while held != NULL:
        frame = take_polled(&hops.head.core.arena, held.frame.length)
        if frame == NULL:
            drop(hops.head, &held.frame, TURN_BUDGET)
        else:
            held.frame.family = frame.family
            held.frame.data, frame.data = frame.data, held.frame.data
            held.frame.room, frame.room = frame.room, held.frame.room
            memcpy(held.frame.data, frame.data, held.frame.length)
            frame[0] = held.frame
            send(hops, mac, frame)
        free(held)
        held = neighbor_take(&hops.neighbors, number)


cdef void nexthops_expire(NextHops* hops, int64_t now) noexcept nogil:
    cdef uint32_t looked = 0
    cdef uint32_t number
    cdef Neighbor* neighbor
    cdef Held* held
    while looked < AT_ONCE:
        number = neighbors_overdue(&hops.neighbors, now)
        if number == NOBODY:
            break
        looked += 1
        neighbor = &hops.neighbors.neighbors[number]
        if neighbor.state == DELAY or neighbor.tries < TRIES:
            neighbor_become(&hops.neighbors, number, PROBE if neighbor.state == DELAY else <NeighborState>neighbor.state, now)
            solicit(hops, neighbor)
            continue
        hops.neighbors.counters.failed += 1
        held = neighbor_take(&hops.neighbors, number)
        while held != NULL:
            drop(hops.head, &held.frame, UNRESOLVED)
            free(held)
            held = neighbor_take(&hops.neighbors, number)
        neighbor_remove(&hops.neighbors, number)
    arm(hops)
