"""Numbers for addresses: taken, counted, given back."""

from libc.stdint cimport uint16_t, uint32_t
from libc.stdlib cimport calloc, free

from fastpath.index cimport Probe, index_free, index_init, index_insert, index_next, index_octets, index_probe, index_remove
from fastpath.ip cimport same
from fastpath.pages cimport pages, unpages
from fastpath.portset cimport port_take
from fastpath.tuples cimport tuple_hash


cdef int addresses_init(Addresses* addresses, uint32_t capacity) except -1:
    """Room for `capacity` addresses (up to 65,535). Errors: MemoryError."""
    addresses.size = min(capacity, <uint32_t>0xFFFF) + 1
    addresses.untouched = 1
    addresses.free = 0
    addresses.known = <Known*>pages(addresses.size * sizeof(Known), False)
    if addresses.known == NULL:
        raise MemoryError("known addresses")
    index_init(&addresses.index, addresses.size)
    return 0


cdef void addresses_free(Addresses* addresses) noexcept:
    cdef uint32_t number
    if addresses.known != NULL:
        for number in range(addresses.untouched):
            free(addresses.known[number].ports)
        unpages(addresses.known, addresses.size * sizeof(Known), False)
    addresses.known = NULL
    index_free(&addresses.index)


cdef size_t addresses_octets(const Addresses* addresses) noexcept nogil:
    cdef size_t octets = addresses.size * sizeof(Known) + index_octets(&addresses.index)
    cdef uint32_t number
    for number in range(addresses.untouched):
        if addresses.known[number].ports != NULL:
            octets += SETS * sizeof(PortSet)
    return octets


cdef inline uint32_t hash_of(const Secrets* secrets, const Address* address) noexcept nogil:
    return tuple_hash(secrets, address, address, 0, 0, 0, 1)


cdef uint16_t addresses_find(const Addresses* addresses, const Secrets* secrets, const Address* address) noexcept nogil:
    cdef Probe probe = index_probe(&addresses.index, hash_of(secrets, address))
    while index_next(&addresses.index, &probe):
        if same(&addresses.known[probe.reference].address, address):
            return <uint16_t>probe.reference
    return 0


cdef uint16_t addresses_use(Addresses* addresses, const Secrets* secrets, const Address* address) noexcept nogil:
    cdef uint16_t number = addresses_find(addresses, secrets, address)
    cdef Known* known
    if number:
        addresses.known[number].uses += 1
        return number
    if addresses.free:
        number = addresses.free
        addresses.free = addresses.known[number].next
    elif addresses.untouched < addresses.size:
        number = <uint16_t>addresses.untouched
        addresses.untouched += 1
    else:
        return 0
    known = &addresses.known[number]
    known.address = address[0]
    known.uses = 1
    index_insert(&addresses.index, hash_of(secrets, address), number)
    return number


cdef void addresses_release(Addresses* addresses, const Secrets* secrets, uint16_t number) noexcept nogil:
    cdef Known* known = &addresses.known[number]
    known.uses -= 1
    if known.uses:
        return
    index_remove(&addresses.index, hash_of(secrets, &known.address), number)
    free(known.ports)
    known.ports = NULL
    known.next = addresses.free
    addresses.free = number


cdef int addresses_ports(Addresses* addresses, uint16_t number) except -1:
    cdef Known* known = &addresses.known[number]
    cdef uint32_t i
    if known.ports != NULL:
        return 0
    known.ports = <PortSet*>calloc(SETS, sizeof(PortSet))
    if known.ports == NULL:
        raise MemoryError("ports of an address")
    # Port 0 is none; as an identifier (the last set) it may be taken.
    for i in range(SETS - 1):
        port_take(&known.ports[i], 0)
    return 0
