"""A VTEP's tables: overlays by VNI, and tunnels, each to one remote VTEP of one overlay (RFC 7348, 4).

A tunnel is at once an input of the Vtep and a member of the overlay's bridge: the bridge's FDB says for each inner MAC address by
which member it is reached, so that the remote VTEP is known without another look-up. What a tunnel is:

    FREE       nothing
    FLOODS     the overlay's own, not to one VTEP: gets what the bridge floods
    PEER       to a VTEP that was given: a peer, or where a programmed station is
    SPARE      made beforehand, for a VTEP that will be heard of
    HEARD      to one that was: whose frames taught the bridge. When no spare is left the one longest silent goes

Tunnels are found by VNI and outer source: of IPv4 exact, of IPv6 a keyed hash, compared with the whole address after.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from fastpath.bucket cimport Bucket
from fastpath.graph cimport Edge
from fastpath.ip cimport Address, is_mapped, unmapped
from fastpath.table cimport Table, table_mix
from fastpath.vxlan cimport Outer

cdef enum:
    NO_TUNNEL = 0xFFFF
    NO_OVERLAY = 0xFFFF
    HEARD_SHIFT = 28              # ns: the stamp of a tunnel is as coarse as the FDB's, so that most frames write none

cdef enum TunnelKind:
    FREE = 0
    FLOODS = 1
    PEER = 2
    SPARE = 3
    HEARD = 4

cdef struct Tunnel:               # three cache lines and a bit
    Outer outer
    uint32_t generation           # the outer header has the next hop's MAC address while this is the gateway's
    uint32_t longest              # octets of inner frame that fit the underlay, or the path as far as it is known (pathmtu)
    int64_t narrow_until          # what is known of the path; 0: nothing
    Edge edge                     # into the bridge
    uint16_t overlay
    uint16_t member               # of the bridge
    uint8_t kind
    bint direct                   # PEER or HEARD: most frames need nothing but a header
    bint clamps                   # the overlay has an MSS to clamp: what may be a SYN is looked at
    bint given                    # by hand, as a peer
    bint flood                    # in the overlay's flood list
    uint32_t heard                # stamp of the latest frame from it
    uint32_t stations             # programmed there
    uint16_t before               # SPARE and HEARD: in the overlay's list of them; 0: none
    uint16_t after
    uint64_t handed               # the turn in which it was taken from one VTEP for another, counted from 1; 0: it was not
    Address peer
    uint64_t in_frames
    uint64_t in_octets
    uint64_t out_frames
    uint64_t out_octets

cdef struct Overlay:
    bint used
    uint32_t vni
    Address local
    Address group                 # ::, without one
    uint16_t floods               # its tunnel of kind FLOODS
    uint32_t n_flooded
    uint16_t* flooded             # tunnels that a flooded frame is copied to
    uint16_t oldest               # of the tunnels that are SPARE or HEARD, those spare first, then by silence; 0: none
    uint16_t latest
    uint32_t inner_mtu            # IP octets that fit
    uint8_t ttl
    uint8_t service               # DSCP << 2
    uint8_t flags                 # vxlan.Outer.flags
    bint keep_vlan
    bint learn
    bint unknown                  # unknown unicast is flooded
    bint permitted_only
    bint too_big                  # who sends what does not fit is told
    uint32_t mss
    Bucket rate                   # of floods

cdef struct Tunnels:
    uint16_t port                 # of all that is sent and received
    Tunnel* tunnels               # by number, which is the Vtep's input; 0 is none: the underlay's
    uint32_t capacity             # numbers, 0 included
    uint32_t used                 # numbers that were ever used
    uint32_t lowest               # none below is free
    Overlay* overlays
    uint32_t n_overlays
    Table by_peer
    Table by_vni
    uint64_t secret

cdef int tunnels_init(Tunnels* tunnels, uint32_t capacity, uint64_t seed) except -1
cdef void tunnels_free(Tunnels* tunnels) noexcept
# A free number, or OverflowError.
cdef uint16_t tunnels_take(Tunnels* tunnels) except 0
# So many are left.
cdef uint32_t tunnels_free_numbers(const Tunnels* tunnels) noexcept
# The number by which frames of the peer are known, or NO_TUNNEL.
cdef uint16_t tunnels_find(const Tunnels* tunnels, uint32_t vni, const Address* peer) noexcept nogil
# The tunnel is to this peer from now on; False if the table cannot take it.
cdef bint tunnels_assign(Tunnels* tunnels, uint16_t number, uint32_t vni, const Address* peer) noexcept nogil
# It is to nobody.
cdef void tunnels_release(Tunnels* tunnels, uint16_t number) noexcept nogil
# The overlay's number, or NO_OVERLAY.
cdef uint16_t overlay_find(const Tunnels* tunnels, uint32_t vni) noexcept nogil
# A tunnel for a VTEP that was heard of, or NO_TUNNEL: none is spare, and nobody was silent for long.
# `turn`: this one's number, from 1.
cdef uint16_t tunnels_hear(Tunnels* tunnels, Overlay* overlay, const Address* peer, int64_t now, uint64_t turn) noexcept nogil
# A frame came by it, and the stamp is another than before.
cdef void tunnels_touch(Tunnels* tunnels, Tunnel* tunnel, uint32_t stamp) noexcept nogil
# Into the list of those that are SPARE (at its front) or HEARD (at its end), and out of it.
cdef void spares_add(Tunnels* tunnels, uint16_t number) noexcept nogil
cdef void spares_remove(Tunnels* tunnels, uint16_t number) noexcept nogil
# Its header, without the next hop's MAC address, as the overlay has it now.
cdef void tunnel_prepare(const Tunnels* tunnels, Tunnel* tunnel) noexcept nogil
# Into the list, or out of it if it is there.
cdef int numbers_add(uint16_t** numbers, uint32_t* n, uint16_t number) except -1
cdef void numbers_remove(uint16_t* numbers, uint32_t* n, uint16_t number) noexcept nogil

cdef inline bint handed_now(Tunnel* tunnel, const Overlay* overlay, uint64_t turn) noexcept nogil:
    """It changed hands in this turn: what the bridge has sent to it since the turn began may be for the VTEP before."""
    if tunnel.handed == 0:
        return False
    if tunnel.handed == turn:
        return True
    tunnel.handed = 0
    tunnel.direct = True
    return False

cdef inline uint32_t heard_stamp(int64_t now) noexcept nogil:
    return <uint32_t>(now >> HEARD_SHIFT)

cdef inline uint64_t tunnels_key(const Tunnels* tunnels, uint32_t vni, const Address* peer) noexcept nogil:
    """Of IPv4 exact; of IPv6 a keyed hash, so that the address is to be compared."""
    if is_mapped(peer):
        return <uint64_t>1 << 62 | <uint64_t>vni << 32 | unmapped(peer)
    return table_mix(table_mix(peer.high ^ tunnels.secret, tunnels.by_peer.secret1) ^ peer.low, tunnels.secret) + vni | <uint64_t>1 << 63
