"""The frame lives as long as its Sample."""

from libc.stdint cimport uint8_t, uint32_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

from fastpath.frame cimport Frame


cdef class Sample:
    """`own` > 0: a frame in two parts, so many octets in the first."""

    def __cinit__(self, const uint8_t[::1] octets not None, uint32_t own=0):
        cdef uint32_t length = <uint32_t>octets.shape[0]
        cdef uint32_t head = min(own or length, length)
        self.first = <uint8_t*>calloc(1, max(head, <uint32_t>1))
        self.second = <uint8_t*>calloc(1, length - head) if head < length else NULL
        if self.first == NULL or (head < length and self.second == NULL):
            raise MemoryError("a sample's octets")
        if head:
            memcpy(self.first, &octets[0], head)
        if head < length:
            memcpy(self.second, &octets[head], length - head)
        self.frame.data, self.frame.tail = self.first, self.second
        self.frame.head, self.frame.length = head, length

    def __dealloc__(self):
        free(self.first)
        free(self.second)


cdef bytes octets_of(const Frame* frame):
    cdef bytes head = frame.data[:frame.head]
    return head + frame.tail[:frame.length - frame.head] if frame.tail != NULL else head
