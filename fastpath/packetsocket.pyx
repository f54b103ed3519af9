"""Options of packet(7). All are set before the first frame comes."""

import os
import socket
import struct

from libc.errno cimport EINVAL, ENODEV
from libc.stdint cimport uint32_t, uintptr_t
from libc.string cimport memset
from posix.ioctl cimport ioctl

from fastpath.port cimport TAKES_CSUM, TAKES_TSO4, TAKES_TSO6, TAKES_USO4, TAKES_USO6

cdef extern from "<sys/socket.h>" nogil:
    cdef struct sockaddr:
        pass
    int getsockname(int, sockaddr*, unsigned int*)

cdef extern from "<net/if.h>" nogil:
    cdef struct ifreq:
        char* ifr_name
        int ifr_ifindex
        short ifr_flags
    enum:
        IFF_UP

cdef extern from "<sys/ioctl.h>" nogil:
    enum:
        SIOCGIFNAME
        SIOCGIFFLAGS

cdef extern from "<linux/if_packet.h>" nogil:
    cdef struct sockaddr_ll:
        int sll_ifindex

cdef enum:                    # linux/if_packet.h, linux/if_ether.h, asm-generic/socket.h: what Python's socket module does not name
    SOL_PACKET = 263
    ETH_P_ALL = 3
    PACKET_ADD_MEMBERSHIP = 1
    PACKET_DROP_MEMBERSHIP = 2
    PACKET_STATISTICS = 6
    PACKET_AUXDATA = 8
    PACKET_VNET_HDR = 15
    PACKET_IGNORE_OUTGOING = 23
    PACKET_MR_PROMISC = 1
    PACKET_MR_ALLMULTI = 2
    PACKET_MR_UNICAST = 3
    SO_ATTACH_FILTER = 26
    SO_DETACH_FILTER = 27
    SO_SNDBUFFORCE = 32
    SO_RCVBUFFORCE = 33
    QUEUE = 8 << 20           # octets: some hundred super-frames
    FILTER_MAX = 4096         # instructions of a filter (BPF_MAXINSNS); where it would have more, there is none

cdef tuple USO_SINCE = (6, 2)  # the kernel's version since which a packet socket takes UDP super-frames


def open_packet(interface: str | int) -> int:
    """A packet socket on an interface of this thread's namespace, by name or index, that receives nothing until it is a port's.

    Errors: OSError (needs CAP_NET_RAW; ENODEV: no such interface).
    """
    name = socket.if_indextoname(interface) if isinstance(interface, int) else interface
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0) as opened:
        opened.bind((name, 0))
        return opened.detach()


def filter_of(macs, shared: int = 0, addresses=()) -> bytes:
    """A program of the classic packet filter that takes frames for groups and for these MACs (numbers), whole; of those for `shared`,
    which is the host's own too, only ARP, packets to these addresses (packed), and advertisements of neighbors.
    """
    step = struct.Struct("HBBI").pack
    take = step(0x06, 0, 0, 0x7FFFFFFF)

    def word(at, value, otherwise):
        """The four octets there, or so many instructions are passed over."""
        return [step(0x20, 0, 0, at), step(0x15, 0, otherwise, value)]

    def of_type(ethertype, code):
        """No jump but the unconditional one is longer than 255 instructions."""
        return [step(0x28, 0, 0, 12), step(0x15, 1, 0, ethertype), step(0x05, 0, 0, len(code)), *code]

    code = [step(0x30, 0, 0, 0), step(0x45, 0, 1, 1), take]                 # first octet; its lowest bit: a group
    for mac in macs:
        code += [*word(0, mac >> 16, 3), step(0x28, 0, 0, 4), step(0x15, 0, 1, mac & 0xFFFF), take]
    if shared:
        end = step(0x06, 0, 0, 0)
        code += [step(0x20, 0, 0, 0), step(0x15, 1, 0, shared >> 16), end, step(0x28, 0, 0, 4), step(0x15, 1, 0, shared & 0xFFFF), end]
        code += of_type(0x0806, [take])
        four = [step(0x20, 0, 0, 30)]
        for address in (one for one in addresses if len(one) == 4):
            four += [step(0x15, 0, 1, int.from_bytes(address)), take]
        code += of_type(0x0800, four)
        six = [step(0x30, 0, 0, 20), step(0x15, 0, 3, 58), step(0x30, 0, 0, 54), step(0x15, 0, 1, 136), take]
        for address in (one for one in addresses if len(one) == 16):
            for part in range(4):
                six += word(38 + 4 * part, int.from_bytes(address[4 * part : 4 * part + 4]), 7 - 2 * part)
            six.append(take)
        code += of_type(0x86DD, six)
    return b"".join([*code, step(0x06, 0, 0, 0)])


