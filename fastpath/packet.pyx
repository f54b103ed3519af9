"""Receiving and sending on a packet socket."""

import os
import socket
import struct

from libc.errno cimport EINVAL, ENETDOWN, ENODEV, errno
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t, uintptr_t
from libc.string cimport memcpy, memmove, memset
from posix.ioctl cimport ioctl
from posix.uio cimport iovec

from fastpath.arena cimport LARGE, take_polled, untake_polled
from fastpath.counters cimport BAD_OFFLOAD, OVERSIZE, PORT_GONE
from fastpath.device cimport LINK_DOWN, LINK_GONE, LINK_UP, sent
from fastpath.frame cimport CSUM_VALID, ETHERNET_HEADER, MAX_FRAME, NEEDS_CSUM, Frame
from fastpath.graph cimport Graph, drop, set_due, wake
from fastpath.layout cimport HEADERS_MAX, PROTOCOL_TCP, Layout, layout_read
from fastpath.offload cimport offload_guess
from fastpath.port cimport TAKES_CSUM, TAKES_TSO4, TAKES_TSO6, TAKES_USO4, TAKES_USO6, count_in, receive, refuse
from fastpath.vnet cimport VNET_SHORT, Vnet, vnet_read, vnet_write
from fastpath.wire cimport store16, wire_likely, wire_unlikely

cdef extern from "<sys/socket.h>" nogil:
    cdef struct sockaddr:
        pass
    enum:
        MSG_DONTWAIT
        MSG_TRUNC
    int getsockname(int, sockaddr*, unsigned int*)
    int recvmmsg(int, mmsghdr*, unsigned int, int, void*)
    int sendmmsg(int, mmsghdr*, unsigned int, int)

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
    cdef struct tpacket_auxdata:
        uint32_t tp_status
        uint16_t tp_vlan_tci
        uint16_t tp_vlan_tpid
    enum:
        TP_STATUS_CSUMNOTREADY
        TP_STATUS_VLAN_VALID
        TP_STATUS_VLAN_TPID_VALID
        TP_STATUS_CSUM_VALID

cdef enum:
    CONTROL = 64              # octets for one control message with a tpacket_auxdata, and to spare
    CONTROL_HEADER = 16       # cmsghdr: length, level, type
    TAG = 4
    TSO = TAKES_TSO4 | TAKES_TSO6
    USO = TAKES_USO4 | TAKES_USO6

# linux/if_packet.h, linux/if_ether.h, asm-generic/socket.h: what Python's socket module does not name.
SOL_PACKET, ETH_P_ALL = 263, 3
PACKET_ADD_MEMBERSHIP, PACKET_STATISTICS, PACKET_AUXDATA, PACKET_VNET_HDR, PACKET_IGNORE_OUTGOING = 1, 6, 8, 15, 23
PACKET_MR_PROMISC, PACKET_MR_ALLMULTI, PACKET_MR_UNICAST = 1, 2, 3
SO_ATTACH_FILTER, SO_SNDBUFFORCE, SO_RCVBUFFORCE = 26, 32, 33
QUEUE = 8 << 20               # octets: some hundred super-frames
USO_SINCE = (6, 2)            # the kernel's version since which a packet socket takes UDP super-frames


def open_packet(interface: str | int) -> int:
    """A packet socket on an interface of this thread's namespace, by name or index, that receives nothing until it is a port's.

    Errors: OSError (needs CAP_NET_RAW; ENODEV: no such interface).
    """
    name = socket.if_indextoname(interface) if isinstance(interface, int) else interface
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0) as opened:
        opened.bind((name, 0))
        return opened.detach()


def filter_of(macs) -> bytes:
    """A program of the classic packet filter that takes frames for groups and for these MACs (numbers), whole."""
    step = struct.Struct("HBBI").pack
    code = [step(0x30, 0, 0, 0), step(0x45, 4 * len(macs) + 1, 0, 1)]       # first octet; its lowest bit: a group
    for left, mac in zip(range(len(macs) - 1, -1, -1), macs, strict=True):
        # Four octets, then two; each jump counts the instructions passed over.
        code += [step(0x20, 0, 0, 0), step(0x15, 0, 2, mac >> 16), step(0x28, 0, 0, 4), step(0x15, 4 * left + 1, 0, mac & 0xFFFF)]
    return b"".join([*code, step(0x06, 0, 0, 0), step(0x06, 0, 0, 0x7FFFFFFF)])


