"""Entries in lists by state, in order of time: what is due next, and who has to make room, stands at the front."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport free
from libc.string cimport memset

from fastpath.counters cimport UNRESOLVED
from fastpath.graph cimport NEVER, Head, drop
from fastpath.ip cimport Address, is_mapped, same, unmapped
from fastpath.pages cimport pages, unpages
from fastpath.table cimport table_erase, table_find, table_free, table_home, table_init, table_insert, table_mix
from fastpath.waiting cimport neighbor_take, unlink_held

TRY_AFTER = 1_000_000_000         # RFC 1122, 2.3.2.1; RFC 4861, 10: RETRANS_TIMER
DELAYED_FOR = 5_000_000_000       # RFC 4861, 10: DELAY_FIRST_PROBE_TIME
CONFIRMED_FOR = 30_000_000_000    # RFC 4861, 10: REACHABLE_TIME


cdef int neighbors_init(Neighbors* neighbors, Head* head, uint32_t capacity, uint64_t seed) except -1:
    if not 1 <= capacity <= 1 << 20:
        raise ValueError("neighbors: 1 to 2^20")
    neighbors.capacity = capacity
    neighbors.free = NOBODY
    neighbors.generation = 1
    neighbors.head = head
    neighbors.looked_for = neighbors.confirmed = neighbors.stale = neighbors.delayed = Queue(NOBODY, NOBODY, 0)
    table_init(&neighbors.table, capacity, seed)
    neighbors.secret = neighbors.table.secret0 ^ neighbors.table.secret1 | 1
    neighbors.neighbors = <Neighbor*>pages(<size_t>capacity * sizeof(Neighbor), False)
    if neighbors.neighbors == NULL:
        raise MemoryError(f"table of {capacity} neighbors")
    return 0


cdef void neighbors_free(Neighbors* neighbors) noexcept:
    cdef uint32_t number
    cdef Held* held
    if neighbors.neighbors == NULL:
        return
    for number in range(neighbors.used):
        while True:
            held = unlink_held(&neighbors.neighbors[number])
            if held == NULL:
                break
            free(held)
    table_free(&neighbors.table)
    unpages(neighbors.neighbors, <size_t>neighbors.capacity * sizeof(Neighbor), False)
    neighbors.neighbors = NULL


# -- by address -----------------------------------------------------------------------------------------------------------


cdef inline uint64_t neighbor_key(const Neighbors* neighbors, uint16_t interface, const Address* address) noexcept nogil:
    """Of IPv4 exact, of IPv6 a keyed hash; entries with one key are chained."""
    if is_mapped(address):
        return <uint64_t>1 << 62 | <uint64_t>interface << 32 | unmapped(address)
    return (table_mix(table_mix(address.high ^ neighbors.secret, neighbors.table.secret1) ^ address.low, neighbors.secret) + interface
            | <uint64_t>1 << 63)


cdef uint32_t neighbor_find(const Neighbors* neighbors, uint16_t interface, const Address* address) noexcept nogil:
    cdef uint64_t key = neighbor_key(neighbors, interface, address)
    cdef uint64_t* value = table_find(&neighbors.table, key, table_home(&neighbors.table, key))
    cdef uint32_t at = 0 if value == NULL else <uint32_t>value[0]
    while at:
        if neighbors.neighbors[at - 1].interface == interface and same(&neighbors.neighbors[at - 1].address, address):
            return at - 1
        at = neighbors.neighbors[at - 1].next
    return NOBODY


cdef uint32_t neighbor_add(Neighbors* neighbors, uint16_t interface, const Address* address) noexcept nogil:
    cdef uint64_t key = neighbor_key(neighbors, interface, address)
    cdef uint32_t home = table_home(&neighbors.table, key)
    cdef uint32_t number
    cdef uint64_t* value
    cdef Neighbor* neighbor
    if neighbors.count == neighbors.capacity and not evict(neighbors):
        return NOBODY
    value = table_find(&neighbors.table, key, home)
    if value == NULL:
        value = table_insert(&neighbors.table, key, home, 0)
        if value == NULL:
            return NOBODY
    if neighbors.free != NOBODY:
        number = neighbors.free
        neighbors.free = neighbors.neighbors[number].next
    else:
        number = neighbors.used
        neighbors.used += 1
    neighbor = &neighbors.neighbors[number]
    memset(neighbor, 0, sizeof(Neighbor))
    neighbor.address = address[0]
    neighbor.interface = interface
    neighbor.next = <uint32_t>value[0]
    value[0] = number + 1
    neighbors.count += 1
    return number


cdef bint evict(Neighbors* neighbors) noexcept nogil:
    """Make room for one; False if all are permanent."""
    cdef uint32_t number = neighbors.stale.first
    if number == NOBODY:
        number = neighbors.confirmed.first
    if number == NOBODY:
        number = neighbors.delayed.first
    if number == NOBODY:
        number = neighbors.looked_for.first
    if number == NOBODY:
        return False
    neighbors.counters.evicted += 1
    neighbor_remove(neighbors, number)
    return True


cdef void neighbor_remove(Neighbors* neighbors, uint32_t number) noexcept nogil:
    cdef Neighbor* neighbor = &neighbors.neighbors[number]
    cdef uint64_t key = neighbor_key(neighbors, neighbor.interface, &neighbor.address)
    cdef uint64_t* value = table_find(&neighbors.table, key, table_home(&neighbors.table, key))
    cdef uint32_t at
    cdef Held* held
    while True:
        held = neighbor_take(neighbors, number)
        if held == NULL:
            break
        drop(neighbors.head, &held.frame, UNRESOLVED)
        free(held)
    if value[0] == number + 1:
        value[0] = neighbor.next
        if value[0] == 0:
            table_erase(&neighbors.table, key)
    else:
        at = <uint32_t>value[0] - 1
        while neighbors.neighbors[at].next != number + 1:
            at = neighbors.neighbors[at].next - 1
        neighbors.neighbors[at].next = neighbor.next
    unqueue(neighbors, number)
    # Nobody keeps the address of one who has not answered yet.
    if neighbor.state != INCOMPLETE:
        neighbors.generation += 1
    neighbor.state = ABSENT
    neighbor.next = neighbors.free
    neighbors.free = number
    neighbors.count -= 1


cdef void neighbors_forget(Neighbors* neighbors, uint16_t interface, bint permanent) noexcept nogil:
    cdef uint32_t number
    for number in range(neighbors.used):
        if neighbors.neighbors[number].state != ABSENT and neighbors.neighbors[number].interface == interface:
            if permanent or neighbors.neighbors[number].state != PERMANENT:
                neighbor_remove(neighbors, number)


# -- by state -------------------------------------------------------------------------------------------------------------


cdef inline Queue* queue_of(Neighbors* neighbors, uint8_t state) noexcept nogil:
    if state == INCOMPLETE or state == PROBE:
        return &neighbors.looked_for
    if state == REACHABLE:
        return &neighbors.confirmed
    if state == DELAY:
        return &neighbors.delayed
    return &neighbors.stale if state == STALE else NULL


cdef void unqueue(Neighbors* neighbors, uint32_t number) noexcept nogil:
    cdef Neighbor* neighbor = &neighbors.neighbors[number]
    cdef Queue* queue = queue_of(neighbors, neighbor.state)
    if queue == NULL:
        return
    if neighbor.before == NOBODY:
        queue.first = neighbor.after
    else:
        neighbors.neighbors[neighbor.before].after = neighbor.after
    if neighbor.after == NOBODY:
        queue.last = neighbor.before
    else:
        neighbors.neighbors[neighbor.after].before = neighbor.before
    queue.count -= 1


cdef void neighbor_become(Neighbors* neighbors, uint32_t number, NeighborState state, int64_t now) noexcept nogil:
    cdef Neighbor* neighbor = &neighbors.neighbors[number]
    cdef Queue* queue
    unqueue(neighbors, number)
    neighbor.aged = False
    # Who keeps a STALE one's address would not notice that it is used.
    if state == STALE and neighbor.state != INCOMPLETE and neighbor.state != ABSENT:
        neighbors.generation += 1
    if state == INCOMPLETE or state == PROBE:
        if neighbor.state != state:
            neighbor.tries = 0
        neighbor.due = now + TRY_AFTER
        # Those looked for are not to take the places of those in use.
        if neighbors.looked_for.count >= (neighbors.capacity + 1) // 2:
            neighbors.counters.evicted += 1
            neighbor.state = ABSENT
            neighbor_remove(neighbors, neighbors.looked_for.first)
    elif state == REACHABLE:
        neighbor.due = now + CONFIRMED_FOR
    elif state == DELAY:
        neighbor.due = now + DELAYED_FOR
    else:
        neighbor.due = now
    neighbor.state = state
    queue = queue_of(neighbors, state)
    if queue == NULL:
        return
    neighbor.before = queue.last
    neighbor.after = NOBODY
    if queue.last == NOBODY:
        queue.first = number
    else:
        neighbors.neighbors[queue.last].after = number
    queue.last = number
    queue.count += 1


cdef int64_t neighbors_due(const Neighbors* neighbors) noexcept nogil:
    cdef int64_t due = NEVER
    if neighbors.looked_for.first != NOBODY:
        due = neighbors.neighbors[neighbors.looked_for.first].due
    if neighbors.confirmed.first != NOBODY:
        due = min(due, neighbors.neighbors[neighbors.confirmed.first].due)
    if neighbors.delayed.first != NOBODY:
        due = min(due, neighbors.neighbors[neighbors.delayed.first].due)
    return due


cdef uint32_t neighbors_overdue(Neighbors* neighbors, int64_t now) noexcept nogil:
    cdef uint32_t number
    while neighbors.confirmed.first != NOBODY:
        number = neighbors.confirmed.first
        if neighbors.neighbors[number].due > now:
            break
        neighbor_become(neighbors, number, STALE, now)
        neighbors.neighbors[number].aged = True
    number = neighbors.delayed.first
    if number != NOBODY and neighbors.neighbors[number].due <= now:
        return number
    number = neighbors.looked_for.first
    if number != NOBODY and neighbors.neighbors[number].due <= now:
        return number
    return NOBODY
