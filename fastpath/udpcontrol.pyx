"""Control messages: a header of length, level and kind, then a value, then padding to eight octets (cmsg(3))."""

from libc.errno cimport EADDRNOTAVAIL, EAGAIN, EBADF, EHOSTUNREACH, EMSGSIZE, ENETDOWN, ENETUNREACH, ENOBUFS, ENOMEM
from libc.stdint cimport int32_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset

from fastpath.counters cimport NO_ROUTE, PORT_GONE, QUEUE_FULL, TOO_BIG, WRITE_REFUSED, Reason
from fastpath.udpmessages cimport Message
from fastpath.udppaths cimport Paths, paths_hear
from fastpath.wire cimport store16

cdef extern from "<sys/socket.h>" nogil:
    cdef struct cmsghdr:
        size_t cmsg_len
        int cmsg_level
        int cmsg_type
    enum:
        AF_INET
        AF_INET6
        MSG_ERRQUEUE
    ssize_t recvmsg(int, msghdr*, int)

cdef extern from "<linux/errqueue.h>" nogil:
    cdef struct sock_extended_err:
        uint32_t ee_errno
        uint8_t ee_origin
        uint32_t ee_info
    enum:
        SO_EE_ORIGIN_LOCAL
        SO_EE_ORIGIN_ICMP
        SO_EE_ORIGIN_ICMP6

cdef enum:                        # levels and kinds (linux/in.h, in6.h, udp.h)
    SOL_IP = 0
    IP_TOS = 1
    IP_TTL = 2
    IP_PKTINFO = 8
    IP_RECVERR = 11
    SOL_UDP = 17
    UDP_SEGMENT = 103
    UDP_GRO = 104
    SOL_IPV6 = 41
    IPV6_RECVERR = 25
    IPV6_PKTINFO = 50
    IPV6_HOPLIMIT = 52
    IPV6_TCLASS = 67

cdef enum:
    HEADER = 16
    ERRORS = 64                   # taken from a socket at a time


cdef const uint8_t* following(const msghdr* message, size_t* at, cmsghdr* header) noexcept nogil:
    """The value of the control message at `at`, its header, and where the next begins. NULL: there is none."""
    cdef const uint8_t* said = <const uint8_t*>message.msg_control + at[0]
    memset(header, 0, sizeof(cmsghdr))
    if at[0] + HEADER > message.msg_controllen:
        return NULL
    memcpy(header, said, HEADER)
    if header.cmsg_len <= HEADER or header.cmsg_len > message.msg_controllen - at[0]:
        return NULL
    at[0] += (header.cmsg_len + 7) & ~<size_t>7
    return said + HEADER


cdef void control_read(Told* told, const msghdr* message) noexcept nogil:
    cdef size_t at = 0
    cdef cmsghdr header
    cdef int32_t value
    cdef size_t size
    cdef const uint8_t* said = following(message, &at, &header)
    told.target = NULL
    told.size = 0
    told.ttl = TTL
    told.service = 0
    while said != NULL:
        size = header.cmsg_len - HEADER
        value = said[0]
        if size >= 4:
            memcpy(&value, said, 4)
        if header.cmsg_level == SOL_UDP:
            if header.cmsg_type == UDP_GRO and value > 0:
                told.size = <uint32_t>value
        elif header.cmsg_level == SOL_IP:
            if header.cmsg_type == IP_TOS:
                told.service = said[0]
            elif header.cmsg_type == IP_TTL:
                told.ttl = <uint8_t>value
            elif header.cmsg_type == IP_PKTINFO and size >= 12:
                # Index, the address that answers, the address in the header.
                told.target = said + 8
        elif header.cmsg_level == SOL_IPV6:
            if header.cmsg_type == IPV6_TCLASS:
                told.service = <uint8_t>value
            elif header.cmsg_type == IPV6_HOPLIMIT:
                told.ttl = <uint8_t>value
            elif header.cmsg_type == IPV6_PKTINFO and size >= 16:
                told.target = said
        said = following(message, &at, &header)


cdef inline uint32_t put(uint8_t* control, uint32_t at, int level, int kind, int value, uint32_t size) noexcept nogil:
    """One control message more; where the next begins."""
    cdef cmsghdr header
    header.cmsg_len = HEADER + size
    header.cmsg_level = level
    header.cmsg_type = kind
    memcpy(control + at, &header, HEADER)
    memset(control + at + HEADER, 0, 8)
    memcpy(control + at + HEADER, &value, size)
    return at + HEADER + 8


