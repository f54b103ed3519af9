"""Routes by whose wish they are. Prefixes are (16 octets, length of 128)."""

from libc.stdint cimport uint16_t, uint32_t
from libc.string cimport memcpy, memset

from fastpath.address cimport IPV4_BITS, LINK_LOCAL, MASKS, ORDINARY, address_read, address_text, kind_of, masked, prefix_read
from fastpath.gateway cimport Interface
from fastpath.ip cimport Address, is_mapped
from fastpath.routes cimport BROADCAST, GATEWAY, LINK, LOCAL, UNUSED, Route, routes_get, routes_put, routes_remove


cdef tuple key_of(object prefix):
    """(16 octets, length of 128) of a prefix as text; bits behind it are an error, as everywhere."""
    cdef Address address, network
    cdef uint32_t length = 0
    prefix_read(prefix, &address, &length)
    network = masked(&address, length)
    if network.high != address.high or network.low != address.low:
        raise ValueError(f"{prefix}: the address has bits behind the prefix")
    return (<char*>&network)[:16], length


cdef class RouteBook:
    """The book of one Gateway's routes; see routebook.pxd."""

    def __cinit__(self):
        self.derived = {}
        self.shadowed = {}
        self.others = []

    cdef int derive(self, const Interface* interface, uint16_t number, bint put) except -1:
        cdef Address address, network
        cdef RouteBook other
        cdef uint32_t i, length
        wanted = []
        for i in range(interface.n_networks):
            address = interface.networks[i].address
            length = interface.networks[i].length
            network = masked(&address, length)
            wanted.append((((<char*>&address)[:16], 128), LOCAL))
            wanted.append((((<char*>&network)[:16], length), LINK))
            # RFC 3021 and RFC 6164: in a network of two all addresses are hosts'. RFC 4291, 2.6.1: IPv6's first one is any router's.
            if length < 127:
                wanted.append((((<char*>&network)[:16], 128), BROADCAST if is_mapped(&address) else LOCAL))
            if length < 127 and is_mapped(&address):
                network.low |= ~MASKS[length].low
                wanted.append((((<char*>&network)[:16], 128), BROADCAST))
        for key, kind in wanted:
            if put:
                self.derived.setdefault(key, []).append((kind, number))
            else:
                self.derived[key].remove((kind, number))
                if not self.derived[key]:
                    del self.derived[key]
            self.settle(key)
        for other in self.others:
            other.derive(interface, number, put)
        return 0

    cdef int settle(self, tuple key) except -1:
        cdef Address prefix
        cdef const Route* there
        candidates = self.derived.get(key, ())
        first = [row for row in candidates if row[0] == LOCAL] or [row for row in candidates if row[0] == BROADCAST]
        memcpy(&prefix, <const char*><bytes>key[0], 16)
        there = routes_get(self.routes, &prefix, key[1])
        if there != NULL and there.by_hand:
            if first:
                self.shadowed[key] = (there.interface, address_text(&there.gateway) if there.kind == GATEWAY else None)
            else:
                return 0
        if first:
            self.put(key, first[0][0], first[0][1], None, False)
        elif key in self.shadowed:
            number, gateway = self.shadowed.pop(key)
            self.put(key, GATEWAY if gateway else LINK, number, gateway, True)
        elif candidates:
            self.put(key, LINK, candidates[0][1], None, False)
        else:
            routes_remove(self.routes, &prefix, key[1])
        return 0

    cdef int put(self, tuple key, int kind, uint16_t number, object via, bint by_hand) except -1:
        cdef Route route
        memset(&route, 0, sizeof(Route))
        memcpy(&route.prefix, <const char*><bytes>key[0], 16)
        if via:
            address_read(via, &route.gateway)
        route.interface = number
        route.length = key[1]
        route.kind = kind
        route.by_hand = by_hand
        return routes_put(self.routes, &route)

    cdef int add(self, str prefix, uint16_t number, object gateway) except -1:
        cdef Address via
        cdef Address network
        cdef tuple key = key_of(prefix)
        memcpy(&network, <const char*><bytes>key[0], 16)
        if gateway is not None:
            address_read(gateway, &via)
            if is_mapped(&via) != (is_mapped(&network) and key[1] >= IPV4_BITS):
                raise ValueError(f"{prefix} via {gateway}: of two families")
            if kind_of(&via) != ORDINARY and kind_of(&via) != LINK_LOCAL:
                raise ValueError(f"{gateway}: no host has this address")
        if any(row[0] != LINK for row in self.derived.get(key, ())):
            self.shadowed[key] = (number, gateway)
            return 0
        return self.put(key, LINK if gateway is None else GATEWAY, number, gateway, True)

    cdef bint remove(self, str prefix) except -1:
        cdef tuple key = key_of(prefix)
        cdef Address network
        cdef Route* route
        memcpy(&network, <const char*><bytes>key[0], 16)
        if self.shadowed.pop(key, None) is not None:
            return True
        route = <Route*>routes_get(self.routes, &network, key[1])
        if route == NULL or not route.by_hand:
            return False
        route.by_hand = False
        self.settle(key)
        return True

    cdef int forget(self, uint16_t number) except -1:
        cdef uint32_t at
        cdef Route* route
        cdef RouteBook other
        for at in range(self.routes.used):
            route = &self.routes.routes[at]
            if route.kind != UNUSED and route.interface == number:
                routes_remove(self.routes, &route.prefix, route.length)
        for key in [key for key, value in self.shadowed.items() if value[0] == number]:
            del self.shadowed[key]
        for other in self.others:
            other.forget(number)
        return 0
