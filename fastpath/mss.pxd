"""MSS clamping: a TCP that opens through us is told segments that fit the narrowest link we know of (RFC 9293, 3.7.1; RFC 6691)."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t

from fastpath.ip cimport Packet

cdef inline uint32_t mss_of(uint8_t version, uint32_t mtu) noexcept nogil:
    """The largest segment for an MTU: without the fixed headers, whatever options there will be (RFC 6691, 2)."""
    return mtu - (40 if version == 4 else 60)

# A whole SYN or SYN-ACK that announces more is made to announce `mss`; its checksum follows. True: it was changed. One that announces
# nothing is left alone: its peer sends at most 536 or 1220 octets (RFC 9293, 3.7.1).
cdef bint mss_clamp(Packet* packet, uint32_t mss) noexcept nogil
