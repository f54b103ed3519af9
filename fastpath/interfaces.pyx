"""Addresses come as text, are judged first and entered then."""

from libc.stdint cimport uint16_t, uint32_t, uint64_t
from libc.string cimport memset

from fastpath.address cimport LINK_LOCAL, ORDINARY, address_read, kind_of, link_local, prefix_read
from fastpath.counters cimport FRAGMENT_LIMIT
from fastpath.ethernet cimport GROUP, mac_word
from fastpath.gateway cimport NETWORKS_MAX, Interface, gateway_arm
from fastpath.icmp cimport ICMP_BURST, icmp_init, icmp_limit
from fastpath.ip cimport Address, is_mapped
from fastpath.neighbor cimport (
    NOBODY, PERMANENT, neighbor_add, neighbor_become, neighbor_find, neighbor_remove, neighbors_forget,
)
from fastpath.reassembly cimport reassembly_forget


cdef int judge_mac(uint64_t mac) except -1:
    if mac == 0 or mac & GROUP or mac >> 48:
        raise ValueError("an individual MAC address, as a number")
    return 0


cdef int judge_mtu(uint32_t mtu) except -1:
    if not 68 <= mtu <= 65535:
        raise ValueError("mtu: 68 to 65535 octets")
    return 0


cdef int interface_open(Gateway* gateway, RouteBook book, uint16_t number, uint64_t mac, uint32_t mtu, object addresses) except -1:
    cdef Interface* interface = &gateway.interfaces[number]
    judge_mac(mac)
    judge_mtu(mtu)
    memset(interface, 0, sizeof(Interface))
    interface.edge = gateway.head.core.void_edge
    interface.ways = gateway.ways
    interface.mac = mac
    interface.mac_word = mac_word(mac)
    interface.mtu = mtu
    icmp_init(&interface.icmp, gateway.icmp_rate, ICMP_BURST, &gateway.identifications)
    interface_assign(gateway, book, number, addresses)
    interface.used = True
    gateway.interface_generation += 1
    return 0


cdef int interface_assign(Gateway* gateway, RouteBook book, uint16_t number, object addresses) except -1:
    cdef Interface* interface = &gateway.interfaces[number]
    cdef Address address
    cdef uint32_t length = 0
    cdef bint ipv6 = False
    addresses = list(addresses)
    if len(addresses) > NETWORKS_MAX:
        raise ValueError(f"an interface has at most {NETWORKS_MAX} addresses")
    for text in addresses:
        prefix_read(text, &address, &length)
        if kind_of(&address) != ORDINARY and kind_of(&address) != LINK_LOCAL:
            raise ValueError(f"{text}: no address that an interface can have")
    book.derive(interface, number, False)
    interface.n_networks = 0
    for text in addresses:
        prefix_read(text, &address, &length)
        if not is_mapped(&address):
            ipv6 = True
            if kind_of(&address) == LINK_LOCAL:
                continue
        interface.networks[interface.n_networks].address = address
        interface.networks[interface.n_networks].length = length
        interface.n_networks += 1
    interface.link_local = link_local(interface.mac) if ipv6 else Address(0, 0)
    book.derive(interface, number, True)
    gateway.interface_generation += 1
    return 0


cdef int interface_mtu(Gateway* gateway, uint16_t number, uint32_t mtu) except -1:
    judge_mtu(mtu)
    gateway.interfaces[number].mtu = mtu
    gateway.interface_generation += 1
    return 0


cdef int interface_close(Gateway* gateway, RouteBook book, uint16_t number) except -1:
    cdef Interface* interface = &gateway.interfaces[number]
    book.derive(interface, number, False)
    book.forget(number)
    neighbors_forget(&gateway.neighbors, number, True)
    reassembly_forget(&gateway.reassembly, gateway.head, number, FRAGMENT_LIMIT)
    memset(interface, 0, sizeof(Interface))
    interface.edge = gateway.head.core.void_edge
    interface.ways = gateway.ways
    gateway.interface_generation += 1
    gateway_arm(gateway)
    return 0


cdef void interfaces_limit(Gateway* gateway, uint32_t icmp_rate) noexcept:
    cdef uint32_t number
    gateway.icmp_rate = icmp_rate
    for number in range(gateway.n_interfaces):
        if gateway.interfaces[number].used:
            icmp_limit(&gateway.interfaces[number].icmp, icmp_rate, ICMP_BURST)


cdef int neighbor_fix(Gateway* gateway, uint16_t number, object address, uint64_t mac) except -1:
    cdef Address key
    cdef uint32_t found
    address_read(address, &key)
    judge_mac(mac)
    found = neighbor_find(&gateway.neighbors, number, &key)
    if found != NOBODY:
        neighbor_remove(&gateway.neighbors, found)
    found = neighbor_add(&gateway.neighbors, number, &key)
    if found == NOBODY:
        raise OverflowError(f"the table is full: {gateway.neighbors.capacity} neighbors")
    gateway.neighbors.neighbors[found].mac = mac
    neighbor_become(&gateway.neighbors, found, PERMANENT, gateway.head.core.now)
    return 0


cdef bint neighbor_forget(Gateway* gateway, uint16_t number, object address) except -1:
    cdef Address key
    cdef uint32_t found
    address_read(address, &key)
    found = neighbor_find(&gateway.neighbors, number, &key)
    if found == NOBODY:
        return False
    neighbor_remove(&gateway.neighbors, found)
    gateway_arm(gateway)
    return True
