"""ICMP and ICMPv6 errors: they belong to the flow of the packet that they quote (RFC 5508, 4; RFC 792; RFC 4443, 2.4).

Whoever sends an error in one direction of a flow quotes a packet that went the other way, as it was when it left us. So the
reverse of the quoted tuple is a tuple of the error's own direction, and the translation of that direction, with source and
target exchanged, turns the quote back into what its sender sent. Outer header and all that the quote holds are translated:
addresses, IP checksum, ports or identifier, transport checksum as far as it is quoted. Nothing else changes: type, code, MTU or
pointer, and what lies behind (RFC 4884) stay octet for octet.

Judged first (RFC 5508, REQ-3): the ICMP checksum and the quoted IPv4 header's must be right, and the quote long enough to find the
flow: TRANSPORT_CHECKSUM, ICMP_UNMATCHED, TRANSPORT_HEADER are the reasons to drop otherwise. An error neither refreshes a flow nor ends it
(RFC 4787, REQ-12; RFC 7857, 7).
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t

from fastpath.ip cimport Packet
from fastpath.translate cimport Rewrite

cdef enum:
    QUOTED = -1                   # quote_read: it is all right

cdef struct Quote:
    Packet packet                 # the quoted packet's tuple, and where its headers lie in the frame
    uint32_t room                 # octets of it from its transport header on that the frame has in its first part

# QUOTED, or the Reason to drop the error for.
cdef int quote_read(Quote* quote, const Packet* error) noexcept nogil
# The error, of a flow's direction that becomes `rewrite`, which changes the source or not. False: it cannot be translated.
cdef bint quote_translate(const Packet* error, const Rewrite* rewrite, bint changes_source) noexcept nogil