cdef void control_write(mmsghdr* header, Message* message, uint8_t* name, uint8_t* control) noexcept nogil:
    cdef uint16_t family = AF_INET if message.version == 4 else AF_INET6
    cdef uint32_t at = 0
    memset(name, 0, NAME)
    memcpy(name, &family, 2)
    store16(name + 2, message.target_port)
    memcpy(name + (4 if message.version == 4 else 8), message.target, 4 if message.version == 4 else 16)
    if message.segments > 1:
        at = put(control, at, SOL_UDP, UDP_SEGMENT, <int>message.size, 2)
    if message.service:
        if message.version == 4:
            at = put(control, at, SOL_IP, IP_TOS, message.service, 4)
        else:
            at = put(control, at, SOL_IPV6, IPV6_TCLASS, message.service, 4)
    if message.ttl != TTL and message.ttl:
        if message.version == 4:
            at = put(control, at, SOL_IP, IP_TTL, message.ttl, 4)
        else:
            at = put(control, at, SOL_IPV6, IPV6_HOPLIMIT, message.ttl, 4)
    memset(header, 0, sizeof(mmsghdr))
    header.msg_hdr.msg_name = name
    header.msg_hdr.msg_namelen = 16 if message.version == 4 else NAME
    header.msg_hdr.msg_iov = message.parts
    header.msg_hdr.msg_iovlen = message.n_parts
    if at:
        header.msg_hdr.msg_control = control
        header.msg_hdr.msg_controllen = at


cdef void too_long(Paths* paths, const sock_extended_err* error, const msghdr* message, const uint8_t* name) noexcept nogil:
    """`name`: whom the message was for."""
    cdef uint16_t family
    memcpy(&family, name, 2)
    if error.ee_info and message.msg_namelen >= 16 and family == AF_INET:
        paths_hear(paths, 0, name + 4, error.ee_info)
    elif error.ee_info and message.msg_namelen >= NAME and family == AF_INET6:
        paths_hear(paths, 1, name + 8, error.ee_info)


cdef uint32_t control_errors(int fd, uint64_t* unreachable, uint64_t* too_big, Paths* paths) noexcept nogil:
    cdef msghdr message
    cdef uint8_t[4 * CONTROL] control
    cdef uint8_t[NAME] name
    cdef cmsghdr header
    cdef sock_extended_err error
    cdef const uint8_t* said
    cdef size_t at
    cdef uint32_t n = 0
    for _ in range(ERRORS):
        memset(&message, 0, sizeof(msghdr))
        message.msg_name = name
        message.msg_namelen = NAME
        message.msg_control = control
        message.msg_controllen = 4 * CONTROL
        if recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0:
            break
        at = 0
        said = following(&message, &at, &header)
        while said != NULL:
            if (
                (header.cmsg_level == SOL_IP and header.cmsg_type == IP_RECVERR)
                or (header.cmsg_level == SOL_IPV6 and header.cmsg_type == IPV6_RECVERR)
            ) and header.cmsg_len >= HEADER + sizeof(sock_extended_err):
                memcpy(&error, said, sizeof(sock_extended_err))
                if error.ee_errno == EMSGSIZE and error.ee_origin in (SO_EE_ORIGIN_LOCAL, SO_EE_ORIGIN_ICMP, SO_EE_ORIGIN_ICMP6):
                    too_long(paths, &error, &message, name)
                if error.ee_origin == SO_EE_ORIGIN_ICMP or error.ee_origin == SO_EE_ORIGIN_ICMP6:
                    n += 1
                    if error.ee_errno == EMSGSIZE:
                        too_big[0] += 1
                    else:
                        unreachable[0] += 1
            said = following(&message, &at, &header)
    return n


cdef Reason control_reason(int error) noexcept nogil:
    if error == EMSGSIZE:
        return TOO_BIG
    if error in (EAGAIN, ENOBUFS, ENOMEM):
        return QUEUE_FULL
    if error in (ENETUNREACH, EHOSTUNREACH, ENETDOWN, EADDRNOTAVAIL):
        return NO_ROUTE
    return PORT_GONE if error == EBADF else WRITE_REFUSED
