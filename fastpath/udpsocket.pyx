"""Options of udp(7), ip(7) and ipv6(7). Whoever is in the namespace opens; the port tells the sockets apart by asking them."""

import errno
import ipaddress
import os
import select
import socket
import struct

from libc.stdint cimport uint8_t, uint32_t

cdef enum:                        # linux/in.h, in6.h, udp.h, asm-generic/socket.h: what Python's socket module does not name
    IP_TTL = 2
    IP_PKTINFO = 8
    IP_MTU_DISCOVER = 10
    IP_RECVERR = 11
    IP_RECVTTL = 12
    IP_RECVTOS = 13
    IP_MULTICAST_ALL = 49
    IPV6_UNICAST_HOPS = 16
    IPV6_MULTICAST_IF = 17
    IPV6_MTU_DISCOVER = 23
    IPV6_RECVERR = 25
    IPV6_MULTICAST_ALL = 29
    IPV6_RECVPKTINFO = 49
    IPV6_RECVHOPLIMIT = 51
    IPV6_RECVTCLASS = 66
    PMTUDISC_DO = 2               # DF set, and what does not fit is refused (RFC 7348, 4.3)
    UDP_NO_CHECK6_RX = 102
    UDP_GRO = 104
    SO_SNDBUFFORCE = 32
    SO_RCVBUFFORCE = 33
    SO_MEMINFO = 55
    QUEUE = 8 << 20               # octets
    LITTLE = 4096                 # nothing comes there but errors
    TTL = 64

SOL_UDP = socket.IPPROTO_UDP


def open_udp(addresses, port: int = 4789, *, groups=(), senders: int = SENDERS) -> list[int]:
    """Descriptors for a UdpPort: for each family of `addresses` (one of each at most) first the socket that receives at `port`, then
    `senders` sockets bound in 49152-65535, spread over that range.

    With `groups` it receives at every address of the host, and what comes to these groups by the interface that has our address.
    Errors: OSError (EADDRINUSE: the port is taken; EADDRNOTAVAIL: no such address here), ValueError.
    """
    wanted = [ipaddress.ip_address(str(address).partition("/")[0]) for address in addresses]
    if not wanted or len({address.version for address in wanted}) != len(wanted):
        raise ValueError("addresses: one of each family at most, and one at least")
    if not 1 <= senders <= SENDERS_MAX:
        raise ValueError(f"senders: 1 to {SENDERS_MAX}")
    opened = []
    try:
        for address in sorted(wanted, key=lambda one: one.version):
            joins = [group for group in map(ipaddress.ip_address, groups) if group.version == address.version]
            one = _open(address)
            opened.append(one)
            _receive(one, address, port, joins)
            for number in range(senders):
                one = _open(address)
                opened.append(one)
                _send(one, address, number, senders)
        return [one.detach() for one in opened]
    finally:
        for one in opened:
            one.close()


def _open(address):
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    opened = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
    if address.version == 6:
        opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    return opened


def _receive(opened, address, port, groups):
    if not groups:
        opened.bind((str(address), port))
        return
    opened.bind(("", port))
    # The group's members by the same address send from it too: see _send.
    if address.version == 4:
        opened.setsockopt(socket.IPPROTO_IP, IP_MULTICAST_ALL, 0)
        opened.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, address.packed)
    else:
        opened.setsockopt(socket.IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0)
        opened.setsockopt(socket.IPPROTO_IPV6, IPV6_MULTICAST_IF, _interface_of(address))
    for group in groups:
        socket_join(opened.fileno(), group, True)


def _send(opened, address, number, senders):
    """Bound to a port of its own stretch of the range: to which, chance decides until one is free."""
    stretch = (65536 - PORTS_FROM) // senders
    first = PORTS_FROM + number * stretch
    begin = int.from_bytes(os.urandom(4), "little")
    for step in range(stretch):
        try:
            opened.bind((str(address), first + (begin + step) % stretch))
            break
        except OSError as error:
            if error.errno != errno.EADDRINUSE or step == stretch - 1:
                raise
    if address.version == 4:
        opened.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, address.packed)
        opened.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0)
    else:
        opened.setsockopt(socket.IPPROTO_IPV6, IPV6_MULTICAST_IF, _interface_of(address))
        opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 0)


def _interface_of(address):
    """The index of the interface that has this IPv6 address; 0: the kernel's choice."""
    with open("/proc/thread-self/net/if_inet6") as table:
        for line in table:
            octets, index, *_ = line.split()
            if octets == address.packed.hex():
                return int(index, 16)
    return 0


