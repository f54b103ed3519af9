"""pcapng blocks (draft-ietf-opsawg-pcapng, 4): sections, interfaces, and packets in three forms; all others are passed over.

     0                   4                   8
    +-------------------+-------------------+------ ... ------+-------------------+
    | type              | total length      | body            | total length      |
    +-------------------+-------------------+------ ... ------+-------------------+
"""

from fastpath.source cimport Outcome, Packet, Source

cdef enum:
    SECTION = 0x0A0D0D0A          # the same in both byte orders

cdef Outcome pcapng_next(Source* source, Packet* packet) noexcept nogil
