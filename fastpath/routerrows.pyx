"""Rows made one by one: tables of a router are looked at by people."""

import numpy as np

from libc.stdint cimport int64_t, uint32_t, uint64_t
from libc.string cimport memcpy

from fastpath.address cimport IPV4_BITS, address_text
from fastpath.gateway cimport Gateway
from fastpath.ip cimport Address, is_mapped
from fastpath.neighbor cimport ABSENT, Neighbor, Neighbors
from fastpath.routes cimport GATEWAY, UNUSED, Route, Routes

ROUTES_DTYPE = np.dtype([("prefix", "U43"), ("interface", "<u2"), ("gateway", "U39"), ("kind", "U9")])
NEIGHBORS_DTYPE = np.dtype(
    [("interface", "<u2"), ("address", "U39"), ("mac", "<u8"), ("state", "U10"), ("due_ns", "<i8"), ("waiting", "u1")]
)
KINDS = ("link", "gateway", "local", "broadcast")
STATES = ("absent", "incomplete", "reachable", "stale", "delay", "probe", "permanent")


cdef str text_of(tuple key):
    cdef Address address
    memcpy(&address, <const char*><bytes>key[0], 16)
    return f"{address_text(&address)}/{key[1] - (IPV4_BITS if is_mapped(&address) else 0)}"


cdef object route_rows(const Routes* routes):
    cdef uint32_t at
    cdef const Route* route
    cdef tuple key
    cdef list rows = []
    cdef str via
    for at in range(routes.used):
        route = &routes.routes[at]
        if route.kind == UNUSED:
            continue
        key = ((<char*>&route.prefix)[:16], route.length)
        via = address_text(&route.gateway) if route.kind == GATEWAY else ""
        rows.append((not is_mapped(&route.prefix), -route.length, key[0], text_of(key), route.interface, via, KINDS[route.kind]))
    return np.array([row[3:] for row in sorted(rows)], dtype=ROUTES_DTYPE)


cdef object neighbor_rows(const Neighbors* neighbors, int64_t now):
    cdef uint32_t at
    cdef const Neighbor* neighbor
    cdef list rows = []
    for at in range(neighbors.used):
        neighbor = &neighbors.neighbors[at]
        if neighbor.state != ABSENT:
            rows.append((neighbor.interface, address_text(&neighbor.address), neighbor.mac, STATES[neighbor.state],
                         max(neighbor.due - now, 0), neighbor.waiting))
    return np.array(sorted(rows), dtype=NEIGHBORS_DTYPE)


cdef dict gateway_counters(const Gateway* gateway):
    cdef uint64_t sent = 0, limited = 0, silent = 0
    cdef uint32_t number
    for number in range(gateway.n_interfaces):
        sent += gateway.interfaces[number].icmp.sent
        limited += gateway.interfaces[number].icmp.limited
        silent += gateway.interfaces[number].icmp.silent
    return {
        "forwarded": gateway.counters.forwarded, "delivered": gateway.counters.delivered, "ignored": gateway.counters.ignored,
        "answered": gateway.counters.answered, "asked": gateway.neighbors.counters.asked,
        "learned": gateway.neighbors.counters.learned, "evicted": gateway.neighbors.counters.evicted,
        "failed": gateway.neighbors.counters.failed, "icmp sent": sent, "icmp limited": limited, "icmp silent": silent,
        "routes": gateway.routes.count, "neighbors": gateway.neighbors.count,
    }
