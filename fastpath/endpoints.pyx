"""Who has an address behind the tunnel, and the answer."""

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset

from fastpath.address cimport LINK_LOCAL, ORDINARY, UNSPECIFIED, Kind, address_read, address_text, kind_of
from fastpath.arena cimport Arena, arena_free, arena_init, arena_reset, take_polled
from fastpath.arp cimport ARP_FRAME, ARP_REPLY, ARP_REQUEST, Arp, arp_read, arp_write
from fastpath.ethernet cimport GROUP, group_mac
from fastpath.frame cimport Frame
from fastpath.ip cimport FINE, PROTOCOL_ICMPV6, WHOLE, Address, Packet, ip_read, ip_transport, same
from fastpath.nd cimport ND_FRAME, NEIGHBOR_ADVERTISEMENT, NEIGHBOR_SOLICITATION, OVERRIDE, SOLICITED, Nd, nd_read, nd_write
from fastpath.pages cimport pages, unpages
from fastpath.sample cimport Sample
from fastpath.table cimport table_erase, table_find, table_free, table_home, table_init, table_insert, table_mix
from fastpath.wire cimport load48


cdef int endpoints_init(Endpoints* endpoints, uint32_t capacity, uint64_t seed) except -1:
    """Memory: about 67 octets an endpoint, taken as they come. Errors: MemoryError."""
    memset(endpoints, 0, sizeof(Endpoints))
    endpoints.capacity = max(capacity, 1)
    table_init(&endpoints.table, endpoints.capacity, seed)
    endpoints.secret = endpoints.table.secret0 ^ endpoints.table.secret1 | 1
    endpoints.endpoints = <Endpoint*>pages(<size_t>endpoints.capacity * sizeof(Endpoint), False)
    if endpoints.endpoints == NULL:
        raise MemoryError(f"table of {capacity} endpoints")
    return 0


cdef void endpoints_free(Endpoints* endpoints) noexcept:
    if endpoints.endpoints == NULL:
        return
    table_free(&endpoints.table)
    unpages(endpoints.endpoints, <size_t>endpoints.capacity * sizeof(Endpoint), False)
    endpoints.endpoints = NULL


# -- by address -----------------------------------------------------------------------------------------------------------


cdef inline uint64_t key_of(const Endpoints* endpoints, uint32_t overlay, const Address* address) noexcept nogil:
    """A keyed hash, as of neighbors; endpoints with one key are chained. Overlays mostly have the same addresses."""
    cdef uint64_t mixed = table_mix(address.high ^ endpoints.secret ^ <uint64_t>overlay << 20, endpoints.table.secret1)
    return table_mix(mixed ^ address.low, endpoints.secret) | 1


cdef uint32_t number_of(const Endpoints* endpoints, uint32_t overlay, const Address* address, uint64_t key) noexcept nogil:
    """Its number + 1, or 0."""
    cdef uint64_t* value = table_find(&endpoints.table, key, table_home(&endpoints.table, key))
    cdef uint32_t at = 0 if value == NULL else <uint32_t>value[0]
    while at:
        if endpoints.endpoints[at - 1].overlay == overlay and same(&endpoints.endpoints[at - 1].address, address):
            return at
        at = endpoints.endpoints[at - 1].next
    return 0


cdef uint64_t endpoint_find(const Endpoints* endpoints, uint32_t overlay, const Address* address) noexcept nogil:
    cdef uint32_t at
    if endpoints.count == 0:
        return 0
    at = number_of(endpoints, overlay, address, key_of(endpoints, overlay, address))
    return endpoints.endpoints[at - 1].mac if at else 0


