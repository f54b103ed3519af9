"""Overlays, peers and stations made and unmade. A tunnel is a member of a bridge: what one loses the other does."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport free, realloc
from libc.string cimport memset

from fastpath.address cimport LINK_LOCAL, MULTICAST, ORDINARY, address_read, kind_of
from fastpath.bucket cimport UNLIMITED, bucket_init, bucket_set
from fastpath.claims cimport claims_forget
from fastpath.endpoints cimport endpoint_put, endpoints_forget
from fastpath.ethernet cimport GROUP
from fastpath.graph cimport Node
from fastpath.igmp cimport membership_join, membership_leave
from fastpath.ip cimport Address, is_mapped, same
from fastpath.resolve cimport is_ours
from fastpath.table cimport table_erase, table_home, table_insert
from fastpath.tunnels cimport (
    FLOODS, FREE, HEARD, NO_OVERLAY, NO_TUNNEL, PEER, SPARE, Overlay, Tunnel, numbers_add, numbers_remove, overlay_find, spares_add,
    spares_remove, tunnel_prepare, tunnels_assign, tunnels_find, tunnels_free_numbers, tunnels_release, tunnels_take,
)
from fastpath.vxlan cimport INHERIT_DSCP, INHERIT_TTL, VNI_MAX, WITH_CHECKSUM


cdef class OverlayBook:
    """The book of one Vtep's overlays; see overlaybook.pxd."""

    def __cinit__(self):
        self.bridges, self.names, self.limits = [], [], []
        self.placed = {}

    # -- overlays -------------------------------------------------------------------------------------------------------

    cdef Overlay* overlay(self, object number) except NULL:
        if not 0 <= number < self.end.tunnels.n_overlays or not self.end.tunnels.overlays[<uint32_t>number].used:
            raise ValueError(f"{self.owner} has no overlay {number}")
        return &self.end.tunnels.overlays[<uint32_t>number]

    cdef uint32_t place(self) except? 0xFFFFFFFF:
        """A free number for an overlay."""
        cdef uint32_t number = self.names.index(None) if None in self.names else len(self.names)
        cdef Overlay* overlays
        if number == self.end.tunnels.n_overlays:
            overlays = <Overlay*>realloc(self.end.tunnels.overlays, (number + 1) * sizeof(Overlay))
            if overlays == NULL:
                raise MemoryError("vtep: overlays")
            self.end.tunnels.overlays = overlays
            self.end.tunnels.n_overlays += 1
            for column in (self.bridges, self.names, self.limits):
                column.append(None)
        memset(&self.end.tunnels.overlays[number], 0, sizeof(Overlay))
        return number

    cdef uint32_t add(self, Node vtep, str name, Node bridge, uint32_t vni, str local, uint32_t spare, dict settings) except? 0xFFFFFFFF:
        cdef Address address
        cdef Overlay* overlay
        cdef uint32_t number
        cdef uint64_t key = <uint64_t>1 << 32 | vni
        if not 1 <= vni <= VNI_MAX:
            raise ValueError(f"vni: 1 to {VNI_MAX}")
        if overlay_find(&self.end.tunnels, vni) != NO_OVERLAY:
            raise ValueError(f"{self.owner} has an overlay of VNI {vni} already")
        address_read(local, &address)
        if not is_ours(&self.end.gateway.interfaces[0], &address):
            raise ValueError(f"{local}: not an address of {self.owner}")
        if spare + 1 > tunnels_free_numbers(&self.end.tunnels):
            raise OverflowError(f"{self.owner} has too few tunnels left for {spare} spare ones: make it with more")
        check(settings, &address)
        number = self.place()
        overlay = &self.end.tunnels.overlays[number]
        overlay.vni = vni
        overlay.local = address
        overlay.inner_mtu = self.end.mtu - (50 if is_mapped(&address) else 70)
        overlay.learn = settings["learn"]
        bucket_init(&overlay.rate, 0, 1)
        table_insert(&self.end.tunnels.by_vni, key, table_home(&self.end.tunnels.by_vni, key), number)
        self.bridges[number], self.names[number], self.limits[number] = bridge, name, settings["limit"]
        overlay.used = True
        overlay.floods = self.join(vtep, number, FLOODS)
        for _ in range(spare):
            self.join(vtep, number, SPARE)
        self.apply(number, settings)
        return number

    cdef int set(self, object number, dict settings) except -1:
        check(settings, &self.overlay(number).local)
        return self.apply(number, settings)

    cdef int regroup(self, Overlay* overlay, object text) except -1:
        cdef Address group = Address(0, 0)
        if text is not None:
            address_read(text, &group)
        if same(&group, &overlay.group):
            return 0
        if text is not None:
            membership_join(&self.end.groups, &group, self.end.gateway.head.core.now)
        if overlay.group.high or overlay.group.low:
            membership_leave(&self.end.groups, &overlay.group, self.end.gateway.head.core.now)
        overlay.group = group
        self.end.tunnels.tunnels[overlay.floods].peer = group
        return 0

    cdef int apply(self, uint32_t number, dict settings) except -1:
        cdef Overlay* overlay = &self.end.tunnels.overlays[number]
        cdef Tunnel* tunnel
        cdef uint16_t each
        cdef int ttl = settings["ttl"], dscp = settings["dscp"]
        self.regroup(overlay, settings["group"])
        overlay.ttl = <uint8_t>(64 if ttl < 0 else ttl)
        overlay.service = <uint8_t>(0 if dscp < 0 else dscp << 2)
        overlay.flags = (INHERIT_TTL if ttl < 0 else 0) | (INHERIT_DSCP if dscp < 0 else 0)
        if settings["checksum"] or (settings["checksum"] is None and not is_mapped(&overlay.local)):
            overlay.flags |= WITH_CHECKSUM
        overlay.keep_vlan = settings["inner_vlan"] == "keep"
        overlay.learn = settings["learn"]
        overlay.unknown = settings["unknown"]
        overlay.permitted_only = settings["permitted_only"]
        overlay.too_big = settings["too_big"]
        overlay.mss = settings["mss"]
        rate = settings["flood_rate"]
        bucket_set(&overlay.rate, rate or UNLIMITED, max(rate // 10, 1))
        self.limits[number] = settings["limit"]
        for each in range(1, self.end.tunnels.used):
            tunnel = &self.end.tunnels.tunnels[each]
            if tunnel.kind == FREE or tunnel.overlay != number:
                continue
            if tunnel.kind == HEARD and (overlay.permitted_only or not overlay.learn):
                spares_remove(&self.end.tunnels, each)
                tunnels_release(&self.end.tunnels, each)
                tunnel.kind = SPARE
                spares_add(&self.end.tunnels, each)
                self.bridges[number].flush(tunnel.member)
            tunnel_prepare(&self.end.tunnels, tunnel)
            self.bridges[number].set_member(tunnel.member, limit=self.limits[number], flood=tunnel.kind == FLOODS,
                                            learn=tunnel.kind != FLOODS and overlay.learn, tunnel=True)
        self.end.gateway.head.core.rewired = True
        return 0

    cdef int remove(self, object number) except -1:
        cdef Overlay* overlay = self.overlay(number)
        cdef uint16_t each
        for each in range(1, self.end.tunnels.used):
            if self.end.tunnels.tunnels[each].kind != FREE and self.end.tunnels.tunnels[each].overlay == number:
                self.leave(each)
        endpoints_forget(&self.end.endpoints, number, 0)
        claims_forget(&self.end.claims, number)
        self.placed = {key: value for key, value in self.placed.items() if key[0] != number}
        self.regroup(overlay, None)
        table_erase(&self.end.tunnels.by_vni, <uint64_t>1 << 32 | overlay.vni)
        free(overlay.flooded)
        memset(overlay, 0, sizeof(Overlay))
        self.bridges[number] = self.names[number] = None
        self.end.gateway.head.core.rewired = True
        return 0

    # -- tunnels --------------------------------------------------------------------------------------------------------

    cdef uint16_t join(self, Node vtep, uint32_t number, uint8_t kind) except 0:
        """A tunnel of the overlay, and the bridge's member for it."""
        cdef Overlay* overlay = &self.end.tunnels.overlays[number]
        cdef uint16_t each = tunnels_take(&self.end.tunnels)
        cdef Tunnel* tunnel = &self.end.tunnels.tunnels[each]
        bridge = self.bridges[number]
        tunnel.edge = vtep.head.core.void_edge
        tunnel.overlay = <uint16_t>number
        tunnel.member = bridge.add_member(vtep, target_input=each, limit=self.limits[number], flood=kind == FLOODS,
                                          learn=kind != FLOODS and overlay.learn, tunnel=True)
        tunnel.kind = kind
        vtep.connect(&tunnel.edge, bridge, tunnel.member)
        if kind == SPARE:
            spares_add(&self.end.tunnels, each)
        tunnel_prepare(&self.end.tunnels, tunnel)
        return each

    cdef int leave(self, uint16_t each) except -1:
        cdef Tunnel* tunnel = &self.end.tunnels.tunnels[each]
        cdef Overlay* overlay = &self.end.tunnels.overlays[tunnel.overlay]
        if tunnel.kind == SPARE or tunnel.kind == HEARD:
            spares_remove(&self.end.tunnels, each)
        tunnels_release(&self.end.tunnels, each)
        numbers_remove(overlay.flooded, &overlay.n_flooded, each)
        self.bridges[tunnel.overlay].remove_member(tunnel.member)
        memset(tunnel, 0, sizeof(Tunnel))
        self.end.tunnels.lowest = min(self.end.tunnels.lowest, <uint32_t>each)
        tunnel.edge = self.end.gateway.head.core.void_edge
        return 0

    cdef uint16_t tunnel_to(self, Node vtep, uint32_t number, object text) except 0:
        """The tunnel to a peer that is given; one that was only heard of becomes such a one."""
        cdef Overlay* overlay = &self.end.tunnels.overlays[number]
        cdef Address address
        cdef uint16_t each
        address_read(text, &address)
        if is_mapped(&address) != is_mapped(&overlay.local):
            raise ValueError(f"{text}: of another family than the overlay's own address")
        if kind_of(&address) != ORDINARY and kind_of(&address) != LINK_LOCAL:
            raise ValueError(f"{text}: no VTEP has this address")
        if is_ours(&self.end.gateway.interfaces[0], &address):
            raise ValueError(f"{text}: an address of {self.owner} itself")
        each = tunnels_find(&self.end.tunnels, overlay.vni, &address)
        if each == NO_TUNNEL:
            each = self.join(vtep, number, PEER)
            if not tunnels_assign(&self.end.tunnels, each, overlay.vni, &address):
                # It is not in the table: `leave` must not look for it there.
                self.end.tunnels.tunnels[each].kind = FLOODS
                self.leave(each)
                raise OverflowError("the table of tunnels is full")
        elif self.end.tunnels.tunnels[each].kind == HEARD:
            spares_remove(&self.end.tunnels, each)
            self.end.tunnels.tunnels[each].kind = PEER
            if tunnels_free_numbers(&self.end.tunnels):
                self.join(vtep, number, SPARE)
        return each

    # -- peers and stations ---------------------------------------------------------------------------------------------

    cdef int add_peer(self, Node vtep, object number, str address, bint flood) except -1:
        cdef Overlay* overlay = self.overlay(number)
        cdef uint16_t each = self.tunnel_to(vtep, number, address)
        cdef Tunnel* tunnel = &self.end.tunnels.tunnels[each]
        tunnel.given = True
        numbers_remove(overlay.flooded, &overlay.n_flooded, each)
        if flood:
            numbers_add(&overlay.flooded, &overlay.n_flooded, each)
        tunnel.flood = flood
        self.end.gateway.head.core.rewired = True
        return 0

    cdef int remove_peer(self, object number, str address) except -1:
        cdef Overlay* overlay = self.overlay(number)
        cdef Address key
        cdef uint16_t each
        cdef Tunnel* tunnel
        address_read(address, &key)
        each = tunnels_find(&self.end.tunnels, overlay.vni, &key)
        if each == NO_TUNNEL or not self.end.tunnels.tunnels[each].given:
            raise ValueError(f"overlay {number} has no peer {address}")
        tunnel = &self.end.tunnels.tunnels[each]
        tunnel.given = tunnel.flood = False
        numbers_remove(overlay.flooded, &overlay.n_flooded, each)
        if not tunnel.stations:
            self.leave(each)
        self.end.gateway.head.core.rewired = True
        return 0

    cdef int add_station(self, Node vtep, object number, object mac, str peer, tuple addresses) except -1:
        cdef Address address
        cdef uint16_t each
        self.overlay(number)
        if not 0 < mac < 1 << 48 or <uint64_t>mac & GROUP:
            raise ValueError("an individual MAC address, as a number")
        for text in addresses:
            address_read(text, &address)
        if (number, mac) in self.placed:
            self.remove_station(number, mac)
        each = self.tunnel_to(vtep, number, peer)
        self.bridges[number].add_static(mac, self.end.tunnels.tunnels[each].member)
        self.end.tunnels.tunnels[each].stations += 1
        self.placed[number, mac] = (each, addresses)
        for text in addresses:
            address_read(text, &address)
            endpoint_put(&self.end.endpoints, number, &address, mac)
        return 0

    cdef int remove_station(self, object number, object mac) except -1:
        cdef Tunnel* tunnel
        self.overlay(number)
        if (number, mac) not in self.placed:
            raise ValueError(f"overlay {number} has no such station")
        each = self.placed.pop((number, mac))[0]
        tunnel = &self.end.tunnels.tunnels[<uint16_t>each]
        self.bridges[number].forget(mac)
        endpoints_forget(&self.end.endpoints, number, mac)
        tunnel.stations -= 1
        if not tunnel.stations and not tunnel.given:
            self.leave(each)
        return 0


cdef int check(dict settings, const Address* local) except -1:
    """Errors: ValueError for a value that makes no sense. Nothing is changed."""
    cdef Address group
    if not -1 <= settings["ttl"] <= 255 or settings["ttl"] == 0:
        raise ValueError("ttl: 1 to 255, or -1 to inherit the inner packet's")
    if not -1 <= settings["dscp"] <= 63:
        raise ValueError("dscp: 0 to 63, or -1 to inherit the inner packet's")
    if settings["inner_vlan"] not in ("strip", "keep"):
        raise ValueError('inner_vlan: "strip" or "keep"')
    if settings["mss"] and not 64 <= settings["mss"] <= 65535:
        raise ValueError("mss: 64 to 65535 octets, or 0")
    if not 0 <= settings["flood_rate"] <= 10**9:
        raise ValueError("flood_rate: 1 to 10^9 frames a second, or 0 for any")
    if not 0 <= settings["limit"] <= 1 << 28:
        raise ValueError("limit: 1 to 2^28 stations, or 0 for the bridge's own")
    if settings["group"] is not None:
        address_read(settings["group"], &group)
        if kind_of(&group) != MULTICAST or is_mapped(&group) != is_mapped(local):
            raise ValueError(f"{settings['group']}: no multicast group of the family of the overlay's own address")
    return 0
