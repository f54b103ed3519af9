"""Tunnels made, found, given to whom is heard of, and taken back."""

from libc.stdint cimport int64_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport free, realloc
from libc.string cimport memset

from fastpath.frame cimport ETHERNET_HEADER
from fastpath.graph cimport forget_behind
from fastpath.ip cimport Address, same
from fastpath.pages cimport pages, unpages
from fastpath.table cimport table_erase, table_find, table_free, table_home, table_init, table_insert
from fastpath.vxlan cimport vxlan_prepare

cdef enum:
    SILENT = 4                    # stamps, about a second: who was heard since is not given up for another


cdef int tunnels_init(Tunnels* tunnels, uint32_t capacity, uint64_t seed) except -1:
    """Room for so many tunnels. Errors: ValueError, MemoryError."""
    if not 1 <= capacity < NO_TUNNEL:
        raise ValueError(f"tunnels: 1 to {NO_TUNNEL - 1}")
    tunnels.capacity = capacity + 1
    tunnels.used = tunnels.lowest = 1
    tunnels.tunnels = <Tunnel*>pages(<size_t>tunnels.capacity * sizeof(Tunnel), False)
    if tunnels.tunnels == NULL:
        raise MemoryError(f"table of {capacity} tunnels")
    table_init(&tunnels.by_peer, capacity, seed)
    table_init(&tunnels.by_vni, capacity, seed + 1)
    tunnels.secret = tunnels.by_peer.secret0 ^ tunnels.by_vni.secret1 | 1
    return 0


cdef void tunnels_free(Tunnels* tunnels) noexcept:
    cdef uint32_t number
    for number in range(tunnels.n_overlays):
        free(tunnels.overlays[number].flooded)
    free(tunnels.overlays)
    table_free(&tunnels.by_peer)
    table_free(&tunnels.by_vni)
    unpages(tunnels.tunnels, <size_t>tunnels.capacity * sizeof(Tunnel), False)


# -- by number ------------------------------------------------------------------------------------------------------------


cdef uint16_t tunnels_take(Tunnels* tunnels) except 0:
    cdef uint32_t number = tunnels.lowest
    while number < tunnels.used and tunnels.tunnels[number].kind != FREE:
        number += 1
    if number == tunnels.capacity:
        raise OverflowError(f"all {tunnels.capacity - 1} tunnels are in use; make the VTEP with more, or overlays with fewer spare ones")
    tunnels.used = max(tunnels.used, number + 1)
    tunnels.lowest = number + 1
    memset(&tunnels.tunnels[number], 0, sizeof(Tunnel))
    return <uint16_t>number


cdef uint32_t tunnels_free_numbers(const Tunnels* tunnels) noexcept:
    cdef uint32_t number
    cdef uint32_t n = tunnels.capacity - tunnels.used
    for number in range(1, tunnels.used):
        n += tunnels.tunnels[number].kind == FREE
    return n


cdef int numbers_add(uint16_t** numbers, uint32_t* n, uint16_t number) except -1:
    cdef uint16_t* more = <uint16_t*>realloc(numbers[0], (n[0] + 1) * sizeof(uint16_t))
    if more == NULL:
        raise MemoryError("vtep: list of tunnels")
    numbers[0] = more
    more[n[0]] = number
    n[0] += 1
    return 0


cdef void numbers_remove(uint16_t* numbers, uint32_t* n, uint16_t number) noexcept nogil:
    cdef uint32_t at, kept = 0
    for at in range(n[0]):
        if numbers[at] != number:
            numbers[kept] = numbers[at]
            kept += 1
    n[0] = kept


cdef void tunnel_prepare(const Tunnels* tunnels, Tunnel* tunnel) noexcept nogil:
    cdef const Overlay* overlay = &tunnels.overlays[tunnel.overlay]
    vxlan_prepare(&tunnel.outer, &overlay.local, &tunnel.peer, overlay.vni, tunnels.port, overlay.ttl, overlay.service, overlay.flags)
    tunnel.generation = 0
    tunnel.longest = overlay.inner_mtu + ETHERNET_HEADER
    tunnel.narrow_until = 0
    tunnel.direct = tunnel.kind != FLOODS
    tunnel.clamps = overlay.mss != 0


# -- by peer --------------------------------------------------------------------------------------------------------------


cdef uint16_t tunnels_find(const Tunnels* tunnels, uint32_t vni, const Address* peer) noexcept nogil:
    cdef uint64_t key = tunnels_key(tunnels, vni, peer)
    cdef const uint64_t* value = table_find(&tunnels.by_peer, key, table_home(&tunnels.by_peer, key))
    if value == NULL or not same(&tunnels.tunnels[value[0]].peer, peer):
        return NO_TUNNEL
    return <uint16_t>value[0]


