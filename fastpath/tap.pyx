"""Reading and writing a TAP. The namespace it lives in, its name and its addresses are somebody else's; we get the descriptor."""

import os

from libc.errno cimport EBADFD, EINVAL, errno
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memset
from posix.ioctl cimport ioctl
from posix.uio cimport iovec, writev
from posix.unistd cimport read, write

from fastpath.arena cimport LARGE, take_polled, untake_polled
from fastpath.counters cimport BAD_OFFLOAD, OVERSIZE, PORT_GONE
from fastpath.device cimport LINK_DOWN, LINK_GONE, LINK_UP, sent
from fastpath.frame cimport MAX_FRAME, Frame
from fastpath.graph cimport Graph, drop, wake
from fastpath.port cimport (
    TAKES_CSUM, TAKES_TSO4, TAKES_TSO6, TAKES_TUNNEL, TAKES_TUNNEL_CSUM, TAKES_USO4, TAKES_USO6, count_in, receive, refuse,
)
from fastpath.vnet cimport VNET_SHORT, VNET_TUNNEL, Vnet, vnet_read, vnet_write
from fastpath.wire cimport wire_likely, wire_unlikely

cdef extern from "<net/if.h>" nogil:
    cdef struct ifreq:
        char* ifr_name
        short ifr_flags

cdef extern from "<poll.h>" nogil:
    cdef struct pollfd:
        int fd
        short events
        short revents
    enum:
        POLLOUT
        POLLERR
    int poll_once "poll"(pollfd*, unsigned long, int)

cdef extern from "<linux/if_tun.h>" nogil:
    enum:
        IFF_TAP
        IFF_NO_PI
        IFF_VNET_HDR
        TUNGETIFF
        TUNSETOFFLOAD
        TUNSETVNETHDRSZ

cdef enum:
    TSO = TAKES_TSO4 | TAKES_TSO6
    USO = TAKES_USO4 | TAKES_USO6
    TUNNEL = TAKES_TUNNEL | TAKES_TUNNEL_CSUM

OFFLOADS = {
    "csum": TAKES_CSUM, "tso4": TAKES_TSO4, "tso6": TAKES_TSO6, "uso4": TAKES_USO4, "uso6": TAKES_USO6,
    "tunnel": TAKES_TUNNEL, "tunnel-csum": TAKES_TUNNEL_CSUM,
}


cdef uint32_t tap_negotiate(int fd, uint32_t wanted, uint32_t* header) except? 0xFFFFFFFF:
    cdef ifreq request
    cdef uint32_t offered
    cdef int size
    memset(&request, 0, sizeof(request))
    if ioctl(fd, TUNGETIFF, &request) < 0:
        raise OSError(errno, f"not a TAP: {os.strerror(errno)}")
    if not request.ifr_flags & IFF_TAP or not request.ifr_flags & IFF_NO_PI:
        raise OSError(EINVAL, "a TAP must be opened with IFF_TAP and IFF_NO_PI")
    header[0] = 0
    if not request.ifr_flags & IFF_VNET_HDR:
        # The kernel forgets what an earlier owner of a persistent device asked for only when told.
        ioctl(fd, TUNSETOFFLOAD, <unsigned long>0)
        return 0
    wanted = wanted & (TAKES_CSUM | TSO | USO | TUNNEL) if wanted & TAKES_CSUM else 0
    # Tunnels need all the rest; USO needs both families.
    for offered in (0xFFFFFFFF, <uint32_t>~TUNNEL, <uint32_t>~(TUNNEL | USO), <uint32_t>~(TUNNEL | USO | TSO), 0):
        offered &= wanted
        size = VNET_TUNNEL if offered & TUNNEL else VNET_SHORT
        if ioctl(fd, TUNSETVNETHDRSZ, &size) == 0 and ioctl(fd, TUNSETOFFLOAD, <unsigned long>offered) == 0:
            header[0] = <uint32_t>size
            return offered
    raise OSError(errno, f"TUNSETOFFLOAD: {os.strerror(errno)}")


