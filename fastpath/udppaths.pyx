"""ICMP errors written: RFC 792, RFC 1191, 4; RFC 4443, 3.2."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcmp, memcpy, memset

from fastpath.frame cimport ETHERNET_HEADER, Frame
from fastpath.ip cimport PROTOCOL_ICMP, PROTOCOL_ICMPV6
from fastpath.layout cimport PROTOCOL_UDP
from fastpath.wire cimport fold, store16, store32, sum_octets

cdef enum:
    ICMP_HEADER = 8
    UDP_HEADER = 8


cdef void paths_hear(Paths* paths, uint32_t family, const uint8_t* target, uint32_t mtu) noexcept nogil:
    cdef uint32_t size = 4 if family == 0 else 16
    cdef uint32_t i
    for i in range(paths.n):
        if paths.all[i].family == family and memcmp(paths.all[i].target, target, size) == 0:
            paths.all[i].mtu = mtu
            return
    if paths.n == PATHS:
        return
    paths.all[paths.n].family = family
    paths.all[paths.n].mtu = mtu
    memset(paths.all[paths.n].target, 0, 16)
    memcpy(paths.all[paths.n].target, target, size)
    paths.n += 1


cdef uint8_t* put_ipv4(uint8_t* to, uint32_t length, uint8_t protocol, const uint8_t* source, const uint8_t* target) noexcept nogil:
    cdef uint16_t checksum
    to[0] = 0x45
    store16(to + 2, <uint16_t>length)
    store16(to + 6, 0x4000)
    to[8], to[9] = 64, protocol
    memcpy(to + 12, source, 4)
    memcpy(to + 16, target, 4)
    checksum = <uint16_t>~fold(sum_octets(to, 20, 0))
    memcpy(to + 10, &checksum, 2)
    return to + 20


cdef uint8_t* put_ipv6(uint8_t* to, uint32_t length, uint8_t protocol, const uint8_t* source, const uint8_t* target) noexcept nogil:
    to[0] = 0x60
    store16(to + 4, <uint16_t>length)
    to[6], to[7] = protocol, 64
    memcpy(to + 8, source, 16)
    memcpy(to + 24, target, 16)
    return to + 40


cdef void paths_tell(Paths* paths, Frame* frame, const uint8_t* own, uint64_t mac, uint16_t port) noexcept nogil:
    cdef Narrow path = paths.all[paths.n - 1]
    cdef const uint8_t* target = path.target
    cdef uint32_t header = 20 if path.family == 0 else 40
    cdef uint32_t length = ICMP_HEADER + header + UDP_HEADER
    cdef uint8_t* data = frame.data
    cdef uint8_t* icmp
    cdef uint8_t* quoted
    cdef uint16_t checksum
    cdef uint64_t pseudo = 0
    paths.n -= 1
    memset(data, 0, ETHERNET_HEADER + header + length)
    store16(data, <uint16_t>(mac >> 32))
    store32(data + 2, <uint32_t>mac)
    data[6], data[7] = 2, 0xFE
    memcpy(data + 8, target, 4)
    if path.family == 0:
        store16(data + 12, 0x0800)
        icmp = put_ipv4(data + ETHERNET_HEADER, header + length, PROTOCOL_ICMP, target, own)
        icmp[0], icmp[1] = 3, 4
        store16(icmp + 6, <uint16_t>min(path.mtu, <uint32_t>0xFFFF))
        quoted = put_ipv4(icmp + ICMP_HEADER, path.mtu + 1, PROTOCOL_UDP, own, target)
    else:
        store16(data + 12, 0x86DD)
        icmp = put_ipv6(data + ETHERNET_HEADER, length, PROTOCOL_ICMPV6, target, own)
        icmp[0], icmp[1] = 2, 0
        store32(icmp + 4, path.mtu)
        quoted = put_ipv6(icmp + ICMP_HEADER, path.mtu + 1 - header, PROTOCOL_UDP, own, target)
        # The pseudo-header (RFC 8200, 8.1) are the addresses and two numbers.
        pseudo = sum_octets(icmp - 32, 32, 0) + ((<uint64_t>length + PROTOCOL_ICMPV6) << 8)
    store16(quoted, port)
    store16(quoted + 2, port)
    store16(quoted + 4, <uint16_t>(path.mtu + 1 - header))
    checksum = <uint16_t>~fold(sum_octets(icmp, length, pseudo))
    memcpy(icmp + 2, &checksum, 2)
    frame.head = frame.length = ETHERNET_HEADER + header + length
