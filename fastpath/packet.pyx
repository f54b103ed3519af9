"""Receiving and sending on a packet socket."""

import ipaddress

from fastpath.packetsocket import filter_of

from libc.errno cimport ENETDOWN, errno
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy, memmove, memset
from posix.uio cimport iovec

from fastpath.arena cimport LARGE, take_polled, untake_polled
from fastpath.counters cimport BAD_OFFLOAD, OVERSIZE, PORT_GONE
from fastpath.device cimport LINK_DOWN, LINK_GONE, LINK_UP, DevicePort, sent
from fastpath.facts cimport offload_guess, offload_tunnel
from fastpath.frame cimport CSUM_VALID, ETHERNET_HEADER, MAX_FRAME, NEEDS_CSUM, Frame
from fastpath.graph cimport Graph, drop, set_due, wake
from fastpath.layout cimport HEADERS_MAX, PROTOCOL_TCP, Layout, layout_read
from fastpath.packetsocket cimport socket_lost, socket_prepare, socket_take, socket_up
from fastpath.port cimport count_in, receive, refuse
from fastpath.vnet cimport VNET_SHORT, Vnet, vnet_read, vnet_write
from fastpath.wire cimport store16, wire_likely, wire_unlikely

cdef extern from "<sys/socket.h>" nogil:
    enum:
        MSG_DONTWAIT
        MSG_TRUNC
    int recvmmsg(int, mmsghdr*, unsigned int, int, void*)
    int sendmmsg(int, mmsghdr*, unsigned int, int)

cdef extern from "<linux/if_packet.h>" nogil:
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


cdef class PacketPort(DevicePort):
    """A port on a packet socket (see `open_packet`), which it owns from now on and has receive.

    `macs`: addresses (numbers) to take frames for, beside groups; none: every frame is taken, as with `promiscuous`.
    `offloads=False`: checksums and segments are finished before we write; `merge=False`: segments are sent as they come.
    `finish`: checksums and segments are finished before we write, for receivers that cannot be told of them; what comes in is as with
    `offloads`. Errors: OSError where the descriptor is no such socket, or the interface is no more.
    """

    def __init__(self, Graph graph not None, str name not None, int fd, *, uint32_t mtu=1500, macs=(), bint promiscuous=False,
                 bint offloads=True, bint merge=True, bint finish=False):
        self.macs = list(macs)
        self.everything = promiscuous or not self.macs
        self.interface = socket_prepare(fd, self.macs, self.everything, offloads, &self.takes)
        super().__init__(graph, name, fd, mtu=mtu)
        self.header = VNET_SHORT if offloads else 0
        self.budget = 1
        if finish:
            self.takes = 0
        self.merging = merge and self.takes != 0

    def set_macs(self, macs, *, uint64_t shared=0, addresses=()) -> None:
        """Take frames in for these from now on; none: every frame. Errors: OSError where the interface is no more.

        `shared`: one of them that is the host's own as well: only what is for these IP addresses, as text, and what tells of neighbors.
        """
        cdef list wanted = list(macs)
        cdef bytes code
        if self.fd >= 0:
            code = filter_of([mac for mac in wanted if mac != shared], shared, [ipaddress.ip_address(text).packed for text in addresses])
            socket_take(self.fd, self.interface, self.macs, wanted, self.everything, not wanted, code)
        self.macs, self.everything = wanted, not wanted

    @property
    def lost(self) -> int:
        """Frames that the socket's queue had no room for."""
        if self.fd >= 0:
            self.lost_before += socket_lost(self.fd)
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
            for _ in range(n - max(received, 0)):
                untake_polled(&self.head.core.arena)
            got[0] = <uint32_t>max(received, 0)
            # No more than that now: what waits is reported again.
            return n + 1
        if wire_unlikely(self.state == LINK_DOWN):
            self.become(LINK_UP)
        got[0] = <uint32_t>received
        for _ in range(n - got[0]):
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
        elif self.header and wire_unlikely(not vnet_read(&vnet, VNET_SHORT, frame) and not offload_tunnel(frame)):
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

    cdef void write_burst(self, Frame** burst, uint32_t n) noexcept nogil:
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

    cdef void refused(self, Frame* frame, int error) noexcept nogil:
        DevicePort.refused(self, frame, error)
        if self.state == LINK_DOWN:
            self.went_down()

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
        if socket_up(self.fd, self.interface, &there):
            self.become(LINK_UP)
        elif not there:
            self.become(LINK_GONE)
        else:
            set_due(&self.head, now + CHECK)
