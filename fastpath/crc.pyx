"""Polynomials over GF(2), bits reflected: the coefficient of x^0 is the highest bit."""

from libc.stdint cimport uint32_t

cdef enum:
    POLYNOMIAL = 0x82F63B78


cdef uint32_t times(uint32_t a, uint32_t b) noexcept nogil:
    """a * b modulo the polynomial."""
    cdef uint32_t product = 0
    cdef uint32_t bit = <uint32_t>1 << 31
    while bit:
        if a & bit:
            product ^= b
        b = (b >> 1) ^ (POLYNOMIAL if b & 1 else 0)
        bit >>= 1
    return product


cdef uint32_t crc_difference(uint32_t changed, uint32_t length) noexcept nogil:
    cdef uint32_t crc = changed              # the first octet first, in its lowest bits: as little-endian memory has it
    cdef uint32_t square = <uint32_t>1 << 23       # x^8: one octet of zeros
    # The four octets themselves count among the zeros: they are what is multiplied by x^32 and more.
    while length:
        if length & 1:
            crc = times(crc, square)
        square = times(square, square)
        length >>= 1
    return crc


def crc_changed(uint32_t changed, uint32_t length) -> int:
    """The C function (used for testing)."""
    return crc_difference(changed, length)
