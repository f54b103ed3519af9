"""Capture files as a stream of records: what the readers of all formats share.

Theory of operation. A Source is a buffer of fixed size that its owner fills from a file; `records_next` walks through it
without the GIL and says what it needs:

    PACKET   the next record; its octets stay in the buffer until the Source is filled again
    MORE     fill the buffer: `need` octets must be in one piece
    END      the file ended where a record might begin
    BROKEN   it ended, or went wrong, elsewhere: `fault` says how; `records` and `offset`, where

What a header says is never believed beyond RECORD_MAX octets, so memory is bounded whatever it says.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy

from fastpath.wire cimport wire_swap16, wire_swap32

cdef enum:
    BUFFER = 1 << 19
    RECORD_MAX = 262144           # libpcap's own limit
    BLOCK_MAX = RECORD_MAX + 65536
    INTERFACES_MAX = 65536

cdef enum Outcome:
    PACKET
    MORE
    END
    BROKEN
    AGAIN                         # nothing for the caller yet: from a format to records_next only

cdef struct Packet:
    int64_t time                  # ns since 1970
    const uint8_t* octets
    uint32_t length               # octets kept
    uint32_t original             # octets that the frame had; more than `length`: cut by the snap length
    uint32_t link                 # LINKTYPE_…
    uint64_t number               # of the record, 1…

cdef struct Interface:            # of a pcapng section
    uint32_t link
    uint32_t snaplen              # 0: no limit
    uint8_t resolution            # if_tsresol: 10^-n s, or with the highest bit 2^-n s
    int64_t offset                # if_tsoffset, s

cdef struct Source:
    uint8_t* buffer
    uint32_t start                # of what is not yet read
    uint32_t end
    uint32_t need
    uint64_t skip                 # octets to pass over before the next block
    uint64_t offset               # in the file, of `start`
    uint64_t records
    bint ended                    # the file has no more than is in the buffer
    const char* fault
    uint32_t foreign              # the link type that cannot become Ethernet, if that is the fault
    bint pcapng
    bint swapped                  # the file's byte order is not ours
    Interface* interfaces         # pcap has one
    uint32_t n_interfaces
    uint32_t scale                # pcap: ns per unit of the fraction
    int64_t time                  # of the latest record, for those that have none

cdef Outcome broken(Source* source, const char* fault) noexcept nogil
cdef Outcome foreign(Source* source, uint32_t link) noexcept nogil
cdef bint add_interface(Source* source, uint32_t link, uint32_t snaplen) noexcept nogil

cdef inline Outcome lacking(Source* source, uint32_t need) noexcept nogil:
    """`need` octets are not at hand."""
    source.need = need
    if not source.ended:
        return MORE
    if source.start == source.end:
        return END
    return broken(source, "the file is cut short")

cdef inline void advance(Source* source, uint32_t octets) noexcept nogil:
    source.start += octets
    source.offset += octets

cdef inline uint16_t get16(const Source* source, const uint8_t* p) noexcept nogil:
    cdef uint16_t x
    memcpy(&x, p, 2)
    return wire_swap16(x) if source.swapped else x

cdef inline uint32_t get32(const Source* source, const uint8_t* p) noexcept nogil:
    cdef uint32_t x
    memcpy(&x, p, 4)
    return wire_swap32(x) if source.swapped else x