cdef int endpoint_put(Endpoints* endpoints, uint32_t overlay, const Address* address, uint64_t mac) except -1:
    cdef uint64_t key = key_of(endpoints, overlay, address)
    cdef uint32_t home = table_home(&endpoints.table, key)
    cdef uint32_t at = number_of(endpoints, overlay, address, key)
    cdef Kind kind = kind_of(address)
    cdef uint64_t* value
    cdef Endpoint* endpoint
    if kind != ORDINARY and kind != LINK_LOCAL:
        raise ValueError(f"{address_text(address)}: no station's address")
    if mac == 0 or mac & GROUP or mac >> 48:
        raise ValueError("an individual MAC address, as a number")
    if at:
        endpoints.endpoints[at - 1].mac = mac
        return 0
    value = table_find(&endpoints.table, key, home)
    if value == NULL and endpoints.count < endpoints.capacity:
        value = table_insert(&endpoints.table, key, home, 0)
    if value == NULL or endpoints.count == endpoints.capacity:
        raise ValueError(f"{endpoints.capacity} addresses of stations are written down: no room for more")
    if endpoints.free:
        at = endpoints.free
        endpoints.free = endpoints.endpoints[at - 1].next
    else:
        endpoints.used += 1
        at = endpoints.used
    endpoint = &endpoints.endpoints[at - 1]
    endpoint.address = address[0]
    endpoint.mac = mac
    endpoint.overlay = overlay
    endpoint.next = <uint32_t>value[0]
    value[0] = at
    endpoints.count += 1
    return 0


cdef bint endpoint_remove(Endpoints* endpoints, uint32_t overlay, const Address* address) noexcept nogil:
    cdef uint64_t key = key_of(endpoints, overlay, address)
    cdef uint32_t number = number_of(endpoints, overlay, address, key)
    cdef uint32_t at
    cdef uint64_t* value
    if number == 0:
        return False
    value = table_find(&endpoints.table, key, table_home(&endpoints.table, key))
    at = <uint32_t>value[0]
    if at == number:
        value[0] = endpoints.endpoints[number - 1].next
        if value[0] == 0:
            table_erase(&endpoints.table, key)
    else:
        while endpoints.endpoints[at - 1].next != number:
            at = endpoints.endpoints[at - 1].next
        endpoints.endpoints[at - 1].next = endpoints.endpoints[number - 1].next
    endpoints.endpoints[number - 1].mac = 0
    endpoints.endpoints[number - 1].next = endpoints.free
    endpoints.free = number
    endpoints.count -= 1
    return True


cdef void endpoints_forget(Endpoints* endpoints, uint32_t overlay, uint64_t mac) noexcept nogil:
    cdef uint32_t at
    cdef Endpoint* endpoint
    for at in range(endpoints.used):
        endpoint = &endpoints.endpoints[at]
        if endpoint.mac and endpoint.overlay == overlay and (mac == 0 or endpoint.mac == mac):
            endpoint_remove(endpoints, overlay, &endpoint.address)


# -- answering ------------------------------------------------------------------------------------------------------------


cdef Frame* blank(Arena* arena, const Frame* question, uint32_t length) noexcept nogil:
    cdef Frame* frame = take_polled(arena, length)
    if frame != NULL:
        frame.head = frame.length = length
        frame.ingress = question.ingress
    return frame


cdef Frame* endpoint_answer(Endpoints* endpoints, Arena* arena, uint32_t overlay, Frame* frame) noexcept nogil:
    cdef Frame* answer = NULL
    # A question to one alone is for that one to answer.
    if endpoints.count == 0 or not may_ask(frame) or not frame.data[0] & 1:
        return NULL
    if frame.data[12] == 8:
        answer = answer_arp(endpoints, arena, overlay, frame)
    else:
        answer = answer_nd(endpoints, arena, overlay, frame)
    if answer != NULL:
        endpoints.answered += 1
    return answer