cdef attach(opened, bytes code):
    """The socket takes in what this program lets pass."""
    cdef uintptr_t place = <uintptr_t><const char*>code
    opened.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", len(code) // 8, place))


cdef int packet_interface(int fd) noexcept nogil:
    """The index of the interface that the socket belongs to; -1 once that is no more."""
    cdef sockaddr_ll address
    cdef unsigned int length = sizeof(sockaddr_ll)
    return -1 if getsockname(fd, <sockaddr*>&address, &length) < 0 else address.sll_ifindex


cdef bint packet_up(int fd, int interface, bint* there) noexcept nogil:
    """The interface is up. `there`: the socket still belongs to it."""
    cdef ifreq request
    there[0] = False
    memset(&request, 0, sizeof(ifreq))
    request.ifr_ifindex = interface
    if packet_interface(fd) != interface or ioctl(fd, SIOCGIFNAME, &request) < 0:
        return False
    there[0] = True
    return ioctl(fd, SIOCGIFFLAGS, &request) == 0 and request.ifr_flags & IFF_UP


cdef class PacketPort(DevicePort):
    """A port on a packet socket (see `open_packet`), which it owns from now on and has receive.

    `macs`: addresses (numbers) to take frames for, beside groups; none: every frame is taken, as with `promiscuous`.
    `offloads=False`: checksums and segments are finished before we write. Errors: OSError where the descriptor is no such socket,
    or the interface is no more.
    """

    def __init__(self, Graph graph not None, str name not None, int fd, *, uint32_t mtu=1500, macs=(), bint promiscuous=False,
                 bint offloads=True):
        super().__init__(graph, name, fd, mtu=mtu)
        opened = socket.socket(fileno=fd)
        try:
            self._prepare(opened, list(macs), promiscuous or not macs, offloads)
        finally:
            opened.detach()
        self.budget = 1

    def _prepare(self, opened, list macs, bint everything, bint offloads):
        """Everything is set before the first frame comes."""
        if opened.family != socket.AF_PACKET or opened.type & socket.SOCK_RAW != socket.SOCK_RAW:
            raise OSError(EINVAL, "not a raw packet socket")
        self.interface = packet_interface(self.fd)
        if self.interface <= 0:
            raise OSError(ENODEV, "the packet socket belongs to no interface")
        opened.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        opened.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        self.takes = 0
        if offloads:
            opened.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
            self.header = VNET_SHORT
            self.takes = TAKES_CSUM | TSO
            if tuple(map(int, os.uname().release.split("-")[0].split(".")[:2])) >= USO_SINCE:
                self.takes |= USO
        for forced, plain in ((SO_RCVBUFFORCE, socket.SO_RCVBUF), (SO_SNDBUFFORCE, socket.SO_SNDBUF)):
            try:
                opened.setsockopt(socket.SOL_SOCKET, forced, QUEUE)
            except PermissionError:
                opened.setsockopt(socket.SOL_SOCKET, plain, QUEUE)
        join = struct.Struct("iHH8s").pack
        opened.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, join(self.interface, PACKET_MR_ALLMULTI, 0, b""))
        if everything:
            opened.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, join(self.interface, PACKET_MR_PROMISC, 0, b""))
        else:
            for mac in macs:
                wanted = join(self.interface, PACKET_MR_UNICAST, 6, mac.to_bytes(6, "big"))
                opened.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, wanted)
            attach(opened, filter_of(macs))
        # Now it receives.
        opened.bind((opened.getsockname()[0], ETH_P_ALL))

    @property
    def lost(self) -> int:
        """Frames that the socket's queue had no room for."""
        if self.fd >= 0:
            opened = socket.socket(fileno=self.fd)
            try:
                # Reading it begins it anew.
                self.lost_before += struct.unpack("II", opened.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))[1]
            finally:
                opened.detach()
        return self.lost_before

    # -- receiving ------------------------------------------------------------------------------------------------------

    cdef uint32_t poll(self, uint32_t room) noexcept nogil:
        cdef uint32_t limit
        cdef uint32_t got = 0
        cdef uint32_t n = 0
        cdef uint32_t wanted
        cdef uint64_t octets = 0
        if wire_unlikely(self.state == LINK_GONE):
            return 0
        # As in TapPort: after a pause the first frame is likely to be alone.
        if self.head.core.turns != self.next_turn:
            self.budget = 1
        self.next_turn = self.head.core.turns + 1
        limit = min(room, self.budget)
        while n < limit and octets < PACKET_OCTETS:
            wanted = self.receive_batch(min(limit - n, <uint32_t>PACKET_BATCH), &got, &octets)
            n += got
            if got < wanted or wanted == 0:
                self.budget = max(n, <uint32_t>1)
                break
        else:
            self.budget = min(2 * self.budget, <uint32_t>PACKET_BURST)
        count_in(self, n, octets)
        return n

    cdef uint32_t receive_batch(self, uint32_t wanted, uint32_t* got, uint64_t* octets) noexcept nogil:
        """Up to `wanted` frames in one system call: how many slots there were for them; sets how many came."""
        cdef mmsghdr[PACKET_BATCH] messages
        cdef iovec[PACKET_BATCH] parts
        cdef uint8_t[PACKET_BATCH * CONTROL] control
        cdef Frame* frames[PACKET_BATCH]
        cdef uint32_t n = 0
        cdef uint32_t i
        cdef int received
        got[0] = 0
        while n < wanted:
            frames[n] = take_polled(&self.head.core.arena, LARGE)
            if wire_unlikely(frames[n] == NULL):
                wake(&self.head)
                break
            parts[n].iov_base = frames[n].data - self.header
            parts[n].iov_len = self.header + LARGE
            memset(&messages[n], 0, sizeof(mmsghdr))
            messages[n].msg_hdr.msg_iov = &parts[n]
            messages[n].msg_hdr.msg_iovlen = 1
            messages[n].msg_hdr.msg_control = &control[n * CONTROL]
            messages[n].msg_hdr.msg_controllen = CONTROL
            n += 1
        if n == 0:
            return 0
        received = recvmmsg(self.fd, messages, n, MSG_DONTWAIT, NULL)
        if wire_unlikely(received <= 0):
            if received < 0 and errno == ENETDOWN:
                self.went_down()
            elif received < 0 and self.unreadable(errno):
                # The kernel could not describe it, and has thrown it away.
                received = 1
                refuse(self, frames[0], BAD_OFFLOAD)
            for i in range(n - max(received, 0)):
                untake_polled(&self.head.core.arena)
            got[0] = <uint32_t>max(received, 0)
            # No more than that now: what waits is reported again.
            return n + 1
        if wire_unlikely(self.state == LINK_DOWN):
            self.become(LINK_UP)
        got[0] = <uint32_t>received
        for i in range(n - got[0]):
            untake_polled(&self.head.core.arena)
        for i in range(got[0]):
            octets[0] += messages[i].msg_len - self.header
            if wire_unlikely(messages[i].msg_hdr.msg_flags & MSG_TRUNC or messages[i].msg_len < self.header):
                refuse(self, frames[i], OVERSIZE)
            else:
                self.take_in(frames[i], messages[i].msg_len - self.header,
                             &control[i * CONTROL] if messages[i].msg_hdr.msg_controllen > CONTROL_HEADER else NULL)
        return n

    cdef void take_in(self, Frame* frame, uint32_t length, const uint8_t* control) noexcept nogil:
        """What the kernel told beside the octets becomes part of the frame."""
        cdef tpacket_auxdata told
        cdef Vnet vnet
        memset(&told, 0, sizeof(tpacket_auxdata))
        if wire_likely(control != NULL):
            memcpy(&told, control + CONTROL_HEADER, sizeof(tpacket_auxdata))
        memset(&vnet, 0, sizeof(Vnet))
        memcpy(&vnet, frame.data - self.header, self.header)
        frame.head = frame.length = length
        if wire_unlikely(told.tp_status & TP_STATUS_VLAN_VALID and length >= ETHERNET_HEADER):
            # Over the last octets of the virtio header, which is read already.
            memmove(frame.data - TAG, frame.data, 12)
            frame.data -= TAG
            frame.room -= TAG
            frame.head = frame.length = length + TAG
            store16(frame.data + 12, told.tp_vlan_tpid if told.tp_status & TP_STATUS_VLAN_TPID_VALID else 0x8100)
            store16(frame.data + 14, told.tp_vlan_tci)
            vnet.csum_start += TAG
        if wire_unlikely(frame.length > MAX_FRAME):
            refuse(self, frame, OVERSIZE)
        elif self.header and wire_unlikely(not vnet_read(&vnet, VNET_SHORT, frame)):
            refuse(self, frame, BAD_OFFLOAD)
        else:
            if not self.header:
                self.guess(frame, told.tp_status)
            receive(self, frame)

    cdef void guess(self, Frame* frame, uint32_t status) noexcept nogil:
        """Without a virtio header: what is left to do is seen from the frame itself."""
        cdef Layout layout
        if status & TP_STATUS_CSUM_VALID:
            frame.flags |= CSUM_VALID
        elif status & TP_STATUS_CSUMNOTREADY and layout_read(&layout, frame.data, min(frame.head, <uint32_t>HEADERS_MAX)):
            frame.flags |= NEEDS_CSUM
            frame.csum_start = <uint16_t>layout.transport
            frame.csum_offset = 16 if layout.protocol == PROTOCOL_TCP else 6
        if frame.length > self.mtu + ETHERNET_HEADER + 2 * TAG:
            # Segments that were put together on their way here; how long they were we can only think.
            offload_guess(frame, self.mtu, False, True)

    # -- sending --------------------------------------------------------------------------------------------------------

    cdef void transmit(self, Frame** burst, uint32_t n) noexcept nogil:
        cdef mmsghdr[PACKET_BATCH] messages
        cdef iovec[PACKET_BATCH * 3] parts
        cdef uint8_t[PACKET_BATCH * VNET_SHORT] vnets
        cdef uint32_t first = 0
        cdef uint32_t count, done, i
        cdef uint64_t octets
        cdef int result
        while first < n:
            count = min(n - first, <uint32_t>PACKET_BATCH)
            for i in range(count):
                self.describe(burst[first + i], &messages[i], &parts[3 * i], &vnets[i * VNET_SHORT])
            done = 0
            while done < count:
                if wire_unlikely(self.state == LINK_GONE):
                    drop(&self.head, burst[first + done], PORT_GONE)
                    done += 1
                    continue
                result = sendmmsg(self.fd, &messages[done], count - done, MSG_DONTWAIT)
                if wire_unlikely(result <= 0):
                    # The first of them was refused; the others have not been tried.
                    self.refused(burst[first + done], errno)
                    if self.state == LINK_DOWN:
                        self.went_down()
                    done += 1
                    continue
                octets = 0
                for i in range(done, done + <uint32_t>result):
                    octets += burst[first + i].length
                sent(self, <uint32_t>result, octets)
                done += <uint32_t>result
            first += count

    cdef void describe(self, Frame* frame, mmsghdr* message, iovec* parts, uint8_t* vnet) noexcept nogil:
        """Header, head and tail from where they are."""
        cdef uint32_t n = 0
        memset(message, 0, sizeof(mmsghdr))
        if self.header:
            vnet_write(vnet, VNET_SHORT, frame)
            parts[n].iov_base = vnet
            parts[n].iov_len = VNET_SHORT
            n += 1
        parts[n].iov_base = frame.data
        parts[n].iov_len = frame.head
        n += 1
        if frame.tail != NULL:
            parts[n].iov_base = <void*>frame.tail
            parts[n].iov_len = frame.length - frame.head
            n += 1
        message.msg_hdr.msg_iov = parts
        message.msg_hdr.msg_iovlen = n

    # -- the link -------------------------------------------------------------------------------------------------------

    cdef void went_down(self) noexcept nogil:
        """Down, or gone: first it is down, and nothing tells of the rest."""
        self.become(LINK_DOWN)
        if self.state == LINK_DOWN:
            set_due(&self.head, self.head.core.now + CHECK // 20)

    cdef void expire(self, int64_t now) noexcept nogil:
        cdef bint there = False
        if self.state != LINK_DOWN:
            return
        if packet_up(self.fd, self.interface, &there):
            self.become(LINK_UP)
        elif not there:
            self.become(LINK_GONE)
        else:
            set_due(&self.head, now + CHECK)
