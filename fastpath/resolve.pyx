"""Asking, answering, learning; and the packets that wait."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport free
from libc.string cimport memcpy

from fastpath.address cimport LINK_LOCAL, kind_of, masked, solicited_node, within
from fastpath.arena cimport take_polled
from fastpath.arp cimport ARP_FRAME, ARP_REQUEST, arp_write
from fastpath.counters cimport NEIGHBOR_QUEUE, TURN_BUDGET, UNRESOLVED
from fastpath.ethernet cimport BROADCAST_MAC, group_mac, store48
from fastpath.frame cimport Frame
from fastpath.gateway cimport Gateway, Interface, Network
from fastpath.graph cimport drop, emit
from fastpath.ip cimport Address, is_mapped, same
from fastpath.nd cimport ND_FRAME, NEIGHBOR_SOLICITATION, nd_write
from fastpath.neighbor cimport (
    DELAY, INCOMPLETE, NOBODY, PROBE, STALE, TRIES, Held, Neighbor, NeighborState, neighbor_add, neighbor_become, neighbor_find,
    neighbor_remove, neighbors_overdue,
)
from fastpath.waiting cimport neighbor_hold, neighbor_take

cdef enum:
    AT_ONCE = 64                  # entries looked at in one call of resolve_expire


# -- whose address --------------------------------------------------------------------------------------------------------


cdef bint is_ours(const Interface* interface, const Address* address) noexcept nogil:
    cdef uint32_t i
    if same(&interface.link_local, address) and interface.link_local.high:
        return True
    for i in range(interface.n_networks):
        if same(&interface.networks[i].address, address):
            return True
    return False


cdef bint is_anycast(const Interface* interface, const Address* address) noexcept nogil:
    cdef const Network* network
    cdef Address first
    cdef uint32_t i
    if is_mapped(address):
        return False
    for i in range(interface.n_networks):
        network = &interface.networks[i]
        first = masked(&network.address, network.length)
        if network.length < 127 and same(&first, address) and not same(&network.address, address):
            return True
    return False


cdef bint on_link(const Interface* interface, const Address* address) noexcept nogil:
    cdef uint32_t i
    for i in range(interface.n_networks):
        if within(address, &interface.networks[i].address, interface.networks[i].length):
            return True
    return interface.link_local.high != 0 and not is_mapped(address) and kind_of(address) == LINK_LOCAL


cdef const Address* our_address(const Interface* interface, const Address* peer) noexcept nogil:
    cdef const Address* any_of_family = NULL
    cdef bint family = is_mapped(peer)
    cdef uint32_t i
    if not family and interface.link_local.high and kind_of(peer) == LINK_LOCAL:
        return &interface.link_local
    for i in range(interface.n_networks):
        if is_mapped(&interface.networks[i].address) != family:
            continue
        if within(peer, &interface.networks[i].address, interface.networks[i].length):
            return &interface.networks[i].address
        if any_of_family == NULL:
            any_of_family = &interface.networks[i].address
    return any_of_family


# -- asking ---------------------------------------------------------------------------------------------------------------


cdef Frame* blank(Gateway* gateway, uint32_t length) noexcept nogil:
    cdef Frame* frame = take_polled(&gateway.head.core.arena, length)
    if frame != NULL:
        frame.head = frame.length = length
    return frame


cdef void originate(Gateway* gateway, Interface* interface, Frame* frame) noexcept nogil:
    gateway.head.counters.originated += 1
    gateway.head.counters.left += 1
    emit(&interface.edge, frame)


cdef void solicit(Gateway* gateway, Neighbor* neighbor) noexcept nogil:
    """Ask for the neighbor: all, or in PROBE it alone. Without a free slot this try is lost; the next is a second away."""
    cdef Interface* interface = &gateway.interfaces[neighbor.interface]
    cdef const Address* ours = our_address(interface, &neighbor.address)
    cdef uint64_t mac = neighbor.mac if neighbor.state == PROBE else 0
    cdef Address group
    cdef Frame* frame
    neighbor.tries += 1
    if ours == NULL:
        return
    frame = blank(gateway, ARP_FRAME if is_mapped(&neighbor.address) else ND_FRAME)
    if frame == NULL:
        return
    gateway.neighbors.counters.asked += 1
    if is_mapped(&neighbor.address):
        arp_write(frame.data, ARP_REQUEST, interface.mac, ours, mac or BROADCAST_MAC, &neighbor.address)
    elif mac:
        nd_write(frame.data, NEIGHBOR_SOLICITATION, 0, interface.mac, ours, mac, &neighbor.address, &neighbor.address)
    else:
        group = solicited_node(&neighbor.address)
        nd_write(frame.data, NEIGHBOR_SOLICITATION, 0, interface.mac, ours, group_mac(&group), &group, &neighbor.address)
    originate(gateway, interface, frame)


cdef Neighbor* resolve(Gateway* gateway, uint16_t egress, const Address* hop, Frame* frame, uint16_t interface, bint ours) noexcept nogil:
    cdef uint32_t number = neighbor_find(&gateway.neighbors, egress, hop)
    cdef Neighbor* neighbor
    if number == NOBODY:
        if not gateway.interfaces[egress].arp:
            drop(gateway.head, frame, UNRESOLVED)
            return NULL
        number = neighbor_add(&gateway.neighbors, egress, hop)
        if number == NOBODY:
            drop(gateway.head, frame, NEIGHBOR_QUEUE)
            return NULL
        neighbor_become(&gateway.neighbors, number, INCOMPLETE, gateway.head.core.now)
        solicit(gateway, &gateway.neighbors.neighbors[number])
    neighbor = &gateway.neighbors.neighbors[number]
    if neighbor.state == INCOMPLETE:
        neighbor_hold(&gateway.neighbors, number, frame, interface, gateway.largest, ours)
        return NULL
    if neighbor.state == STALE and gateway.interfaces[egress].arp:
        if neighbor.aged:
            neighbor_become(&gateway.neighbors, number, PROBE, gateway.head.core.now)
            solicit(gateway, neighbor)
        else:
            neighbor_become(&gateway.neighbors, number, DELAY, gateway.head.core.now)
    return neighbor


cdef void send(Gateway* gateway, uint16_t egress, const Neighbor* neighbor, Frame* frame) noexcept nogil:
    cdef Interface* interface = &gateway.interfaces[egress]
    store48(frame.data, neighbor.mac)
    store48(frame.data + 6, interface.mac)
    gateway.head.counters.left += 1
    emit(&interface.edge, frame)


cdef void resolve_expire(Gateway* gateway, int64_t now) noexcept nogil:
    cdef uint32_t number
    cdef uint32_t looked = 0
    cdef Neighbor* neighbor
    while looked < AT_ONCE:
        number = neighbors_overdue(&gateway.neighbors, now)
        if number == NOBODY:
            return
        looked += 1
        neighbor = &gateway.neighbors.neighbors[number]
        if neighbor.state == DELAY:
            neighbor_become(&gateway.neighbors, number, PROBE, now)
            solicit(gateway, neighbor)
        elif neighbor.tries < TRIES:
            neighbor_become(&gateway.neighbors, number, <NeighborState>neighbor.state, now)
            solicit(gateway, neighbor)
        else:
            gateway.neighbors.counters.failed += 1
            give_up(gateway, number)


cdef void give_up(Gateway* gateway, uint32_t number) noexcept nogil:
    """It does not answer: who waits for it is told so, as far as somebody wants to know (RFC 1812, 5.2.7.1; RFC 4861, 7.2.2)."""
    cdef Held* held = take_all(gateway, number)
    cdef Held* following
    neighbor_remove(&gateway.neighbors, number)
    while held != NULL:
        following = held.next
        gateway.unreachable(gateway, &held.frame, held.interface, held.ours)
        drop(gateway.head, &held.frame, UNRESOLVED)
        free(held)
        held = following


cdef Held* take_all(Gateway* gateway, uint32_t number) noexcept nogil:
    """The packets that wait, oldest first: whatever is done with them may make the table forget this very neighbor."""
    cdef Held* first = neighbor_take(&gateway.neighbors, number)
    cdef Held* last = first
    while last != NULL:
        last.next = neighbor_take(&gateway.neighbors, number)
        last = last.next
    return first


# -- going on -------------------------------------------------------------------------------------------------------------


cdef void release(Gateway* gateway, uint32_t number) noexcept nogil:
    cdef Held* held = take_all(gateway, number)
    cdef Held* following
    cdef Frame* frame
    cdef uint8_t* data
    cdef uint32_t room
    while held != NULL:
        following = held.next
        frame = take_polled(&gateway.head.core.arena, held.frame.length)
        if frame == NULL:
            drop(gateway.head, &held.frame, TURN_BUDGET)
        else:
            data = frame.data
            room = frame.room
            held.frame.family = frame.family
            frame[0] = held.frame
            frame.data = data
            frame.room = room
            memcpy(data, held.frame.data, held.frame.length)
            gateway.largest = held.largest
            gateway.resume(gateway, frame, held.interface, held.ours)
            gateway.largest = 0
        free(held)
        held = following
