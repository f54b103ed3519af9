"""Outer headers as they must have been: RFC 791, RFC 8200, RFC 768; MAC addresses of groups: RFC 1112, 6.4, RFC 2464, 7."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy

from fastpath.facts cimport offload_guess
from fastpath.frame cimport CSUM_VALID, ETHERNET_HEADER, NEEDS_CSUM, Frame
from fastpath.layout cimport PROTOCOL_UDP
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


cdef void arrived_read(Arrived* arrived, uint32_t octets, uint32_t family, const msghdr* message, uint64_t mac,
                       uint16_t port) noexcept nogil:
    cdef uint8_t* to = arrived.headers
    cdef const uint8_t* name = <const uint8_t*>message.msg_name
    cdef Told told
    control_read(&told, message)
    arrived.octets = octets
    arrived.done = 0
    arrived.header = 0
    arrived.size = told.size if 0 < told.size < octets else octets
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


cdef void arrived_next(Arrived* arrived, Frame* frame, const uint8_t* place) noexcept nogil:
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
        guess(frame, arrived.header + VXLAN_HEADER)


cdef void guess(Frame* frame, uint32_t pushed) noexcept nogil:
    """The inner packet's checksum may be unfinished."""
    cdef Frame inner = frame[0]
    inner.data += pushed
    inner.head -= pushed
    inner.length -= pushed
    inner.flags = 0
    offload_guess(&inner, 0, True, False)
    if inner.flags & NEEDS_CSUM:
        frame.flags |= NEEDS_CSUM
        frame.csum_start = <uint16_t>(inner.csum_start + pushed)
        frame.csum_offset = inner.csum_offset
