"""Known addresses: those that translations lead to, by 16-bit numbers, so that a flow needs not hold them in full.

Each is counted: pools and rules use it, and each flow that is translated to it. One that nobody uses any longer is forgotten,
with the ports that were taken of it.
"""

from libc.stdint cimport uint16_t, uint32_t

from fastpath.index cimport Index
from fastpath.ip cimport Address
from fastpath.portset cimport SETS, PortSet
from fastpath.tuples cimport Secrets

cdef struct Known:
    Address address
    uint32_t uses
    uint16_t next                 # free: the next free number
    PortSet* ports                # SETS of them, of an address that mappings are made to; else NULL

cdef struct Addresses:
    Known* known                  # by number; 0 is nobody's
    Index index                   # of numbers
    uint32_t size
    uint32_t untouched            # numbers from here on were never used
    uint16_t free

cdef int addresses_init(Addresses* addresses, uint32_t capacity) except -1
cdef void addresses_free(Addresses* addresses) noexcept
cdef size_t addresses_octets(const Addresses* addresses) noexcept nogil
# The number of a known address; 0: it is not known.
cdef uint16_t addresses_find(const Addresses* addresses, const Secrets* secrets, const Address* address) noexcept nogil
# The address has one use more; 0: there is no room for another address.
cdef uint16_t addresses_use(Addresses* addresses, const Secrets* secrets, const Address* address) noexcept nogil
cdef void addresses_release(Addresses* addresses, const Secrets* secrets, uint16_t number) noexcept nogil
# Mappings may be made to this address from now on.
cdef int addresses_ports(Addresses* addresses, uint16_t number) except -1
