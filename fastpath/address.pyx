"""Kinds of addresses and their text; tables made once, when the module is loaded."""

import ipaddress

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset

from fastpath.ip cimport mapped, unmapped


cdef int make_tables() except -1:
    cdef uint32_t length, bit
    cdef uint8_t* octets
    for length in range(129):
        octets = <uint8_t*>&MASKS[length]
        memset(octets, 0, 16)
        for bit in range(length):
            octets[bit >> 3] |= 0x80 >> (bit & 7)
    memset(first_octets, ORDINARY, 256)
    first_octets[0] = UNSPECIFIED
    first_octets[127] = LOOPBACK
    first_octets[169] = SEEN
    memset(first_octets + 224, MULTICAST, 16)
    memset(first_octets + 240, RESERVED, 16)
    return 0


make_tables()


cdef Kind kind_of_ipv6(const Address* address) noexcept nogil:
    cdef const uint8_t* octets = <const uint8_t*>address
    if octets[0] == 0xFF:
        return MULTICAST
    if octets[0] == 0xFE and octets[1] & 0xC0 == 0x80:
        return LINK_LOCAL
    if address.high == 0 and <uint32_t>address.low == 0:
        if address.low == 0:
            return UNSPECIFIED
        # IPv4-compatible addresses are no more (RFC 4291, 2.5.5.1).
        return LOOPBACK if octets[15] == 1 and octets[12] == 0 and octets[13] == 0 and octets[14] == 0 else RESERVED
    return ORDINARY


cdef Address solicited_node(const Address* address) noexcept nogil:
    cdef Address group
    cdef uint8_t* octets = <uint8_t*>&group
    memcpy(octets, b"\xff\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\xff", 13)
    memcpy(octets + 13, <const uint8_t*>address + 13, 3)
    return group


cdef Address link_local(uint64_t mac) noexcept nogil:
    cdef Address address = Address(0, 0)
    cdef uint8_t* octets = <uint8_t*>&address
    octets[0] = 0xFE
    octets[1] = 0x80
    octets[8] = <uint8_t>(mac >> 40) ^ 2
    octets[9] = <uint8_t>(mac >> 32)
    octets[10] = <uint8_t>(mac >> 24)
    octets[11] = 0xFF
    octets[12] = 0xFE
    octets[13] = <uint8_t>(mac >> 16)
    octets[14] = <uint8_t>(mac >> 8)
    octets[15] = <uint8_t>mac
    return address


cdef int put_packed(bytes packed, Address* address) except -1:
    cdef uint32_t word
    if len(packed) == 4:
        memcpy(&word, <const char*>packed, 4)
        address[0] = mapped(word)
    else:
        memcpy(address, <const char*>packed, 16)
        if is_mapped(address):
            raise ValueError(f"{ipaddress.ip_address(packed)}: write IPv4 addresses as such")
    return 0


cdef int address_read(object text, Address* address) except -1:
    return put_packed(ipaddress.ip_address(text).packed, address)


cdef int prefix_read(object text, Address* address, uint32_t* length) except -1:
    interface = ipaddress.ip_interface(text)
    put_packed(interface.packed, address)
    length[0] = interface.network.prefixlen + (IPV4_BITS if interface.version == 4 else 0)
    return 0


cdef str address_text(const Address* address):
    cdef uint32_t word
    if is_mapped(address):
        word = unmapped(address)
        return str(ipaddress.IPv4Address((<char*>&word)[:4]))
    return str(ipaddress.IPv6Address((<char*>address)[:16]))


def kind(text: str) -> str:
    """The kind of the address, by name (used for testing)."""
    cdef Address address
    address_read(text, &address)
    return ("ordinary", "unspecified", "loopback", "link-local", "multicast", "reserved")[<int>kind_of(&address)]


def prefix(text: str) -> tuple[str, int, str]:
    """Read, mask and write a prefix: address, length of 128, masked address (used for testing)."""
    cdef Address address, network
    cdef uint32_t length = 0
    prefix_read(text, &address, &length)
    network = masked(&address, length)
    assert within(&address, &network, length)
    return address_text(&address), length, address_text(&network)


def derived(text: str, uint64_t mac) -> tuple[str, str]:
    """The address's solicited-node group and the MAC's link-local address (used for testing)."""
    cdef Address address, group, local
    address_read(text, &address)
    group = solicited_node(&address)
    local = link_local(mac)
    return address_text(&group), address_text(&local)
