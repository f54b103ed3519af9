"""Outer headers as they must have been: RFC 791, RFC 8200, RFC 768; MAC addresses of groups: RFC 1112, 6.4, RFC 2464, 7."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset

from fastpath.facts cimport checksum_at, offload_guess, offload_tunnel
from fastpath.frame cimport CSUM_VALID, ETHERNET_HEADER, GSO_NONE, GSO_UDP_L4, NEEDS_CSUM, Frame
from fastpath.layout cimport PROTOCOL_TCP, PROTOCOL_UDP
from fastpath.udpcontrol cimport NAME, Told, control_read, msghdr
from fastpath.wire cimport fold, store16, store32, sum_octets

cdef extern from "<sys/socket.h>" nogil:
    enum:
        MSG_TRUNC
        MSG_CTRUNC

cdef enum:
    VXLAN_HEADER = 8


cdef void put_macs(uint8_t* octets, uint32_t family, const uint8_t* target, const uint8_t* sender, uint64_t mac) noexcept nogil:
    """From a made-up address that goes with the sender's to ours or the group's."""
    octets[6], octets[7] = 2, 0xFE
    memcpy(octets + 8, sender, 4)
    if family == 0 and target[0] & 0xF0 == 0xE0:
        octets[0], octets[1], octets[2], octets[3] = 1, 0, 0x5E, target[1] & 0x7F
        memcpy(octets + 4, target + 2, 2)
    elif family == 1 and target[0] == 0xFF:
        octets[0] = octets[1] = 0x33
        memcpy(octets + 2, target + 12, 4)
    else:
        store16(octets, <uint16_t>(mac >> 32))
        store32(octets + 2, <uint32_t>mac)


cdef bint one_packet(uint8_t* octets, uint32_t length) noexcept nogil:
    """All of it is one VXLAN packet, whose inner one is as long as it says and has an unfinished checksum: a super-frame."""
    cdef Frame inner
    if length <= VXLAN_HEADER + ETHERNET_HEADER:
        return False
    memset(&inner, 0, sizeof(Frame))
    inner.data = octets + VXLAN_HEADER
    inner.head = inner.length = length - VXLAN_HEADER
    offload_guess(&inner, 0, True, False)
    return inner.flags & NEEDS_CSUM != 0


cdef void arrived_read(Arrived* arrived, uint32_t octets, uint32_t family, const msghdr* message, uint64_t mac,
                       uint16_t port) noexcept nogil:
    cdef uint8_t* to = arrived.headers
    cdef const uint8_t* name = <const uint8_t*>message.msg_name
    cdef Told told
    control_read(&told, message)
    arrived.octets = octets
    arrived.done = 0
    arrived.header = arrived.segment = 0
    arrived.size = told.size if 0 < told.size < octets else octets
    if arrived.size < octets and one_packet(<uint8_t*>message.msg_iov.iov_base, octets):
        arrived.segment = arrived.size
        arrived.size = octets
    if told.target == NULL or message.msg_namelen < (16 if family == 0 else NAME) or message.msg_flags & (MSG_TRUNC | MSG_CTRUNC):
        arrived.size = octets
        return
    # Addresses and ports lie in socket addresses as in packets.
    if family == 0:
        put_macs(to, family, told.target, name + 4, mac)
        store16(to + 12, 0x0800)
        to[14], to[15] = 0x45, told.service
        store32(to + 16, 0)
        store16(to + 20, 0x4000)
        to[22], to[23] = told.ttl, PROTOCOL_UDP
        store16(to + 24, 0)
        memcpy(to + 26, name + 4, 4)
        memcpy(to + 30, told.target, 4)
        arrived.header = 42
    else:
        put_macs(to, family, told.target, name + 20, mac)
        store16(to + 12, 0x86DD)
        store32(to + 14, 6u << 28 | <uint32_t>told.service << 20)
        to[20], to[21] = PROTOCOL_UDP, told.ttl
        memcpy(to + 22, name + 8, 16)
        memcpy(to + 38, told.target, 16)
        arrived.header = 62
    to += arrived.header - 8
    memcpy(to, name + 2, 2)
    store16(to + 2, port)
    # "None": the kernel has verified what there was.
    store16(to + 6, 0)


cdef void arrived_next(Arrived* arrived, Frame* frame, const uint8_t* place, uint32_t mtu) noexcept nogil:
    cdef uint32_t octets = min(arrived.size, arrived.octets - arrived.done)
    cdef uint32_t own = octets if octets <= UDP_WHOLE else <uint32_t>UDP_HEAD
    cdef uint8_t* data = frame.data
    cdef uint16_t checksum
    place += arrived.done
    arrived.done += octets
    frame.head = arrived.header + own
    frame.length = arrived.header + octets
    memcpy(data, arrived.headers, OUTER_MAX)
    memcpy(data + arrived.header, place, own)
    if own < octets:
        frame.tail = place + own
    frame.flags = CSUM_VALID
    if arrived.header == 42:
        store16(data + 16, <uint16_t>(octets + 28))
        store16(data + 38, <uint16_t>(octets + 8))
        checksum = <uint16_t>~fold(sum_octets(data + 14, 20, 0))
        memcpy(data + 24, &checksum, 2)
    elif arrived.header:
        store16(data + 18, <uint16_t>(octets + 8))
        store16(data + 58, <uint16_t>(octets + 8))
    if arrived.size == arrived.octets and octets > VXLAN_HEADER + ETHERNET_HEADER:
        guess(frame, arrived.header + VXLAN_HEADER, mtu, arrived.segment)


cdef void guess(Frame* frame, uint32_t pushed, uint32_t mtu, uint32_t segment) noexcept nogil:
    """The inner packet's checksum may be unfinished, and if it is, the packet may be several segments in one."""
    cdef Frame inner = frame[0]
    inner.data += pushed
    inner.head -= pushed
    inner.length -= pushed
    inner.flags = 0
    offload_guess(&inner, 0, True, False)
    if not inner.flags & NEEDS_CSUM:
        return
    frame.flags |= NEEDS_CSUM
    frame.csum_start = <uint16_t>(inner.csum_start + pushed)
    frame.csum_offset = inner.csum_offset
    if segment and inner.csum_offset == checksum_at(PROTOCOL_UDP):
        inner.gso_type, inner.gso_size = GSO_UDP_L4, <uint16_t>segment
    elif frame.length > mtu + ETHERNET_HEADER and inner.csum_offset == checksum_at(PROTOCOL_TCP):
        # TCP may be cut anywhere (RFC 9293, 3.7.1); UDP may not, and if nothing is told, it stays as it is.
        offload_guess(&inner, mtu - pushed if mtu > pushed else 0, False, True)
    if inner.gso_type:
        frame.gso_type, frame.gso_size = inner.gso_type, inner.gso_size
        if not offload_tunnel(frame):
            frame.gso_type = GSO_NONE
