"""errno to drop reason: never a wait, never a second try. Whoever sends again is the protocol above."""

import os

from libc.errno cimport EAGAIN, EBADF, EBADFD, EFAULT, EINTR, EINVAL, EIO, ENETDOWN, ENOBUFS, ENODEV, ENOMEM, ENXIO
from libc.stdint cimport uint32_t
from posix.unistd cimport close

from fastpath.counters cimport PORT_DOWN, PORT_GONE, QUEUE_FULL, WRITE_REFUSED
from fastpath.frame cimport Frame
from fastpath.graph cimport Graph, drop


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
