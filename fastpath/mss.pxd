"""MSS clamping: a TCP that opens through us is told segments that fit the narrowest link we know of (RFC 9293, 3.7.1; RFC 6691)."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t

from fastpath.ip cimport Packet
from fastpath.layout cimport PROTOCOL_TCP, PROTOCOL_UDP
from fastpath.wire cimport load16

cdef enum:
    SYN = 2                       # of TCP's flags

cdef inline uint32_t mss_of(uint8_t version, uint32_t mtu) noexcept nogil:
    """The largest segment for an MTU: without the fixed headers, whatever options there will be (RFC 6691, 2)."""
    return mtu - (40 if version == 4 else 60)

cdef inline bint mss_may_say(const uint8_t* octets, uint32_t n) noexcept nogil:
    """The untagged frame, of which n octets are here, may be a SYN: most that are none are known by a glance."""
    cdef uint16_t kind = load16(octets + 12)
    if kind == 0x0800:
        return n < 48 or octets[14] != 0x45 or (octets[23] == PROTOCOL_TCP and octets[47] & SYN != 0)
    if kind == 0x86DD:
        return n < 68 or (octets[67] & SYN != 0 if octets[20] == PROTOCOL_TCP else octets[20] != PROTOCOL_UDP)
    return False

# A whole SYN or SYN-ACK that announces more is made to announce `mss`; its checksum follows. True: it was changed. One that announces
# nothing is left alone: its peer sends at most 536 or 1220 octets (RFC 9293, 3.7.1).
cdef bint mss_clamp(Packet* packet, uint32_t mss) noexcept nogil