cdef class TapPort(DevicePort):
    """A port on an open TAP (IFF_TAP, IFF_NO_PI; IFF_VNET_HDR for offloads), which it owns from now on.

    `offloads`: names from OFFLOADS to ask for, True for all, False for none: then `offload` completes checksums and segments
    before we write, and the kernel's stack does before we read. `merge=False`: segments are written as they come. Errors: OSError
    where the descriptor is no such TAP.
    """

    def __init__(self, Graph graph not None, str name not None, int fd, *, uint32_t mtu=1500, offloads=True, bint merge=True):
        cdef uint32_t wanted = 0
        if offloads is True:
            offloads = OFFLOADS
        for offload in offloads or ():
            if offload not in OFFLOADS:
                raise ValueError(f"no offload {offload!r}: {', '.join(OFFLOADS)}")
            wanted |= OFFLOADS[offload]
        self.takes = tap_negotiate(fd, wanted, &self.header)
        super().__init__(graph, name, fd, mtu=mtu)
        self.budget = 1
        self.merging = merge and self.takes & TSO

    @property
    def offloads(self) -> tuple[str, ...]:
        """What the kernel gave: names from OFFLOADS."""
        return tuple([offload for offload, bit in OFFLOADS.items() if self.takes & <uint32_t>bit])

    cdef void look(self) noexcept nogil:
        """A TAP that is up can be written (tun_sock_writeable in drivers/net/tun.c); one that is gone is an error."""
        cdef pollfd state
        state.fd, state.events, state.revents = self.fd, POLLOUT, 0
        if self.state == LINK_GONE or poll_once(&state, 1, 0) < 0:
            return
        if state.revents & POLLERR:
            self.become(LINK_GONE)
        else:
            self.become(LINK_UP if state.revents & POLLOUT else LINK_DOWN)

    cdef uint32_t poll(self, uint32_t room) noexcept nogil:
        cdef uint32_t limit
        cdef uint32_t n = 0
        cdef uint32_t length
        cdef uint64_t octets = 0
        cdef ssize_t got
        cdef Frame* frame
        if wire_unlikely(self.state == LINK_GONE):
            return 0
        # After a pause the first frame is likely to be alone, and asking whether there is another would delay it.
        if self.head.core.turns != self.next_turn:
            self.budget = 1
        self.next_turn = self.head.core.turns + 1
        limit = min(room, self.budget)
        while n < limit and octets < TAP_OCTETS:
            frame = take_polled(&self.head.core.arena, LARGE)
            if wire_unlikely(frame == NULL):
                wake(&self.head)
                break
            got = read(self.fd, frame.data - self.header, self.header + LARGE)
            if wire_unlikely(got < <ssize_t>self.header or got == 0):
                if self.unreadable(errno if got < 0 else EBADFD if got == 0 else EINVAL):
                    n += 1
                    refuse(self, frame, BAD_OFFLOAD)
                    continue
                untake_polled(&self.head.core.arena)
                self.budget = max(n, <uint32_t>1)
                break
            n += 1
            length = <uint32_t>got - self.header
            octets += length
            frame.head = frame.length = length
            if wire_unlikely(length > MAX_FRAME):
                refuse(self, frame, OVERSIZE)
            elif self.header and wire_unlikely(not vnet_read(<Vnet*>(frame.data - self.header), self.header, frame)):
                refuse(self, frame, BAD_OFFLOAD)
            else:
                receive(self, frame)
        else:
            self.budget = min(2 * self.budget, <uint32_t>TAP_BURST)
        count_in(self, n, octets)
        return n

    cdef int write_parts(self, Frame* frame) noexcept nogil:
        """Header, head and tail from where they are: a clone's tail is elsewhere, and pushed headers may have used up the room."""
        cdef uint8_t[VNET_TUNNEL] vnet
        cdef iovec[3] parts
        cdef int n = 0
        if self.header:
            vnet_write(vnet, self.header, frame)
            parts[n].iov_base = vnet
            parts[n].iov_len = self.header
            n += 1
        parts[n].iov_base = frame.data
        parts[n].iov_len = frame.head
        n += 1
        if frame.tail != NULL:
            parts[n].iov_base = <void*>frame.tail
            parts[n].iov_len = frame.length - frame.head
            n += 1
        return 0 if writev(self.fd, parts, n) >= 0 else errno

    cdef void write_burst(self, Frame** burst, uint32_t n) noexcept nogil:
        cdef uint32_t i
        cdef uint32_t done = 0
        cdef uint64_t octets = 0
        cdef Frame* frame
        cdef int error
        for i in range(n):
            frame = burst[i]
            if wire_unlikely(self.state == LINK_GONE):
                drop(&self.head, frame, PORT_GONE)
                continue
            if wire_likely(frame.tail == NULL and frame.room >= VNET_TUNNEL):
                if self.header:
                    vnet_write(frame.data - self.header, self.header, frame)
                error = 0 if write(self.fd, frame.data - self.header, self.header + frame.length) >= 0 else errno
            else:
                error = self.write_parts(frame)
            if wire_unlikely(error):
                self.refused(frame, error)
                continue
            done += 1
            octets += frame.length
        sent(self, done, octets)