cdef bint tunnels_assign(Tunnels* tunnels, uint16_t number, uint32_t vni, const Address* peer) noexcept nogil:
    cdef uint64_t key = tunnels_key(tunnels, vni, peer)
    cdef uint32_t home = table_home(&tunnels.by_peer, key)
    # Two IPv6 addresses of one key: once in 2^63, and not to be arranged, as the key is secret.
    if table_find(&tunnels.by_peer, key, home) != NULL or table_insert(&tunnels.by_peer, key, home, number) == NULL:
        return False
    tunnels.tunnels[number].peer = peer[0]
    tunnel_prepare(tunnels, &tunnels.tunnels[number])
    return True


cdef void tunnels_release(Tunnels* tunnels, uint16_t number) noexcept nogil:
    cdef Tunnel* tunnel = &tunnels.tunnels[number]
    if tunnel.kind == PEER or tunnel.kind == HEARD:
        table_erase(&tunnels.by_peer, tunnels_key(tunnels, tunnels.overlays[tunnel.overlay].vni, &tunnel.peer))
    tunnel.peer = Address(0, 0)


cdef void spares_add(Tunnels* tunnels, uint16_t number) noexcept nogil:
    cdef Tunnel* tunnel = &tunnels.tunnels[number]
    cdef Overlay* overlay = &tunnels.overlays[tunnel.overlay]
    if tunnel.kind == SPARE:
        tunnel.before, tunnel.after = 0, overlay.oldest
    else:
        tunnel.before, tunnel.after = overlay.latest, 0
    if tunnel.before:
        tunnels.tunnels[tunnel.before].after = number
    else:
        overlay.oldest = number
    if tunnel.after:
        tunnels.tunnels[tunnel.after].before = number
    else:
        overlay.latest = number


cdef void spares_remove(Tunnels* tunnels, uint16_t number) noexcept nogil:
    cdef const Tunnel* tunnel = &tunnels.tunnels[number]
    cdef Overlay* overlay = &tunnels.overlays[tunnel.overlay]
    if tunnel.before:
        tunnels.tunnels[tunnel.before].after = tunnel.after
    else:
        overlay.oldest = tunnel.after
    if tunnel.after:
        tunnels.tunnels[tunnel.after].before = tunnel.before
    else:
        overlay.latest = tunnel.before


cdef void tunnels_touch(Tunnels* tunnels, Tunnel* tunnel, uint32_t stamp) noexcept nogil:
    cdef uint16_t number = <uint16_t>(tunnel - tunnels.tunnels)
    tunnel.heard = stamp
    if tunnel.kind == HEARD:
        spares_remove(tunnels, number)
        spares_add(tunnels, number)


cdef uint16_t tunnels_hear(Tunnels* tunnels, Overlay* overlay, const Address* peer, int64_t now, uint64_t turn) noexcept nogil:
    cdef uint32_t stamp = heard_stamp(now)
    cdef uint16_t number = overlay.oldest
    cdef Tunnel* tunnel = &tunnels.tunnels[number]
    cdef bint taken
    if number == 0 or (tunnel.kind == HEARD and stamp - tunnel.heard <= SILENT):
        return NO_TUNNEL
    taken = tunnel.kind == HEARD
    spares_remove(tunnels, number)
    if taken:
        # Whoever was known behind it is not to be sent to somebody else.
        tunnels_release(tunnels, number)
        tunnel.kind = SPARE
        forget_behind(&tunnel.edge)
    if not tunnels_assign(tunnels, number, overlay.vni, peer):
        spares_add(tunnels, number)
        return NO_TUNNEL
    tunnel.kind = HEARD
    tunnel.heard = stamp
    if taken:
        tunnel.handed = turn
        tunnel.direct = False
    tunnel.in_frames = tunnel.in_octets = tunnel.out_frames = tunnel.out_octets = 0
    spares_add(tunnels, number)
    return number


# -- overlays ---------------------------------------------------------------------------------------------------------------


cdef uint16_t overlay_find(const Tunnels* tunnels, uint32_t vni) noexcept nogil:
    cdef uint64_t key = <uint64_t>1 << 32 | vni
    cdef const uint64_t* value = table_find(&tunnels.by_vni, key, table_home(&tunnels.by_vni, key))
    return NO_OVERLAY if value == NULL else <uint16_t>value[0]
