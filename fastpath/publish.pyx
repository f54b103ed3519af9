"""Groups of sorted ranges. See publish.pxd."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport free, realloc
from libc.string cimport memmove, memset

from fastpath.address cimport address_text
from fastpath.index cimport (
    Index, Probe, index_free, index_init, index_insert, index_next, index_probe, index_remove, index_replace,
)
from fastpath.ip cimport is_mapped, mapped, same
from fastpath.tuples cimport secrets_init, tuple_hash


cdef int publications_init(Publications* published, uint64_t seed) except -1:
    memset(published, 0, sizeof(Publications))
    secrets_init(&published.secrets, ~seed)
    index_init(&published.index, 64)
    index_init(&published.targets, 64)
    return 0


cdef void publications_free(Publications* published) noexcept:
    cdef uint32_t i
    for i in range(published.n_groups):
        free(published.groups[i].ranges)
    free(published.groups)
    free(published.entries)
    index_free(&published.index)
    index_free(&published.targets)


cdef Address any_address(const Address* of_family) noexcept nogil:
    return mapped(0) if is_mapped(of_family) else Address(0, 0)


cdef inline uint32_t hash_of(const Publications* published, uint16_t realm, uint8_t protocol, const Address* address) noexcept nogil:
    return tuple_hash(&published.secrets, address, address, realm, 0, protocol, 0)


cdef inline uint32_t hash_of_group(const Publications* published, uint32_t number) noexcept nogil:
    cdef const Group* group = &published.groups[number]
    return hash_of(published, group.realm, group.protocol, &group.address)


cdef uint32_t find_group(const Publications* published, uint16_t realm, uint8_t protocol, const Address* address) noexcept nogil:
    cdef Probe probe = index_probe(&published.index, hash_of(published, realm, protocol, address))
    cdef const Group* group
    while index_next(&published.index, &probe):
        group = &published.groups[probe.reference]
        if group.protocol == protocol and group.realm == realm and same(&group.address, address):
            return probe.reference
    return NOT_PUBLISHED_HERE


cdef uint32_t place(const Group* group, uint32_t port) noexcept nogil:
    """How many ranges begin at `port` or before."""
    cdef uint32_t low = 0
    cdef uint32_t high = group.n
    cdef uint32_t middle
    while low < high:
        middle = (low + high) >> 1
        if group.ranges[middle].first <= port:
            low = middle + 1
        else:
            high = middle
    return low


cdef uint32_t publications_find(const Publications* published, uint16_t realm, uint8_t protocol, const Address* address,
                                uint16_t port) noexcept nogil:
    cdef uint32_t number = find_group(published, realm, protocol, address)
    cdef uint32_t at
    if number == NOT_PUBLISHED_HERE:
        return NOT_PUBLISHED_HERE
    at = place(&published.groups[number], port)
    if at and published.groups[number].ranges[at - 1].last >= port:
        return published.groups[number].ranges[at - 1].entry
    return NOT_PUBLISHED_HERE


cdef uint32_t new_group(Publications* published, uint16_t realm, uint8_t protocol, const Address* address) except? 0xFFFFFFFF:
    """A place for the group: an empty one's, or a new one. The index is made anew, twice as large, when it is full."""
    cdef uint32_t number = 0
    cdef uint32_t i
    cdef Group* groups
    while number < published.n_groups and published.groups[number].n:
        number += 1
    if number < published.n_groups:
        index_remove(&published.index, hash_of_group(published, number), number)
    else:
        groups = <Group*>realloc(published.groups, (number + 1) * sizeof(Group))
        if groups == NULL:
            raise MemoryError("published ports")
        published.groups = groups
        memset(&groups[number], 0, sizeof(Group))
        published.n_groups += 1
    published.groups[number].realm = realm
    published.groups[number].protocol = protocol
    published.groups[number].address = address[0]
    if published.index.count == published.index.capacity:
        i = 2 * published.index.capacity
        index_free(&published.index)
        index_init(&published.index, i)
        for i in range(published.n_groups - 1):
            if i != number:
                index_insert(&published.index, hash_of_group(published, i), i)
    index_insert(&published.index, hash_of_group(published, number), number)
    return number


