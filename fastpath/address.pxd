"""Addresses: prefixes, what kind of address one is, and their text.

A prefix length counts from the front of 16 octets: 10.0.0.0/8 is ::ffff:10.0.0.0/104. Kinds (RFC 6890 names the registries):

    UNSPECIFIED   0.0.0.0/8, ::             "this host": a source before it has an address, never a target
    LOOPBACK      127/8, ::1                never on a wire (RFC 1122, 3.2.1.3; RFC 4291, 2.5.3)
    LINK_LOCAL    169.254/16, fe80::/10     never forwarded (RFC 3927, 7; RFC 4291, 2.5.6)
    MULTICAST     224/4, ff00::/8           never a source
    RESERVED      240/4, 255.255.255.255    neither (RFC 1812, 5.3.7; Linux forwards 240/4); in IPv6 ::/96 but :: and ::1
    ORDINARY      any other
"""

from libc.stdint cimport uint8_t, uint32_t, uint64_t

from fastpath.ip cimport Address, is_mapped

cdef enum Kind:
    ORDINARY = 0
    UNSPECIFIED = 1
    LOOPBACK = 2
    LINK_LOCAL = 3
    MULTICAST = 4
    RESERVED = 5

cdef enum:
    IPV4_BITS = 96                # where an IPv4 prefix begins
    SEEN = 128                    # in first_octets: look at the second octet too

cdef Address[129] MASKS           # by prefix length, as they lie in memory
cdef uint8_t[256] first_octets    # Kind of an IPv4 address by its first octet, or SEEN

cdef inline Address masked(const Address* address, uint32_t length) noexcept nogil:
    return Address(address.high & MASKS[length].high, address.low & MASKS[length].low)

cdef inline bint within(const Address* address, const Address* prefix, uint32_t length) noexcept nogil:
    """The address begins with the first `length` bits of the prefix."""
    return (((address.high ^ prefix.high) & MASKS[length].high) | ((address.low ^ prefix.low) & MASKS[length].low)) == 0

cdef inline Kind kind_of(const Address* address) noexcept nogil:
    cdef uint8_t first
    if is_mapped(address):
        first = first_octets[<uint8_t>(address.low >> 32)]
        if first == SEEN:
            return LINK_LOCAL if <uint8_t>(address.low >> 40) == 254 else ORDINARY
        return <Kind>first
    return kind_of_ipv6(address)

cdef Kind kind_of_ipv6(const Address* address) noexcept nogil
# The group that a station joins for its address (RFC 4291, 2.7.1): ff02::1:ff00:0/104 and the last 24 bits.
cdef Address solicited_node(const Address* address) noexcept nogil
# fe80::/64 and the interface identifier of a MAC address (RFC 4291, appendix A).
cdef Address link_local(uint64_t mac) noexcept nogil

# Python's words. Errors: ValueError, with what is wrong.
cdef int address_read(object text, Address* address) except -1
# "10.0.0.1/16": the address as it stands, and the length counted from the front of 16 octets.
cdef int prefix_read(object text, Address* address, uint32_t* length) except -1
cdef str address_text(const Address* address)
