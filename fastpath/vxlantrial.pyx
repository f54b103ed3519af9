"""The leaf functions of tunnels with a face for tests."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memset

from fastpath.address cimport address_read
from fastpath.arena cimport HEADROOM, arena_free, arena_init
from fastpath.counters import reason_name
from fastpath.counters cimport REASONS_MAX
from fastpath.frame cimport ETHERNET_HEADER, NEEDS_CSUM, Frame
from fastpath.graph cimport Core, Head
from fastpath.ip cimport FINE, Address, Packet, ip_read
from fastpath.offload cimport SEGMENTS_MAX
from fastpath.pieces cimport Pieces, pieces_begin, pieces_next
from fastpath.sample cimport Sample
from fastpath.vxlan cimport (
    INHERIT_DSCP, INHERIT_TTL, OTHER_PORT, VXLAN_PORT, WITH_CHECKSUM, Inner, Outer, Tunneled, vxlan_ecn, vxlan_inner, vxlan_pop,
    vxlan_port_of, vxlan_prepare, vxlan_push, vxlan_read, vxlan_strip,
)
from fastpath.wire cimport load16


cdef int frame_of(Frame* frame, uint8_t[::1] memory, const uint8_t[::1] octets) except -1:
    """The frame in memory of its own, with headroom."""
    memset(frame, 0, sizeof(Frame))
    frame.data = &memory[HEADROOM]
    frame.head = frame.length = <uint32_t>octets.shape[0]
    frame.room = HEADROOM
    memory[HEADROOM:HEADROOM + octets.shape[0]] = octets
    return 0


def pushed(const uint8_t[::1] octets not None, *, str source, str target, uint32_t vni, uint16_t port=VXLAN_PORT, uint8_t ttl=64,
           uint8_t dscp=0, bint inherit_ttl=False, bint inherit_dscp=False, bint checksum=False, uint64_t seed=0, int flags=0,
           int csum_start=0, int csum_offset=0) -> bytes:
    """The frame with a header in front, MAC addresses zero."""
    cdef Outer outer
    cdef Inner inner
    cdef Frame frame
    cdef Address ours, theirs
    memory = bytearray(HEADROOM + max(len(octets), ETHERNET_HEADER))  # a push reads that much of any frame, as it may of a slot
    frame_of(&frame, memory, octets)
    frame.flags = <uint8_t>flags
    frame.csum_start, frame.csum_offset = <uint16_t>csum_start, <uint16_t>csum_offset
    address_read(source, &ours)
    address_read(target, &theirs)
    vxlan_prepare(&outer, &ours, &theirs, vni, port, ttl, <uint8_t>(dscp << 2),
                  (WITH_CHECKSUM if checksum else 0) | (INHERIT_TTL if inherit_ttl else 0) | (INHERIT_DSCP if inherit_dscp else 0))
    vxlan_inner(&inner, frame.data, frame.head, seed ^ <uint64_t>0x9E3779B97F4A7C15, seed ^ <uint64_t>0xD1B54A32D192ED03)
    vxlan_push(&outer, &frame, &inner, vxlan_port_of(inner.flow))
    return frame.data[:frame.length]


def popped(const uint8_t[::1] octets not None, *, uint16_t port=VXLAN_PORT, bint strict=False) -> tuple[int, bytes] | str:
    """VNI and inner frame of a tunnel packet, or the reason's name, or "other port"."""
    cdef Frame frame
    cdef Packet packet
    cdef Tunneled tunneled
    cdef int reason
    memory = bytearray(HEADROOM + len(octets))
    frame_of(&frame, memory, octets)
    reason = ip_read(&packet, &frame)
    if reason == FINE:
        reason = vxlan_read(&tunneled, &packet, port, strict)
    if reason != FINE:
        return "other port" if reason == OTHER_PORT else reason_name(reason)
    frame.length = frame.head = packet.transport + load16(frame.data + packet.transport + 4)
    vxlan_pop(&frame, tunneled.pushed)
    return tunneled.vni, frame.data[:frame.length]


def source_port(const uint8_t[::1] octets not None, uint64_t seed=0) -> int:
    """The source port for an inner frame."""
    cdef Inner inner
    vxlan_inner(&inner, &octets[0], <uint32_t>octets.shape[0], seed ^ <uint64_t>0x9E3779B97F4A7C15, seed ^ <uint64_t>0xD1B54A32D192ED03)
    return vxlan_port_of(inner.flow)


def ecn(const uint8_t[::1] octets not None, int outer) -> bytes | None:
    """The inner frame after an outer service octet, or None where it is dropped."""
    copy = bytearray(octets)
    cdef uint8_t[::1] view = copy
    return bytes(copy) if vxlan_ecn(&view[0], <uint32_t>view.shape[0], <uint8_t>outer) else None


def stripped(const uint8_t[::1] octets not None) -> bytes | None:
    """The frame without its VLAN tags, or None."""
    cdef Frame frame
    memory = bytearray(HEADROOM + len(octets))
    frame_of(&frame, memory, octets)
    return frame.data[:frame.length] if vxlan_strip(&frame) else None


def taken_apart(const uint8_t[::1] octets not None, uint32_t own, *, int gso_type, int gso_size, int csum_start=0, int csum_offset=0,
                bint unfinished=False, uint32_t first=0, uint32_t slots=SEGMENTS_MAX) -> tuple[list[tuple[bytes, bytes]], dict[str, int]]:
    """The pieces of a super-frame, each as its first part and the rest, and what was counted.

    `own`: octets of each that shall lie in its first part. `unfinished`: its checksum is still to be completed. `first` > 0: the
    super-frame has so many octets in its first part. `slots`: how many pieces there is room for.
    """
    cdef Core core
    cdef Head head
    cdef Sample sample = Sample(octets, first)
    cdef Frame* frame = &sample.frame
    cdef Frame* piece
    cdef Pieces pieces
    cdef uint64_t[REASONS_MAX] port
    cdef uint64_t* ports = port
    cdef list found = []
    cdef dict counted
    memset(&core, 0, sizeof(Core))
    memset(&head, 0, sizeof(Head))
    memset(port, 0, sizeof(port))
    head.core = &core
    core.port_drops = &ports
    frame.flags = NEEDS_CSUM if unfinished else 0
    frame.gso_type, frame.gso_size = <uint8_t>gso_type, <uint16_t>gso_size
    frame.csum_start, frame.csum_offset = <uint16_t>csum_start, <uint16_t>csum_offset
    arena_init(&core.arena, 1, 1, slots)
    try:
        if pieces_begin(&pieces, &head, frame, own):
            piece = pieces_next(&pieces)
            while piece != NULL:
                found.append((piece.data[:piece.head], piece.tail[:piece.length - piece.head] if piece.tail != NULL else b""))
                piece = pieces_next(&pieces)
        counted = {reason_name(<int>n): head.counters.drops[n] for n in range(REASONS_MAX) if head.counters.drops[n]}
        counted["cloned"] = head.counters.cloned
        return found, counted
    finally:
        arena_free(&core.arena)
