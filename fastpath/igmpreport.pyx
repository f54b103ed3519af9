"""The octets of what a member of groups says."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset

from fastpath.ethernet cimport group_mac, store48
from fastpath.ip cimport PROTOCOL_ICMPV6, Address, is_mapped, mapped, unmapped
from fastpath.wire cimport fold, store16, sum_octets, wire_swap16, wire_swap32

cdef enum:                        # types (RFC 1112, appendix I; RFC 2236, 2; RFC 3376, 4; RFC 2710, 3; RFC 3810, 5)
    IGMP_REPORT_V1 = 0x12
    IGMP_REPORT_V2 = 0x16
    IGMP_LEAVE = 0x17
    IGMP_REPORT = 0x22
    MLD_REPORT_V1 = 131
    MLD_DONE = 132
    MLD_REPORT = 143


cdef uint64_t mld_sum(const uint8_t* addresses, uint32_t length) noexcept nogil:
    return sum_octets(addresses, 32, <uint64_t>wire_swap16(PROTOCOL_ICMPV6) + wire_swap16(<uint16_t>length))


cdef void write_address(uint8_t* octets, const Address* address) noexcept nogil:
    cdef uint32_t word = unmapped(address)
    if is_mapped(address):
        memcpy(octets, &word, 4)
    else:
        memcpy(octets, address, 16)


cdef uint32_t report_record(uint8_t* octets, uint8_t kind, const Address* group, const Address* sources, uint32_t n_sources) noexcept nogil:
    cdef uint32_t size = 4 if is_mapped(group) else 16
    cdef uint32_t i
    octets[0] = kind
    octets[1] = 0
    store16(octets + 2, <uint16_t>n_sources)
    write_address(octets + 4, group)
    for i in range(n_sources):
        write_address(octets + 4 + size * (i + 1), &sources[i])
    return 4 + size * (n_sources + 1)


cdef uint32_t report_finish(const Member* member, bint ipv6, uint8_t* octets, uint32_t records, uint32_t n) noexcept nogil:
    cdef uint8_t* message = octets + (IPV6_BEFORE if ipv6 else IPV4_BEFORE)
    cdef Address routers = Address(0x02FF, <uint64_t>0x16 << 56) if ipv6 else mapped(wire_swap32(0xE0000016))
    memset(message, 0, REPORT_HEADER)
    message[0] = MLD_REPORT if ipv6 else IGMP_REPORT
    store16(message + 6, <uint16_t>records)
    return finish(member, octets, &routers, REPORT_HEADER + n)


cdef uint32_t report_elder(const Member* member, const Address* group, bint wanted, uint32_t version, uint8_t* octets) noexcept nogil:
    """Reports go to the group, leaves to all routers."""
    cdef bint ipv6 = not is_mapped(group)
    cdef uint8_t* message = octets + (IPV6_BEFORE if ipv6 else IPV4_BEFORE)
    cdef Address target = group[0]
    if not wanted:
        if not ipv6 and version == 1:
            return 0
        target = Address(0x02FF, <uint64_t>2 << 56) if ipv6 else mapped(wire_swap32(0xE0000002))
    memset(message, 0, 8)
    if ipv6:
        message[0] = MLD_REPORT_V1 if wanted else MLD_DONE
    else:
        message[0] = (IGMP_REPORT_V1 if version == 1 else IGMP_REPORT_V2) if wanted else IGMP_LEAVE
    write_address(message + (8 if ipv6 else 4), group)
    return finish(member, octets, &target, 24 if ipv6 else 8)


cdef uint32_t finish(const Member* member, uint8_t* octets, const Address* target, uint32_t n) noexcept nogil:
    """Everything in front of the message, and its checksum; the length of the frame."""
    cdef uint16_t checksum
    store48(octets + 6, member.mac)
    if is_mapped(target):
        # RFC 1112, 6.4.
        store48(octets, <uint64_t>0x01005E000000 | wire_swap32(unmapped(target)) & 0x7FFFFF)
        # Precedence of network control, dont fragment, TTL 1 (RFC 3376, 4).
        memcpy(octets + 12, b"\x08\x00\x46\xc0\x00\x00\x00\x00\x40\x00\x01\x02\x00\x00", 14)
        store16(octets + 16, <uint16_t>(n + 24))
        write_address(octets + 26, &member.ours)
        write_address(octets + 30, target)
        memcpy(octets + 34, b"\x94\x04\x00\x00", 4)
        checksum = <uint16_t>~fold(sum_octets(octets + 14, 24, 0))
        memcpy(octets + 24, &checksum, 2)
        checksum = <uint16_t>~fold(sum_octets(octets + IPV4_BEFORE, n, 0))
        memcpy(octets + IPV4_BEFORE + 2, &checksum, 2)
        return IPV4_BEFORE + n
    store48(octets, group_mac(target))
    memcpy(octets + 12, b"\x86\xdd\x60\x00\x00\x00\x00\x00\x00\x01", 10)
    store16(octets + 18, <uint16_t>(n + 8))
    memcpy(octets + 22, &member.link_local, 16)
    memcpy(octets + 38, target, 16)
    memcpy(octets + 54, b"\x3a\x00\x05\x02\x00\x00\x01\x00", 8)
    checksum = <uint16_t>~fold(sum_octets(octets + IPV6_BEFORE, n, mld_sum(octets + 22, n)))
    memcpy(octets + IPV6_BEFORE + 2, &checksum, 2)
    return IPV6_BEFORE + n
