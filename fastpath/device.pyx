"""errno to drop reason: never a wait, never a second try. Whoever sends again is the protocol above."""

import os

from libc.errno cimport (
    EAGAIN, EBADF, EBADFD, EFAULT, EINTR, EINVAL, EIO, ENETDOWN, ENOBUFS, ENODEV, ENOMEM, ENXIO, errno,
)
from libc.stdint cimport uint8_t, uint32_t
from posix.uio cimport iovec, writev
from posix.unistd cimport close

from fastpath.counters cimport PORT_DOWN, PORT_GONE, QUEUE_FULL, WRITE_REFUSED
from fastpath.frame cimport Frame
from fastpath.graph cimport Graph, drop
from fastpath.merge cimport MERGE_HEADERS, MERGE_PARTS, Merge, merge_plan, merge_run, merge_worthwhile
from fastpath.vnet cimport VNET_TUNNEL, vnet_write
from fastpath.wire cimport wire_unlikely


cdef class DevicePort(Port):
    """Owns `fd` from now on: made non-blocking here, closed by `close`, or with the port."""

    def __cinit__(self, *args, **kwargs):
        self.fd = -1

    def __init__(self, Graph graph not None, str name not None, int fd, *, uint32_t mtu=1500):
        os.set_blocking(fd, False)
        super().__init__(graph, name, mtu=mtu)
        self.fd = fd

    def __dealloc__(self):
        if self.fd >= 0:
            close(self.fd)

    def close(self) -> None:
        """Give the descriptor back to the kernel, between turns; the port is gone then. A second call does nothing."""
        if self.loop is not None:
            # A copy of the descriptor elsewhere would keep it in the loop's epoll, and nobody could take it out again.
            self.loop.remove(self)
        if self.fd >= 0:
            close(self.fd)
            self.fd = -1
            self.become(LINK_GONE)

    @property
    def link(self) -> str:
        """`up`, `down` or `gone`: as far as traffic, or the run loop's last look, has shown."""
        return ("up", "down", "gone")[<int>self.state]

    def named_counters(self) -> dict[str, int]:
        """`merged`: TCP segments that were written in one piece with an earlier one."""
        return {"merged": self.merged}

    cdef void become(self, Link state) noexcept nogil:
        """A change of state, for the run loop to tell. From gone there is no way back."""
        if self.state != state and self.state != LINK_GONE:
            self.state = state
            if self.changes != NULL:
                self.changes[0] += 1

    cdef void look(self) noexcept nogil:
        """Learn the state without writing. Here: nothing is learned."""

    cdef void refused(self, Frame* frame, int error) noexcept nogil:
        """The end of a frame that the kernel did not take."""
        if error in (EAGAIN, ENOBUFS, ENOMEM):
            drop(&self.head, frame, QUEUE_FULL)
        elif error in (EIO, ENETDOWN):
            self.become(LINK_DOWN)
            drop(&self.head, frame, PORT_DOWN)
        elif error in (EBADFD, EBADF, ENODEV, ENXIO):
            self.become(LINK_GONE)
            drop(&self.head, frame, PORT_GONE)
        else:
            drop(&self.head, frame, WRITE_REFUSED)

    cdef bint unreadable(self, int error) noexcept nogil:
        """A read failed: True if it took a frame from the queue nevertheless (the kernel could not describe or copy it).

        An error that we do not know means gone: reading on could spin for ever.
        """
        if error in (EINVAL, EFAULT):
            return True
        if error == ENETDOWN:
            self.become(LINK_DOWN)
        elif error != EAGAIN and error != EINTR:
            self.become(LINK_GONE)
        return False

    # -- sending --------------------------------------------------------------------------------------------------------

    cdef void transmit(self, Frame** burst, uint32_t n) noexcept nogil:
        if wire_unlikely(n > 1 and self.merging and merge_worthwhile(burst, n)):
            self.transmit_merged(burst, n)
        else:
            self.write_burst(burst, n)

    cdef void write_burst(self, Frame** burst, uint32_t n) noexcept nogil:
        """Every port has its own way; this one has none."""
        Port.transmit(self, burst, n)

    cdef int write_run(self, const Merge* merge, Frame** burst, uint32_t i) noexcept nogil:
        """A run of segments as one super-frame: headers of its own, the payloads from where they are."""
        cdef uint8_t[VNET_TUNNEL + MERGE_HEADERS] headers
        cdef iovec[1 + MERGE_PARTS] parts
        cdef Frame whole
        cdef uint32_t n = merge_run(merge, burst, i, &whole, headers + VNET_TUNNEL, parts + 1)
        vnet_write(whole.data - self.header, self.header, &whole)
        parts[0] = iovec(whole.data - self.header, self.header + whole.head)
        if wire_unlikely(writev(self.fd, parts, <int>n + 1) < 0):
            return errno
        sent(self, 1, whole.length)
        return 0

    cdef void transmit_merged(self, Frame** burst, uint32_t n) noexcept nogil:
        """Runs of segments as one, everything else as it is, in the order of what comes first."""
        cdef Merge merge
        cdef uint32_t fewer = merge_plan(&merge, burst, n, self.takes)
        cdef uint32_t first = 0
        cdef uint32_t i
        cdef int error
        self.merged += fewer
        self.head.counters.consumed += fewer
        for i in range(n):
            if not merge.follows[i] and merge.runs[i].segments == 1:
                continue
            # What came before it goes first; what went with an earlier one is gone.
            if i > first:
                self.write_burst(burst + first, i - first)
            first = i + 1
            if merge.follows[i]:
                continue
            if wire_unlikely(self.state == LINK_GONE):
                drop(&self.head, burst[i], PORT_GONE)
                continue
            error = self.write_run(&merge, burst, i)
            if wire_unlikely(error):
                self.refused(burst[i], error)
        if n > first:
            self.write_burst(burst + first, n - first)
