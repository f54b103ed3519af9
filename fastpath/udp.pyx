"""Receiving on UDP sockets: recvmmsg with UDP_GRO (udp(7)). Sending: udpsender."""

import ipaddress

cimport cython

from libc.errno cimport EBADF, errno
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memset
from posix.uio cimport iovec
from posix.unistd cimport close

from fastpath.arena cimport SMALL, take_polled
from fastpath.counters cimport BAD_OFFLOAD
from fastpath.device cimport LINK_GONE
from fastpath.frame cimport Frame
from fastpath.graph cimport Graph, wake
from fastpath.port cimport count_in, receive, refuse
from fastpath.udparrived cimport Arrived, arrived_length, arrived_next, arrived_read
from fastpath.udpcontrol cimport CONTROL, MSG_DONTWAIT, NAME, mmsghdr, recvmmsg
from fastpath.udppaths cimport paths_tell
from fastpath.udpsender cimport UdpSender
from fastpath.udpsocket cimport SENDERS_MAX, port_of, socket_drops, socket_join, sockets_prepare, sockets_watched
from fastpath.wire cimport wire_unlikely


@cython.final
cdef class UdpPort(UdpSender):
    """A port on the sockets that `open_udp` opened, which it owns from now on. `mac`: the Vtep's, to which all is addressed.

    `mtu`: octets of an outer IP packet. Errors: OSError where the descriptors are no such sockets.
    """

    def __cinit__(self, *args, **kwargs):
        self.receivers[0] = self.receivers[1] = -1

    def __init__(self, Graph graph not None, str name not None, fds, *, uint64_t mac, uint32_t mtu=1500):
        try:
            self.port = sockets_prepare(list(fds), self.receivers, self.senders, self.n_senders, self.own)
        except BaseException:
            # They stay the caller's.
            self.receivers[0] = self.receivers[1] = -1
            self.n_senders[0] = self.n_senders[1] = 0
            raise
        self.memory = <uint8_t*>malloc(UDP_BATCH * UDP_PLACE)
        if self.memory == NULL:
            raise MemoryError(f"{name}: datagrams")
        self.mac = mac
        self.budget = 1
        super().__init__(graph, name, sockets_watched(self.receivers), mtu=mtu)

    def __dealloc__(self):
        self.close_receivers()
        free(self.memory)

    cdef void close_receivers(self) noexcept:
        cdef uint32_t family
        for family in range(2):
            if self.receivers[family] >= 0 and self.receivers[family] != self.fd:
                close(self.receivers[family])
            self.receivers[family] = -1

    def close(self) -> None:
        """As DevicePort.close, all sockets."""
        if self.fd >= 0:
            self.close_receivers()
            self.close_senders()
        super().close()

    def join(self, str group not None, bint join=True) -> None:
        """Receive what is sent to this multicast group, or no longer. Needs sockets opened with groups. Errors: OSError."""
        address = ipaddress.ip_address(group)
        socket_join(self.receivers[0 if address.version == 4 else 1], address, join)

    @property
    def lost(self) -> int:
        """Datagrams that the queues had no room for."""
        return sum(socket_drops(fd) for fd in self.receivers if fd >= 0)

    @property
    def ports(self) -> list[int]:
        """The source ports, IPv4's first."""
        return [port_of(self.senders[family * SENDERS_MAX + i]) for family in range(2) for i in range(self.n_senders[family])]

    def named_counters(self) -> dict[str, int]:
        """Datagrams that came in one piece with others (joined) and went so (segmented); ICMP errors about peers and lengths."""
        return {"joined": self.joined, "segmented": self.segmented, "unreachable": self.unreachable, "too big": self.path_too_big}

    # -- receiving ------------------------------------------------------------------------------------------------------

    cdef uint32_t poll(self, uint32_t room) noexcept nogil:
        cdef uint32_t n = 0
        cdef uint32_t wanted, family, i
        cdef uint64_t octets = 0, together = 0
        cdef Arrived* arrived
        cdef Frame* frame
        if wire_unlikely(self.state == LINK_GONE):
            return 0
        # As in TapPort: after a pause the first is likely to be alone.
        if self.head.core.turns != self.next_turn:
            self.budget = 1
        if wire_unlikely(self.paths.n):
            n = self.tell_paths(room, &octets)
        self.next_turn = self.head.core.turns + 1
        if self.next_arrived == self.n_arrived:
            # Nothing refers to the memory any longer: what was in it became frames in an earlier turn.
            self.next_arrived = self.n_arrived = 0
            wanted = self.budget
            for family in range(2):
                if self.receivers[family] >= 0 and self.n_arrived < wanted:
                    self.receive_from(family, wanted - self.n_arrived)
            for i in range(self.n_arrived):
                together += self.arrived[i].octets
            if together > UDP_OCTETS:
                self.budget = max(wanted // 2, <uint32_t>1)
            elif self.n_arrived == wanted:
                self.budget = min(2 * wanted, <uint32_t>UDP_BATCH)
            else:
                self.budget = max(self.n_arrived, <uint32_t>1)
        while self.next_arrived < self.n_arrived and n < room:
            arrived = &self.arrived[self.next_arrived]
            frame = take_polled(&self.head.core.arena, SMALL)
            if wire_unlikely(frame == NULL):
                break
            octets += arrived_length(arrived)
            arrived_next(arrived, frame, self.memory + self.next_arrived * UDP_PLACE, self.mtu)
            if wire_unlikely(arrived.header == 0):
                refuse(self, frame, BAD_OFFLOAD)
            else:
                receive(self, frame)
            n += 1
            if arrived.done == arrived.octets:
                self.next_arrived += 1
        if self.next_arrived < self.n_arrived:
            wake(&self.head)
        count_in(self, n, octets)
        return n

    cdef uint32_t tell_paths(self, uint32_t room, uint64_t* octets) noexcept nogil:
        """Errors about what was too big enter as if from a router; how many."""
        cdef uint32_t n = 0
        cdef Frame* frame
        while self.paths.n and n < room:
            frame = take_polled(&self.head.core.arena, SMALL)
            if frame == NULL:
                break
            paths_tell(&self.paths, frame, &self.own[16 * self.paths.all[self.paths.n - 1].family], self.mac, self.port)
            octets[0] += frame.length
            receive(self, frame)
            n += 1
        if self.paths.n:
            wake(&self.head)
        return n

    cdef void receive_from(self, uint32_t family, uint32_t wanted) noexcept nogil:
        cdef mmsghdr[UDP_BATCH] messages
        cdef iovec[UDP_BATCH] parts
        cdef uint8_t[UDP_BATCH * CONTROL] control
        cdef uint8_t[UDP_BATCH * NAME] names
        cdef uint32_t first = self.n_arrived
        cdef uint32_t i
        cdef int got
        cdef Arrived* arrived
        for i in range(wanted):
            parts[i].iov_base = self.memory + (first + i) * UDP_PLACE
            parts[i].iov_len = UDP_PLACE
            memset(&messages[i], 0, sizeof(mmsghdr))
            messages[i].msg_hdr.msg_name = &names[i * NAME]
            messages[i].msg_hdr.msg_namelen = NAME
            messages[i].msg_hdr.msg_iov = &parts[i]
            messages[i].msg_hdr.msg_iovlen = 1
            messages[i].msg_hdr.msg_control = &control[i * CONTROL]
            messages[i].msg_hdr.msg_controllen = CONTROL
        got = recvmmsg(self.receivers[family], messages, wanted, MSG_DONTWAIT, NULL)
        if got <= 0:
            if got < 0 and errno == EBADF:
                self.become(LINK_GONE)
            return
        for i in range(<uint32_t>got):
            arrived = &self.arrived[first + i]
            arrived_read(arrived, messages[i].msg_len, family, &messages[i].msg_hdr, self.mac, self.port)
            if arrived.size < arrived.octets:
                self.joined += (arrived.octets + arrived.size - 1) // arrived.size
        self.n_arrived += <uint32_t>got
