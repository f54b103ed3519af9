"""CRC32c as SCTP uses it (RFC 9260, appendix A): what it changes by when its packet's first four octets, the ports, do.

A CRC is linear: the new one is the old one xor that of the changed bits followed by as many zeros as there are octets behind.
Zeros are run through by squaring, so it costs the same for every length, and what was corrupt stays corrupt.
"""

from libc.stdint cimport uint32_t

# `changed`: the first four octets before xor after, as they lie in memory; `length`: of the packet in all. The result is to be
# xor-ed to the checksum as it lies in memory.
cdef uint32_t crc_difference(uint32_t changed, uint32_t length) noexcept nogil
