"""What is told beside datagrams: control messages of ip(7), ipv6(7) and udp(7), read and written, and the queue of errors."""

from libc.stdint cimport int32_t, uint8_t, uint32_t, uint64_t
from posix.uio cimport iovec

from fastpath.counters cimport Reason
from fastpath.udpmessages cimport Message
from fastpath.udppaths cimport Paths

cdef extern from "<sys/socket.h>" nogil:
    cdef struct msghdr:
        void* msg_name
        unsigned int msg_namelen
        iovec* msg_iov
        size_t msg_iovlen
        void* msg_control
        size_t msg_controllen
        int msg_flags
    cdef struct mmsghdr:
        msghdr msg_hdr
        unsigned int msg_len
    enum:
        MSG_DONTWAIT
    int recvmmsg(int, mmsghdr*, unsigned int, int, void*)
    int sendmmsg(int, mmsghdr*, unsigned int, int)
    ssize_t sendmsg(int, const msghdr*, int)

cdef enum:
    CONTROL = 128                 # octets for what is told beside one message
    NAME = 28                     # struct sockaddr_in6
    TTL = 64                      # what senders have (see udpsocket)

cdef struct Told:                 # of a message received
    const uint8_t* target         # the address it was sent to, in the control message; NULL: not told
    uint32_t size                 # octets of each datagram but the last; 0: it is one
    uint8_t ttl
    uint8_t service

cdef void control_read(Told* told, const msghdr* message) noexcept nogil
# The message as sendmmsg wants it; `name`: NAME octets, `control`: CONTROL octets, which must stay.
cdef void control_write(mmsghdr* header, Message* message, uint8_t* name, uint8_t* control) noexcept nogil
# Take what the kernel tells of messages sent, count what came by ICMP, and keep what is said of a path's MTU; how many came by ICMP.
cdef uint32_t control_errors(int fd, uint64_t* unreachable, uint64_t* too_big, Paths* paths) noexcept nogil
# What a send ends for that the kernel refused.
cdef Reason control_reason(int error) noexcept nogil