cdef uint32_t publications_add(Publications* published, const Publication* entry) except? 0xFFFFFFFF:
    cdef uint32_t number = 0
    cdef uint32_t at
    cdef Group* group
    cdef Range* ranges
    cdef Address address = any_address(&entry.target) if entry.any else entry.address
    cdef uint32_t found = find_group(published, entry.realm, entry.protocol, &address)
    if found == NOT_PUBLISHED_HERE:
        found = new_group(published, entry.realm, entry.protocol, &address)
    group = &published.groups[found]
    at = place(group, entry.first)
    if (at and group.ranges[at - 1].last >= entry.first) or (at < group.n and group.ranges[at].first <= entry.last):
        raise ValueError(f"ports {entry.first} to {entry.last} at {address_text(&address)}: some are published already")
    if group.n == group.room:
        ranges = <Range*>realloc(group.ranges, (2 * group.room + 4) * sizeof(Range))
        if ranges == NULL:
            raise MemoryError("published ports")
        group.ranges = ranges
        group.room = 2 * group.room + 4
    number = free_entry(published)
    memmove(&group.ranges[at + 1], &group.ranges[at], (group.n - at) * sizeof(Range))
    group.ranges[at] = Range(entry.first, entry.last, number)
    group.n += 1
    published.entries[number] = entry[0]
    published.entries[number].address = address
    published.entries[number].used = True
    if entry.resumes:
        chain_in(published, number)
    return number


cdef uint32_t free_entry(Publications* published) except? 0xFFFFFFFF:
    """Entries that were given back are chained through `first` and `last`, in front of all: entry 0 is the head and never in use."""
    cdef Publication* entries
    cdef uint32_t number
    if published.n_entries and published.entries[0].hits:
        number = <uint32_t>published.entries[0].hits
        published.entries[0].hits = published.entries[number].hits
        return number
    if published.n_entries >= PUBLICATIONS_MAX:
        raise ValueError(f"published ports: there are {PUBLICATIONS_MAX} entries already")
    if not published.n_entries & (published.n_entries - 1):
        # A power of two: double the room.
        number = max(2 * published.n_entries, <uint32_t>2)
        entries = <Publication*>realloc(published.entries, number * sizeof(Publication))
        if entries == NULL:
            raise MemoryError("published ports")
        published.entries = entries
        if published.n_entries == 0:
            memset(entries, 0, sizeof(Publication))
            published.n_entries = 1
            return free_entry(published)
    number = published.n_entries
    published.n_entries += 1
    return number


cdef int publications_remove(Publications* published, uint32_t number) except -1:
    cdef Publication* entry
    cdef Group* group
    cdef uint32_t at
    if not 0 < number < published.n_entries or not published.entries[number].used:
        raise ValueError(f"there is no published port {number}")
    entry = &published.entries[number]
    group = &published.groups[find_group(published, entry.realm, entry.protocol, &entry.address)]
    at = place(group, entry.first) - 1
    memmove(&group.ranges[at], &group.ranges[at + 1], (group.n - at - 1) * sizeof(Range))
    group.n -= 1
    if entry.resumes:
        chain_out(published, number)
    entry.used = False
    entry.hits = published.entries[0].hits
    published.entries[0].hits = number
    return 0


# -- by what they lead to -------------------------------------------------------------------------------------------------

cdef inline uint32_t hash_of_target(const Publications* published, const Address* target) noexcept nogil:
    return tuple_hash(&published.secrets, target, target, 0, 0, 0, 2)


cdef uint32_t publications_resuming(const Publications* published, const Address* target) noexcept nogil:
    cdef Probe probe
    if published.targets.count == 0:
        return 0
    probe = index_probe(&published.targets, hash_of_target(published, target))
    while index_next(&published.targets, &probe):
        if same(&published.entries[probe.reference].target, target):
            return probe.reference
    return 0


cdef int chain_in(Publications* published, uint32_t number) except -1:
    """To the second place of its chain, or as a chain of its own."""
    cdef Publication* entry = &published.entries[number]
    cdef uint32_t first = publications_resuming(published, &entry.target)
    cdef Index larger
    cdef uint32_t i
    entry.before = first
    entry.after = 0
    if first:
        entry.after = published.entries[first].after
        published.entries[first].after = number
        if entry.after:
            published.entries[entry.after].before = number
        return 0
    if published.targets.count == published.targets.capacity:
        index_init(&larger, 2 * published.targets.capacity)
        index_free(&published.targets)
        published.targets = larger
        for i in range(1, published.n_entries):
            if i != number and published.entries[i].used and published.entries[i].resumes and published.entries[i].before == 0:
                index_insert(&published.targets, hash_of_target(published, &published.entries[i].target), i)
    index_insert(&published.targets, hash_of_target(published, &entry.target), number)
    return 0


cdef void chain_out(Publications* published, uint32_t number) noexcept nogil:
    cdef const Publication* entry = &published.entries[number]
    cdef uint32_t hash = hash_of_target(published, &entry.target)
    if entry.after:
        published.entries[entry.after].before = entry.before
    if entry.before:
        published.entries[entry.before].after = entry.after
    elif entry.after:
        index_replace(&published.targets, hash, number, entry.after)
    else:
        index_remove(&published.targets, hash, number)