cdef attach(opened, bytes code):
    """The socket takes in what this program lets pass."""
    cdef uintptr_t place = <uintptr_t><const char*>code
    opened.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", len(code) // 8, place))


cdef int interface_of(int fd) noexcept nogil:
    """The index of the interface that the socket belongs to; -1 once that is no more."""
    cdef sockaddr_ll address
    cdef unsigned int length = sizeof(sockaddr_ll)
    return -1 if getsockname(fd, <sockaddr*>&address, &length) < 0 else address.sll_ifindex


cdef bint socket_up(int fd, int interface, bint* there) noexcept nogil:
    cdef ifreq request
    there[0] = False
    memset(&request, 0, sizeof(ifreq))
    request.ifr_ifindex = interface
    if interface_of(fd) != interface or ioctl(fd, SIOCGIFNAME, &request) < 0:
        return False
    there[0] = True
    return ioctl(fd, SIOCGIFFLAGS, &request) == 0 and request.ifr_flags & IFF_UP


cdef int socket_prepare(int fd, list macs, bint everything, bint offloads, uint32_t* takes) except -1:
    opened = socket.socket(fileno=fd)
    try:
        if opened.family != socket.AF_PACKET or opened.type & socket.SOCK_RAW != socket.SOCK_RAW:
            raise OSError(EINVAL, "not a raw packet socket")
        interface = interface_of(fd)
        if interface <= 0:
            raise OSError(ENODEV, "the packet socket belongs to no interface")
        opened.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        opened.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        takes[0] = 0
        if offloads:
            opened.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
            takes[0] = TAKES_CSUM | TAKES_TSO4 | TAKES_TSO6
            if tuple(map(int, os.uname().release.split("-")[0].split(".")[:2])) >= USO_SINCE:
                takes[0] |= TAKES_USO4 | TAKES_USO6
        for forced, plain in ((SO_RCVBUFFORCE, socket.SO_RCVBUF), (SO_SNDBUFFORCE, socket.SO_SNDBUF)):
            try:
                opened.setsockopt(socket.SOL_SOCKET, forced, QUEUE)
            except PermissionError:
                opened.setsockopt(socket.SOL_SOCKET, plain, QUEUE)
        join = struct.Struct("iHH8s").pack
        opened.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, join(interface, PACKET_MR_ALLMULTI, 0, b""))
        take(opened, interface, [], macs, False, everything, filter_of(macs))
        # Now it receives.
        opened.bind((opened.getsockname()[0], ETH_P_ALL))
    finally:
        opened.detach()
    return interface


cdef take(opened, int interface, list before, list macs, bint everything_before, bint everything, bytes code):
    """Whom frames are taken in for: first who is new, then the filter, then who is no more, so that nobody misses one meanwhile."""
    join = struct.Struct("iHH8s").pack

    def member(option, kind, address=b""):
        opened.setsockopt(SOL_PACKET, option, join(interface, kind, len(address), address))

    if everything and not everything_before:
        member(PACKET_ADD_MEMBERSHIP, PACKET_MR_PROMISC)
    for mac in [mac for mac in macs if mac not in before]:
        member(PACKET_ADD_MEMBERSHIP, PACKET_MR_UNICAST, mac.to_bytes(6, "big"))
    if not everything and len(code) // 8 <= FILTER_MAX:
        attach(opened, code)
    elif before or everything_before:
        try:
            opened.setsockopt(socket.SOL_SOCKET, SO_DETACH_FILTER, 0)
        except FileNotFoundError:
            pass  # it had none
    for mac in [mac for mac in before if mac not in macs]:
        member(PACKET_DROP_MEMBERSHIP, PACKET_MR_UNICAST, mac.to_bytes(6, "big"))
    if everything_before and not everything:
        member(PACKET_DROP_MEMBERSHIP, PACKET_MR_PROMISC)


cdef int socket_take(int fd, int interface, list before, list macs, bint everything_before, bint everything, bytes code) except -1:
    opened = socket.socket(fileno=fd)
    try:
        take(opened, interface, before, macs, everything_before, everything, code)
    finally:
        opened.detach()
    return 0


cdef uint32_t socket_lost(int fd) except? 0xFFFFFFFF:
    opened = socket.socket(fileno=fd)
    try:
        # Reading it begins it anew.
        return struct.unpack("II", opened.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))[1]
    finally:
        opened.detach()
