"""Bits set, cleared and searched. See portset.pxd."""

from libc.stdint cimport uint32_t, uint64_t
from libc.string cimport memset

cdef uint64_t ALL = ~<uint64_t>0

cdef extern from *:
    """
    #define portset_lowest(x) ((uint32_t)__builtin_ctzll(x))
    """
    uint32_t portset_lowest(uint64_t x) noexcept nogil


cdef bint port_taken(const PortSet* ports, uint32_t port) noexcept nogil:
    return ports.taken[port & 1][port >> 7] >> (port >> 1 & 63) & 1


cdef void port_take(PortSet* ports, uint32_t port) noexcept nogil:
    cdef uint32_t word = port >> 7
    ports.taken[port & 1][word] |= <uint64_t>1 << (port >> 1 & 63)
    if ports.taken[port & 1][word] == ALL:
        ports.full[port & 1][word >> 6] |= <uint64_t>1 << (word & 63)


cdef void port_give(PortSet* ports, uint32_t port) noexcept nogil:
    cdef uint32_t word = port >> 7
    ports.taken[port & 1][word] &= ~(<uint64_t>1 << (port >> 1 & 63))
    ports.full[port & 1][word >> 6] &= ~(<uint64_t>1 << (word & 63))


cdef uint32_t not_full(const PortSet* ports, uint32_t parity, uint32_t first, uint32_t end) noexcept nogil:
    """The first word from `first` on, below `end`, that is not full; `end`: there is none."""
    cdef uint64_t mask
    while first < end:
        mask = ~ports.full[parity][first >> 6] & (ALL << (first & 63))
        if mask:
            first = (first & ~<uint32_t>63) + portset_lowest(mask)
            return min(first, end)
        first = (first | 63) + 1
    return end


cdef uint32_t port_free(const PortSet* ports, uint32_t parity, uint32_t first, uint32_t last, uint32_t start) noexcept nogil:
    cdef uint32_t lowest = first >> 7, end = (last >> 7) + 1
    cdef uint32_t word = start >> 7
    cdef uint32_t shift = start >> 1 & 63
    cdef uint64_t free = ~ports.taken[parity][word]
    if not free:
        word = not_full(ports, parity, word + 1, end)
        if word == end:
            word = not_full(ports, parity, lowest, start >> 7)
            if word == start >> 7:
                return NO_PORT
        free = ~ports.taken[parity][word]
    # Any bit of the word will do; from a chance place on, so that ports cannot be foretold from those before.
    if free >> shift:
        return word << 7 | (portset_lowest(free >> shift) + shift) << 1 | parity
    return word << 7 | portset_lowest(free) << 1 | parity


cdef class TestPorts:
    """The C set with a Python face (used for testing)."""
    cdef PortSet ports

    def __cinit__(self):
        memset(&self.ports, 0, sizeof(PortSet))

    def take(self, uint32_t port) -> None:
        """The port is taken from now on."""
        port_take(&self.ports, port & 0xFFFF)

    def give(self, uint32_t port) -> None:
        """The port is free again."""
        port_give(&self.ports, port & 0xFFFF)

    def free(self, uint32_t parity, uint32_t first, uint32_t last, uint32_t start) -> int | None:
        """A free port, or None."""
        cdef uint32_t port = port_free(&self.ports, parity & 1, first & 0xFF80, last & 0xFFFF, start & 0xFFFF)
        return None if port == NO_PORT else port
