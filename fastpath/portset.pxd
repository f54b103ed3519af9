"""Which ports of an outside address are taken, by protocol: bit maps with summaries, so that a free one is found in a few steps.

Even and odd ports lie apart, and each half's words have a bit in a summary when they are full: a search for a free port of one
parity in a range looks at most at eight words of summary and two of the map, however full it is. 8.2 KiB a protocol.
"""

from libc.stdint cimport uint16_t, uint32_t, uint64_t

cdef enum:
    SETS = 4                      # TCP, UDP, SCTP, ICMP identifiers
    WORDS = 512                   # of 64 bits: the even or the odd ports
    NO_PORT = 0x10000

cdef struct PortSet:
    uint64_t[2][WORDS] taken      # by parity; port >> 1 is the bit
    uint64_t[2][8] full           # a bit a word

cdef bint port_taken(const PortSet* ports, uint32_t port) noexcept nogil
cdef void port_take(PortSet* ports, uint32_t port) noexcept nogil
cdef void port_give(PortSet* ports, uint32_t port) noexcept nogil
# A free port of this parity from `first` to `last`, beginning at one near `start` and going around; NO_PORT: there is none.
# `first` is a multiple of 128, `last` one less than one. Port numbers in host order.
cdef uint32_t port_free(const PortSet* ports, uint32_t parity, uint32_t first, uint32_t last, uint32_t start) noexcept nogil
