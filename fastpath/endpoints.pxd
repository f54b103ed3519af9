"""Stations behind a tunnel whose addresses are written down, and the answers that a VTEP gives for them.

An overlay with programmed stations need not flood questions: whoever asks who has an address (ARP, RFC 826; neighbor
solicitation, RFC 4861, 7.2.3) is told by the VTEP, in the station's own name, as Linux's vxlan device does with `proxy` and
Docker's overlay relies on. The answer comes from the station's MAC address and goes to whoever asked. Not answered:

    a station that asks about itself                it says that it is there (gratuitous ARP)
    a question of the very station                  it probes its own address (RFC 5227, 2.1.1; RFC 4862, 5.4)
    a question to one station alone                 the station answers it: reachability is for it to confirm (RFC 4861, 7.3.1)
    anything tagged, cut short or wrong             it goes the way of every other frame

A probe by another station is answered: the address is taken.
"""

from libc.stdint cimport uint32_t, uint64_t

from fastpath.arena cimport Arena
from fastpath.frame cimport Frame
from fastpath.ip cimport Address
from fastpath.table cimport Table

cdef struct Endpoint:
    Address address
    uint64_t mac                  # as a number; 0: the place is free
    uint32_t overlay
    uint32_t next                 # with the same key, or of the free ones: its number + 1

cdef struct Endpoints:            # of all overlays of a VTEP
    Table table
    Endpoint* endpoints
    uint32_t capacity
    uint32_t used                 # places that were ever used
    uint32_t free                 # first place given back: its number + 1
    uint32_t count
    uint64_t secret
    uint64_t answered

cdef int endpoints_init(Endpoints* endpoints, uint32_t capacity, uint64_t seed) except -1
cdef void endpoints_free(Endpoints* endpoints) noexcept
# Write it down, or change whose it is. Errors: ValueError for an address that no station has, or when the table is full.
cdef int endpoint_put(Endpoints* endpoints, uint32_t overlay, const Address* address, uint64_t mac) except -1
# False: it is not there.
cdef bint endpoint_remove(Endpoints* endpoints, uint32_t overlay, const Address* address) noexcept nogil
# All addresses of a station, or with `mac` 0 of the overlay. Goes through the whole table.
cdef void endpoints_forget(Endpoints* endpoints, uint32_t overlay, uint64_t mac) noexcept nogil
# Its MAC address, or 0.
cdef uint64_t endpoint_find(const Endpoints* endpoints, uint32_t overlay, const Address* address) noexcept nogil
# The answer to the question in the frame, in a slot of the arena and with its ingress, or NULL: it is none, or not for us to
# answer, or no slot is free. The caller counts the answer as originated and decides about the question.
cdef Frame* endpoint_answer(Endpoints* endpoints, Arena* arena, uint32_t overlay, Frame* frame) noexcept nogil

cdef inline bint may_ask(const Frame* frame) noexcept nogil:
    """The frame may be a question about an address: worth a closer look. Two loads, for every flooded frame."""
    cdef uint32_t kind
    if frame.head < 42:
        return False
    kind = <uint32_t>frame.data[12] << 8 | frame.data[13]
    return kind == 0x0806 or (kind == 0x86DD and frame.data[20] == 58)
