"""The bare loop: forwards between two TAPs and does nothing else. What it reaches is the ceiling of any TAP design on this machine.

It reads and writes with the same offloads as a `TapPort` and in the same bursts, and sleeps in epoll between; there are no
frames, no nodes and no counters. Live benchmarks compare with it.
"""

import os

from libc.errno cimport EINTR, errno
from libc.stdint cimport uint32_t
from libc.stdlib cimport free, malloc
from posix.unistd cimport read, write

from fastpath.arena cimport LARGE
from fastpath.epoll cimport EPOLLERR, EPOLLIN, EPOLL_CTL_ADD, epoll_create1, epoll_ctl, epoll_event, epoll_wait
from fastpath.tap cimport TAP_BURST, TAP_OCTETS, tap_negotiate


cdef int carry(int epoll, int* fds, char* slot, uint32_t header) noexcept nogil:
    """Read, write, sleep; until the third descriptor is readable or a TAP fails: 0, or the errno of epoll."""
    cdef epoll_event[3] events
    cdef uint32_t[2] budgets
    cdef uint32_t n, which
    cdef ssize_t got, octets
    cdef int ready, i
    budgets[0] = budgets[1] = 1
    while True:
        ready = epoll_wait(epoll, events, 3, -1)
        if ready < 0 and errno != EINTR:
            return errno
        for i in range(ready):
            which = events[i].data.u32
            if which == 2 or events[i].events & EPOLLERR:
                return 0
            n = 0
            octets = 0
            while n < budgets[which] and octets < TAP_OCTETS:
                got = read(fds[which], slot, header + LARGE)
                if got <= 0:
                    budgets[which] = 1
                    break
                write(fds[1 - which], slot, got)
                octets += got
                n += 1
            else:
                budgets[which] = min(2 * budgets[which], <uint32_t>TAP_BURST)


def forward(int first, int second, int stop) -> None:
    """Forward between two open TAPs until `stop`, a pipe's end, is readable. The descriptors stay the caller's."""
    cdef int[3] fds
    cdef uint32_t[2] headers
    cdef epoll_event interest
    cdef int error
    cdef uint32_t i
    cdef int epoll
    cdef char* slot
    fds[0], fds[1], fds[2] = first, second, stop
    if tap_negotiate(first, 0xFFFFFFFF, &headers[0]) != tap_negotiate(second, 0xFFFFFFFF, &headers[1]) or headers[0] != headers[1]:
        raise ValueError("the TAPs differ in what they offer")
    epoll = epoll_create1(0)
    if epoll < 0:
        raise OSError(errno, os.strerror(errno))
    slot = <char*>malloc(headers[0] + LARGE)
    try:
        for i in range(3):
            os.set_blocking(fds[i], False)
            interest.events = EPOLLIN
            interest.data.u32 = i
            if epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &interest) < 0:
                raise OSError(errno, os.strerror(errno))
        with nogil:
            error = carry(epoll, fds, slot, headers[0])
        if error:
            raise OSError(error, os.strerror(error))
    finally:
        free(slot)
        os.close(epoll)
