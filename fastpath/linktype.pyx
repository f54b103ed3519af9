"""Making up Ethernet headers."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t
from libc.string cimport memcpy, memset

from fastpath.wire cimport load16, store16

cdef enum:
    IPV4 = 0x0800
    ARP = 0x0806
    IPV6 = 0x86DD
    BROADCAST = 1             # packet type of a cooked capture

# Names for the error that a file of another kind gives.
NAMES = {
    6: "Token Ring", 7: "ARCNET", 8: "SLIP", 9: "PPP", 10: "FDDI", 50: "PPP in HDLC", 51: "PPPoE", 104: "Cisco HDLC",
    105: "IEEE 802.11", 107: "Frame Relay", 117: "OpenBSD pflog", 119: "Prism 802.11", 127: "IEEE 802.11 with radiotap",
    143: "DOCSIS", 163: "AVS 802.11", 187: "Bluetooth HCI", 189: "USB on Linux", 192: "PPI", 195: "IEEE 802.15.4",
    201: "Bluetooth HCI", 220: "USB on Linux", 227: "SocketCAN", 239: "NFLOG", 249: "USBPcap", 251: "Bluetooth LE",
    253: "netlink", 272: "nRF sniffer",
}


def link_name(link: int) -> str:
    """A link type as people know it."""
    return f"{NAMES[link]} (link type {link})" if link in NAMES else f"link type {link}"


cdef bint link_known(uint32_t link) noexcept nogil:
    return link in (LINK_NULL, LINK_ETHERNET, LINK_RAW_OLD, LINK_RAW_OLD_BSD, LINK_RAW, LINK_LOOP, LINK_SLL, LINK_IPV4, LINK_IPV6,
                    LINK_SLL2)


cdef void made_of(uint8_t* mac, const uint8_t* last) noexcept nogil:
    mac[0] = 0x02
    mac[1] = 0x42
    memcpy(mac + 2, last, 4)


cdef void addresses_of_ipv4(uint8_t* header, const uint8_t* ip) noexcept nogil:
    made_of(header + 6, ip + 12)
    made_of(header, ip + 16)
    if load16(ip + 16) == 0xFFFF and load16(ip + 18) == 0xFFFF:
        memset(header, 0xFF, 6)
    elif ip[16] >> 4 == 14:
        header[0], header[1], header[2], header[3] = 0x01, 0x00, 0x5E, ip[17] & 0x7F


cdef void addresses_of_ipv6(uint8_t* header, const uint8_t* ip) noexcept nogil:
    made_of(header + 6, ip + 20)
    made_of(header, ip + 36)
    if ip[24] == 0xFF:
        header[0] = header[1] = 0x33


cdef void addresses(uint8_t* header, uint16_t kind, const uint8_t* payload, uint32_t n) noexcept nogil:
    """Addresses as far as the payload tells: IP, ARP, or either behind a VLAN tag; else broadcast from a station of no address."""
    memset(header, 0xFF, 6)
    memset(header + 6, 0, 6)
    header[6], header[7] = 0x02, 0x42
    if (kind == 0x8100 or kind == 0x88A8) and n >= 4:
        kind = load16(payload + 2)
        payload += 4
        n -= 4
    if kind == IPV4 and n >= 20:
        addresses_of_ipv4(header, payload)
    elif kind == IPV6 and n >= 40:
        addresses_of_ipv6(header, payload)
    elif kind == ARP and n >= 28 and load16(payload + 4) == 0x0604:
        memcpy(header + 6, payload + 8, 6)
        # An answer goes to who asked (RFC 826).
        if load16(payload + 6) == 2:
            memcpy(header, payload + 18, 6)


cdef uint32_t cooked(const Packet* packet, uint8_t* header) noexcept nogil:
    """Linux cooked, v1 and v2; offsets of the fields:

                 protocol   packet type   address length   address   header in all
        SLL      14         1 (of 0…1)    5 (of 4…5)       6         16
        SLL2     0          10            11               12        20
    """
    cdef const uint8_t* octets = packet.octets
    cdef bint second = packet.link == LINK_SLL2
    cdef uint32_t n = 20 if second else 16
    cdef const uint8_t* address = octets + (12 if second else 6)
    cdef uint16_t kind = load16(octets + (0 if second else 14))
    addresses(header, kind, octets + n, packet.length - n)
    if octets[10 if second else 1] == BROADCAST:
        memset(header, 0xFF, 6)
    if octets[11 if second else 5] == 6 and not address[0] & 1 and (load16(address) or load16(address + 2) or load16(address + 4)):
        memcpy(header + 6, address, 6)
    # Below 1536 the field is no EtherType: IEEE 802.3 has the length there, and 802.2 follows.
    store16(header + 12, kind if kind >= 1536 else <uint16_t>min(packet.length - n, <uint32_t>1535))
    return n


cdef int link_header(const Packet* packet, uint8_t* header) noexcept nogil:
    cdef uint32_t n = 0
    cdef uint16_t kind = IPV4
    if packet.link == LINK_SLL or packet.link == LINK_SLL2:
        if packet.length < (20 if packet.link == LINK_SLL2 else 16):
            return -1
        return <int>cooked(packet, header)
    if packet.link == LINK_NULL or packet.link == LINK_LOOP:
        # The address family's number differs from system to system and in byte order: the IP version says the same.
        n = 4
        if packet.length < n:
            return -1
    if packet.link == LINK_IPV6 or (packet.length > n and packet.octets[n] >> 4 == 6):
        kind = IPV6
    addresses(header, kind, packet.octets + n, packet.length - n)
    store16(header + 12, kind)
    return <int>n
