"""Who says that it has an address, and who said so before."""

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memset

from fastpath.address cimport LINK_LOCAL, ORDINARY, Kind, address_text, kind_of
from fastpath.arp cimport Arp, arp_read
from fastpath.endpoints cimport may_ask
from fastpath.frame cimport Frame
from fastpath.ip cimport FINE, PROTOCOL_ICMPV6, WHOLE, Address, Packet, ip_read, ip_transport, same
from fastpath.nd cimport NEIGHBOR_ADVERTISEMENT, NEIGHBOR_SOLICITATION, Nd, nd_read
from fastpath.sample cimport Sample
from fastpath.table cimport split_mix, table_mix
from fastpath.wire cimport load48, wire_likely

LASTS = 60_000_000_000            # about as long as who heard the other one believes it (Linux: base_reachable_time and more)
REPORTED = 600_000_000_000


cdef int claims_init(Claims* claims, uint64_t seed) except -1:
    """Errors: MemoryError."""
    cdef uint64_t state = seed
    memset(claims, 0, sizeof(Claims))
    claims.secret0 = split_mix(&state)
    claims.secret1 = split_mix(&state) | 1
    claims.claims = <Claim*>calloc(CLAIM_SETS * CLAIM_WAYS, sizeof(Claim))
    if claims.claims == NULL:
        raise MemoryError("claims")
    return 0


cdef void claims_free(Claims* claims) noexcept:
    free(claims.claims)
    claims.claims = NULL


cdef inline Claim* set_of(const Claims* claims, uint32_t overlay, const Address* address) noexcept nogil:
    cdef uint64_t mixed = table_mix(address.high ^ claims.secret0 ^ <uint64_t>overlay << 20, claims.secret1)
    return claims.claims + (table_mix(mixed ^ address.low, claims.secret1) >> 32) % CLAIM_SETS * CLAIM_WAYS


cdef bint sooner_goes(const Claim* a, const Claim* b) noexcept nogil:
    """A free place, then one that nobody contends for, then the longest silent."""
    if a.mac == 0 or b.mac == 0:
        return a.mac == 0
    if (a.changes == 0) != (b.changes == 0):
        return a.changes == 0
    return a.at < b.at


cdef bint claim(Claims* claims, uint32_t overlay, const Address* address, uint64_t mac, int64_t now) noexcept nogil:
    cdef Claim* rows = set_of(claims, overlay, address)
    cdef Claim* row = rows
    cdef uint32_t way
    cdef bint twice
    cdef Kind kind = kind_of(address)
    if kind != ORDINARY and kind != LINK_LOCAL:
        return False
    for way in range(CLAIM_WAYS):
        if rows[way].mac and rows[way].overlay == overlay and same(&rows[way].address, address):
            row = &rows[way]
            if wire_likely(row.mac == mac):
                row.at = now
                return False
            twice = now - row.at < LASTS
            if twice:
                row.other = row.mac
                row.changed_at = now
                row.changes += 1
                claims.changed += 1
            else:
                row.other = 0
                row.changes = 0
            row.mac = mac
            row.at = now
            return twice
        if sooner_goes(&rows[way], row):
            row = &rows[way]
    memset(row, 0, sizeof(Claim))
    row.address = address[0]
    row.mac = mac
    row.at = now
    row.overlay = overlay
    return False


cdef bint claims_hear(Claims* claims, uint32_t overlay, Frame* frame, int64_t now) noexcept nogil:
    cdef Arp arp
    cdef Packet packet
    cdef Nd nd
    if not may_ask(frame):
        return False
    if frame.data[12] == 8:
        return arp_read(&arp, frame) == FINE and claim(claims, overlay, &arp.sender, arp.sender_mac, now)
    if ip_read(&packet, frame) != FINE or packet.fragment != WHOLE or packet.protocol != PROTOCOL_ICMPV6:
        return False
    if ip_transport(&packet) != FINE:
        return False
    if frame.data[packet.transport] != NEIGHBOR_SOLICITATION and frame.data[packet.transport] != NEIGHBOR_ADVERTISEMENT:
        return False
    if nd_read(&nd, &packet) != FINE:
        return False
    if nd.kind == NEIGHBOR_ADVERTISEMENT:
        return claim(claims, overlay, &nd.target, nd.mac or load48(frame.data + 6), now)
    return nd.mac != 0 and claim(claims, overlay, &packet.source, nd.mac, now)


cdef void claims_forget(Claims* claims, uint32_t overlay) noexcept nogil:
    cdef uint32_t at
    for at in range(CLAIM_SETS * CLAIM_WAYS):
        if claims.claims[at].overlay == overlay:
            memset(&claims.claims[at], 0, sizeof(Claim))


cdef list claims_rows(const Claims* claims, int64_t now):
    cdef uint32_t at
    cdef const Claim* row
    rows = []
    for at in range(CLAIM_SETS * CLAIM_WAYS):
        row = &claims.claims[at]
        if row.mac and row.changes and now - row.changed_at < REPORTED:
            rows.append((row.overlay, address_text(&row.address), row.mac, row.other, row.changes, now - row.changed_at))
    rows.sort(key=lambda row: (row[5], row[:2]))
    return rows


cdef class TestClaims:
    """The C table with a Python face (used for testing)."""
    cdef Claims claims

    def __cinit__(self, uint64_t seed=0):
        claims_init(&self.claims, seed)

    def __dealloc__(self):
        claims_free(&self.claims)

    def hear(self, uint32_t overlay, const uint8_t[::1] octets not None, int64_t now) -> bool:
        """A frame passes; True: somebody else claims the address as well."""
        cdef Sample sample = Sample(octets)
        return claims_hear(&self.claims, overlay, &sample.frame, now)

    def forget(self, uint32_t overlay) -> None:
        """The overlay goes."""
        claims_forget(&self.claims, overlay)

    def rows(self, int64_t now) -> list[tuple[int, str, int, int, int, int]]:
        """Those claimed twice: overlay, address, MAC, other MAC, changes, ns since the last one."""
        return claims_rows(&self.claims, now)

    @property
    def changed(self) -> int:
        """Claims by another than before."""
        return self.claims.changed
