"""The half of a UdpPort that sends: frames of a burst as messages, those of each socket in as few system calls as can be.

What the kernel refuses is told apart: an error about something sent earlier (ICMP, which a later send is told) is counted, and the
message tried again; a message of several datagrams that cannot go as one goes in single ones; what is left is a named drop.
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

from fastpath.device cimport DevicePort
from fastpath.frame cimport Frame
from fastpath.udpcontrol cimport mmsghdr
from fastpath.udpmessages cimport Message, Messages
from fastpath.udppaths cimport Paths
from fastpath.udpsocket cimport SENDERS_MAX

cdef class UdpSender(DevicePort):
    cdef int[2 * SENDERS_MAX] senders         # by family: 0 IPv4, 1 IPv6
    cdef uint32_t[2] n_senders
    cdef uint8_t[32] own                      # our addresses
    cdef Messages messages
    cdef uint64_t segmented                   # datagrams sent in one piece with others
    cdef uint64_t unreachable                 # ICMP errors about what was sent: no host, no port, no way
    cdef uint64_t path_too_big                # ICMP errors about its length
    cdef Paths paths                          # heard of, and not yet told
    cdef void close_senders(self) noexcept
    cdef void add(self, Frame* frame, Frame* source, bint copy) noexcept nogil
    cdef void flush(self) noexcept nogil
    cdef void send_all(self, uint16_t socket) noexcept nogil
    cdef void told_sent(self, Message* message) noexcept nogil
    cdef uint32_t hear_errors(self, int fd) noexcept nogil
    cdef void unsent(self, int fd, mmsghdr* header, Message* message, int error) noexcept nogil
    cdef void send_singly(self, int fd, Message* message) noexcept nogil
