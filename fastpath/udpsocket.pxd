"""The UDP sockets under a UdpPort: opened, given their options, told apart again, asked what they lost."""

from libc.stdint cimport uint8_t, uint32_t

cdef enum:
    SENDERS = 64                  # sockets to send from that `open_udp` opens for each family
    SENDERS_MAX = 256             # that a port takes of each family
    PORTS_FROM = 49152            # RFC 6335, 6; RFC 7348, 5

# What descriptors those are, in the order of `open_udp`: `receivers` by family (0: IPv4, 1: IPv6; -1: none), `senders` likewise. Makes
# all of them non-blocking and has them tell what the port needs; returns the port they receive at. `senders` has room for
# SENDERS_MAX of each family, `addresses` for 16 octets: what the senders are bound to. Errors: OSError.
cdef int sockets_prepare(list fds, int* receivers, int* senders, uint32_t* n_senders, uint8_t* addresses) except -1
# A descriptor that is readable when one of these is: the only one there is, or an epoll of both. Errors: OSError.
cdef int sockets_watched(const int* receivers) except -1
# Datagrams that the queue had no room for, ever.
cdef uint32_t socket_drops(int fd) except? 0xFFFFFFFF
# The port it is bound to.
cdef int port_of(int fd) except -1
# Receive what is sent to a group, or no longer.
cdef int socket_join(int fd, object group, bint join) except -1
