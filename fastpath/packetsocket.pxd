"""The packet socket under a PacketPort: opened, given its filter and options, asked about its interface."""

from libc.stdint cimport uint32_t

# Sets every option, then has the socket receive; returns the interface's index, and what the kernel finishes for us (Port.takes bits).
# With `offloads` each frame has a virtio header from then on. Errors: OSError.
cdef int socket_prepare(int fd, list macs, bint everything, bint offloads, uint32_t* takes) except -1
# Takes frames in for `macs` instead of `before`, or with `everything` for all, that the filter `code` lets pass. Errors: OSError.
cdef int socket_take(int fd, int interface, list before, list macs, bint everything_before, bint everything, bytes code) except -1
# Frames that its queue had no room for since the last call.
cdef uint32_t socket_lost(int fd) except? 0xFFFFFFFF
# The interface is up. `there`: the socket still belongs to it.
cdef bint socket_up(int fd, int interface, bint* there) noexcept nogil
