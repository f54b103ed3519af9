"""Reading addresses out of frames, and the table of those that members have."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

from fastpath.address cimport address_read
from fastpath.frame cimport ETHERNET_HEADER, Frame
from fastpath.ip cimport Address, is_mapped, mapped
from fastpath.table cimport table_erase, table_find, table_free, table_home, table_init, table_insert
from fastpath.wire cimport load16, wire_likely

cdef enum:
    SOLICIT = 135             # ICMPv6: a neighbor solicitation


cdef int owners_init(Owners* owners, uint32_t limit, uint64_t seed) except -1:
    table_init(&owners.table, limit, seed)
    owners.secret0, owners.secret1 = owners.table.secret1, owners.table.secret0 | 1
    owners.limit = limit
    owners.owned = <Owned*>calloc(limit, sizeof(Owned))
    if owners.owned == NULL:
        raise MemoryError(f"table of {limit} addresses")
    return 0


cdef void owners_free(Owners* owners) noexcept:
    table_free(&owners.table)
    free(owners.owned)


cdef int owners_add(Owners* owners, uint32_t number, list addresses) except -1:
    cdef Address address
    cdef uint64_t key
    cdef uint32_t place
    try:
        for text in addresses:
            address_read(text, &address)
            key = owners_key(owners, &address)
            if table_find(&owners.table, key, table_home(&owners.table, key)) != NULL:
                raise ValueError(f"{text} belongs to another member already")
            place = 0
            while place < owners.n_owned and owners.owned[place].number:
                place += 1
            if place == owners.limit or not insert(owners, key, <uint64_t>place << 16 | number):
                raise ValueError("there is no room for another address")
            owners.owned[place] = Owned(address, <uint16_t>number)
            owners.n_owned = max(owners.n_owned, place + 1)
    except BaseException:
        owners_remove(owners, number)
        raise
    return 0


cdef bint insert(Owners* owners, uint64_t key, uint64_t value) noexcept:
    return table_insert(&owners.table, key, table_home(&owners.table, key), value) != NULL


cdef void owners_remove(Owners* owners, uint32_t number) noexcept:
    cdef uint32_t place
    for place in range(owners.n_owned):
        if owners.owned[place].number == number:
            table_erase(&owners.table, owners_key(owners, &owners.owned[place].address))
            owners.owned[place].number = 0


cdef Kind addressed(const Frame* frame, bint target, Address* address) noexcept nogil:
    cdef const uint8_t* octets = frame.data
    cdef uint16_t kind = load16(octets + 12)
    cdef uint32_t word, length
    if wire_likely(kind == 0x0800):
        if frame.head < 34 or octets[14] >> 4 != 4 or octets[14] & 15 < 5:
            return UNREADABLE
        length = load16(octets + 16)
        if length > frame.length - ETHERNET_HEADER or length < 4 * <uint32_t>(octets[14] & 15):
            return UNREADABLE
        memcpy(&word, octets + (30 if target else 26), 4)
        address[0] = mapped(word)
        return IP
    if kind == 0x0806:
        if frame.head < 42:
            return UNREADABLE
        memcpy(&word, octets + (38 if target else 28), 4)
        address[0] = mapped(word)
        return ARP
    if kind != 0x86DD or frame.head < 54 or octets[14] >> 4 != 6:
        return UNREADABLE
    memcpy(address, octets + 22, 16)
    if address.high == 0 and address.low == 0 and octets[20] == 58:
        # Its own address is none yet; of anything but a solicitation nobody is meant.
        if frame.head < 78 or octets[54] != SOLICIT:
            return UNREADABLE
        memcpy(address, octets + 62, 16)
        return UNREADABLE if is_mapped(address) else SOLICITATION
    if target:
        memcpy(address, octets + 38, 16)
    # In IPv6 ::ffff:a.b.c.d is nobody's address; in a table it would be an IPv4 one.
    return UNREADABLE if is_mapped(address) else IP
