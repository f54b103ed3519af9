"""Rows made one by one: tables of a VTEP are looked at by people."""

import numpy as np

from libc.stdint cimport int64_t, uint32_t, uint64_t

from fastpath.address cimport address_text
from fastpath.claims cimport claims_rows
from fastpath.routerrows cimport gateway_counters
from fastpath.tunnels cimport FLOODS, FREE, HEARD_SHIFT, SPARE, Overlay, Tunnel, heard_stamp

OVERLAYS_DTYPE = np.dtype([
    ("overlay", "<u4"), ("name", "O"), ("vni", "<u4"), ("local", "U39"), ("group", "U39"), ("mtu", "<u4"), ("peers", "<u4"),
    ("heard", "<u4"), ("spare", "<u4"), ("flooded", "<u4"), ("floods", "<u8"), ("limited", "<u8"),
])
TUNNELS_DTYPE = np.dtype([
    ("overlay", "<u4"), ("vni", "<u4"), ("peer", "U39"), ("kind", "U6"), ("member", "<u4"), ("flood", "?"), ("stations", "<u4"),
    ("silent_ns", "<i8"), ("in_frames", "<u8"), ("in_octets", "<u8"), ("out_frames", "<u8"), ("out_octets", "<u8"),
])
STATIONS_DTYPE = np.dtype([("overlay", "<u4"), ("mac", "<u8"), ("peer", "U39"), ("addresses", "U128")])
CLAIMS_DTYPE = np.dtype([("overlay", "<u4"), ("address", "U39"), ("mac", "<u8"), ("other", "<u8"), ("changes", "<u4"), ("age_ns", "<i8")])
TUNNEL_KINDS = ("free", "floods", "peer", "spare", "heard")


cdef object overlay_rows(const TunnelEnd* end, list names):
    cdef const Overlay* overlay
    cdef uint32_t number, each
    cdef list rows = []
    cdef list kinds
    for number in range(end.tunnels.n_overlays):
        overlay = &end.tunnels.overlays[number]
        if not overlay.used:
            continue
        kinds = [0] * len(TUNNEL_KINDS)
        for each in range(1, end.tunnels.used):
            if end.tunnels.tunnels[each].overlay == number:
                kinds[end.tunnels.tunnels[each].kind] += 1
        group = address_text(&overlay.group) if overlay.group.high or overlay.group.low else ""
        rows.append((number, names[number], overlay.vni, address_text(&overlay.local), group, overlay.inner_mtu, kinds[2], kinds[4],
                     kinds[3], overlay.n_flooded, overlay.rate.taken, overlay.rate.limited))
    return np.array(rows, dtype=OVERLAYS_DTYPE)


cdef object tunnel_rows(const TunnelEnd* end, int64_t now):
    cdef const Tunnel* tunnel
    cdef uint32_t number, silent
    cdef list rows = []
    for number in range(1, end.tunnels.used):
        tunnel = &end.tunnels.tunnels[number]
        if tunnel.kind == FREE or tunnel.kind == SPARE:
            continue
        peer = address_text(&tunnel.peer) if tunnel.peer.high or tunnel.peer.low else ""
        silent = heard_stamp(now) - tunnel.heard
        rows.append((tunnel.overlay, end.tunnels.overlays[tunnel.overlay].vni, peer, TUNNEL_KINDS[tunnel.kind], tunnel.member,
                     tunnel.flood or tunnel.kind == FLOODS, tunnel.stations, <int64_t>silent << HEARD_SHIFT if tunnel.in_frames else -1,
                     tunnel.in_frames, tunnel.in_octets, tunnel.out_frames, tunnel.out_octets))
    return np.array(rows, dtype=TUNNELS_DTYPE)


cdef object station_rows(const TunnelEnd* end, dict placed):
    cdef list rows = []
    cdef uint32_t number
    for (overlay, mac), (number, addresses) in placed.items():
        rows.append((overlay, mac, address_text(&end.tunnels.tunnels[number].peer), " ".join(addresses)))
    return np.array(sorted(rows), dtype=STATIONS_DTYPE)


cdef object claim_rows(const TunnelEnd* end, int64_t now):
    return np.array(claims_rows(&end.claims, now), dtype=CLAIMS_DTYPE)


cdef dict vtep_counters(const TunnelEnd* end):
    cdef uint64_t limited = 0, flooded = 0
    cdef uint32_t number
    for number in range(end.tunnels.n_overlays):
        limited += end.tunnels.overlays[number].rate.limited
        flooded += end.tunnels.overlays[number].rate.taken
    return {
        "encapsulated": end.counters.encapsulated, "decapsulated": end.counters.decapsulated, "flooded": flooded,
        "replicated": end.counters.replicated, "limited": limited, "bytes_copied": end.counters.bytes_copied,
        "answered": end.counters.answered, "stripped": end.counters.stripped, "segmented": end.counters.segmented,
        "clamped": end.counters.clamped, "told": end.counters.told, "narrowed": end.counters.narrowed, "unlearned": end.counters.unlearned,
        "claims changed": end.claims.changed, "reported": end.groups.reported, "queried": end.groups.queried,
        **{f"underlay {name}": value for name, value in gateway_counters(&end.gateway).items() if name not in UNUSED},
    }


# A Gateway counts them, a VTEP does not: it never forwards.
UNUSED = ("forwarded",)