cdef int socket_join(int fd, object group, bint join) except -1:
    opened = socket.socket(fileno=fd)
    try:
        if opened.family == socket.AF_INET:
            own = opened.getsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, 4)
            option = socket.IP_ADD_MEMBERSHIP if join else socket.IP_DROP_MEMBERSHIP
            opened.setsockopt(socket.IPPROTO_IP, option, group.packed + own)
        else:
            index = opened.getsockopt(socket.IPPROTO_IPV6, IPV6_MULTICAST_IF)
            option = socket.IPV6_JOIN_GROUP if join else socket.IPV6_LEAVE_GROUP
            opened.setsockopt(socket.IPPROTO_IPV6, option, group.packed + struct.pack("@i", index))
    finally:
        opened.detach()
    return 0


cdef tuple WANTED = (
    # what a receiver tells, what a sender does
    ([(socket.IPPROTO_IP, IP_PKTINFO, 1), (socket.IPPROTO_IP, IP_RECVTOS, 1), (socket.IPPROTO_IP, IP_RECVTTL, 1)],
     [(socket.IPPROTO_IP, IP_MTU_DISCOVER, PMTUDISC_DO), (socket.IPPROTO_IP, IP_TTL, TTL), (socket.IPPROTO_IP, IP_RECVERR, 1)]),
    # A checksum of zero is what VXLAN sends as a rule, over IPv6 too (RFC 7348, 5; RFC 6935).
    ([(socket.IPPROTO_IPV6, IPV6_RECVPKTINFO, 1), (socket.IPPROTO_IPV6, IPV6_RECVTCLASS, 1), (socket.IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1),
      (SOL_UDP, UDP_NO_CHECK6_RX, 1)],
     [(socket.IPPROTO_IPV6, IPV6_MTU_DISCOVER, PMTUDISC_DO), (socket.IPPROTO_IPV6, IPV6_UNICAST_HOPS, TTL),
      (socket.IPPROTO_IPV6, IPV6_RECVERR, 1)]),
)


cdef _buffer(opened, int forced, int plain, int octets):
    try:
        opened.setsockopt(socket.SOL_SOCKET, forced, octets)
    except PermissionError:
        opened.setsockopt(socket.SOL_SOCKET, plain, octets)


cdef int sockets_prepare(list fds, int* receivers, int* senders, uint32_t* n_senders, uint8_t* addresses) except -1:
    cdef uint32_t family
    port = 0
    receivers[0] = receivers[1] = -1
    n_senders[0] = n_senders[1] = 0
    for fd in fds:
        opened = socket.socket(fileno=fd)
        try:
            if opened.family not in (socket.AF_INET, socket.AF_INET6) or opened.type != socket.SOCK_DGRAM:
                raise OSError(errno.EINVAL, "not a UDP socket")
            name = opened.getsockname()
            family = 0 if opened.family == socket.AF_INET else 1
            receives = receivers[family] < 0
            opened.setblocking(False)
            for level, option, value in WANTED[family][0 if receives else 1]:
                opened.setsockopt(level, option, value)
            if receives:
                if port and name[1] != port:
                    raise OSError(errno.EINVAL, "the families receive at different ports")
                port = name[1]
                opened.setsockopt(SOL_UDP, UDP_GRO, 1)
                _buffer(opened, SO_RCVBUFFORCE, socket.SO_RCVBUF, QUEUE)
                receivers[family] = fd
                continue
            if n_senders[family] == SENDERS_MAX:
                raise OSError(errno.EINVAL, f"more than {SENDERS_MAX} sockets to send from")
            _buffer(opened, SO_SNDBUFFORCE, socket.SO_SNDBUF, QUEUE)
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, LITTLE)
            senders[family * SENDERS_MAX + n_senders[family]] = fd
            n_senders[family] += 1
            packed = ipaddress.ip_address(name[0].partition("%")[0]).packed
            for at, octet in enumerate(packed):
                addresses[16 * family + <uint32_t>at] = octet
        finally:
            opened.detach()
    for family in range(2):
        if receivers[family] >= 0 and not n_senders[family]:
            raise OSError(errno.EINVAL, "no socket to send from")
    if not port:
        raise OSError(errno.EINVAL, "no sockets")
    return port


cdef int sockets_watched(const int* receivers) except -1:
    if receivers[0] < 0 or receivers[1] < 0:
        return max(receivers[0], receivers[1])
    both = select.epoll()
    try:
        both.register(receivers[0], select.EPOLLIN)
        both.register(receivers[1], select.EPOLLIN)
        return os.dup(both.fileno())
    finally:
        both.close()


cdef uint32_t socket_drops(int fd) except? 0xFFFFFFFF:
    opened = socket.socket(fileno=fd)
    try:
        # Its last word is SK_MEMINFO_DROPS.
        return struct.unpack("9I", opened.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, 36))[8]
    finally:
        opened.detach()


cdef int port_of(int fd) except -1:
    opened = socket.socket(fileno=fd)
    try:
        return opened.getsockname()[1]
    finally:
        opened.detach()