cdef Frame* answer_arp(Endpoints* endpoints, Arena* arena, uint32_t overlay, Frame* frame) noexcept nogil:
    cdef Arp arp
    cdef uint64_t mac
    cdef Frame* answer
    if arp_read(&arp, frame) != FINE or arp.operation != ARP_REQUEST or same(&arp.sender, &arp.target):
        return NULL
    mac = endpoint_find(endpoints, overlay, &arp.target)
    if mac == 0 or mac == arp.sender_mac:
        return NULL
    answer = blank(arena, frame, ARP_FRAME)
    if answer != NULL:
        arp_write(answer.data, ARP_REPLY, mac, &arp.target, arp.sender_mac, &arp.sender)
    return answer


cdef Frame* answer_nd(Endpoints* endpoints, Arena* arena, uint32_t overlay, Frame* frame) noexcept nogil:
    cdef Packet packet
    cdef Nd nd
    cdef Address everybody
    cdef uint64_t mac, asker
    cdef Frame* answer
    if ip_read(&packet, frame) != FINE or packet.fragment != WHOLE or packet.protocol != PROTOCOL_ICMPV6:
        return NULL
    if ip_transport(&packet) != FINE or frame.data[packet.transport] != NEIGHBOR_SOLICITATION or nd_read(&nd, &packet) != FINE:
        return NULL
    mac = endpoint_find(endpoints, overlay, &nd.target)
    asker = load48(frame.data + 6)
    if mac == 0 or mac == (nd.mac or asker):
        return NULL
    answer = blank(arena, frame, ND_FRAME)
    if answer == NULL:
        return NULL
    if kind_of(&packet.source) == UNSPECIFIED:
        # It has no address yet: everybody hears that this one is taken (RFC 4861, 7.2.4).
        memcpy(&everybody, b"\xff\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01", 16)
        nd_write(answer.data, NEIGHBOR_ADVERTISEMENT, OVERRIDE, mac, &nd.target, group_mac(&everybody), &everybody, &nd.target)
    else:
        nd_write(answer.data, NEIGHBOR_ADVERTISEMENT, SOLICITED | OVERRIDE, mac, &nd.target, nd.mac or asker, &packet.source,
                 &nd.target)
    return answer


cdef class TestEndpoints:
    """The C table with a Python face (used for testing)."""
    cdef Endpoints endpoints
    cdef Arena arena

    def __cinit__(self, uint32_t capacity, uint64_t seed=0):
        endpoints_init(&self.endpoints, capacity, seed)
        arena_init(&self.arena, 2, 1, 1)

    def __dealloc__(self):
        endpoints_free(&self.endpoints)
        arena_free(&self.arena)

    def __len__(self) -> int:
        return self.endpoints.count

    def put(self, uint32_t overlay, str text not None, uint64_t mac) -> None:
        """Write it down."""
        cdef Address address
        address_read(text, &address)
        endpoint_put(&self.endpoints, overlay, &address, mac)

    def get(self, uint32_t overlay, str text not None) -> int:
        """Its MAC address, or 0."""
        cdef Address address
        address_read(text, &address)
        return endpoint_find(&self.endpoints, overlay, &address)

    def remove(self, uint32_t overlay, str text not None) -> bool:
        """False: it is not there."""
        cdef Address address
        address_read(text, &address)
        return endpoint_remove(&self.endpoints, overlay, &address)

    def forget(self, uint32_t overlay, uint64_t mac) -> None:
        """All of a station; 0: all of the overlay."""
        endpoints_forget(&self.endpoints, overlay, mac)

    def answer(self, uint32_t overlay, const uint8_t[::1] octets not None) -> bytes | None:
        """The answer to the question in the frame, or None."""
        cdef Sample sample = Sample(octets)
        cdef Frame* answer
        sample.frame.ingress = 7
        arena_reset(&self.arena)
        answer = endpoint_answer(&self.endpoints, &self.arena, overlay, &sample.frame)
        if answer == NULL:
            return None
        assert answer.ingress == 7
        return bytes(answer.data[:answer.length])

    @property
    def answered(self) -> int:
        """Questions that were answered."""
        return self.endpoints.answered
