"""The run loop: turns an Engine on real devices, in one thread, without the GIL, until told to stop.

Each round is one epoll_wait, one turn, and, rarely, Python: what was submitted, signals, and what became of links. epoll is
level-triggered, so a port reads no further than it wants, and what it left is reported again.

Adaptive polling: after a turn of one or two small frames, epoll is asked again and again for up to 10 us before the thread
sleeps, but only when the last eight sleeps were shorter than that, and until one spin was in vain. So question and answer go
back and forth without anyone being woken. A stream is never spun for: on few cores whoever spins takes the time of those who
send, which halved the rate of TCP on two.
"""

from libc.stdint cimport int64_t, uint32_t, uint64_t

from fastpath.device cimport DevicePort
from fastpath.engine cimport Engine

cdef enum:
    READY = 64                # ports reported by one epoll_wait
    EVENTS = 1024             # link events kept for Python

cdef class Loop:
    cdef readonly Engine engine
    cdef readonly bint poll           # never sleep
    cdef readonly bint running
    cdef readonly int event_fd        # readable while `events` has something
    cdef readonly uint64_t lost       # link events that nobody read in time
    cdef int epoll
    cdef int timer
    cdef int64_t armed                # when the timer fires; NEVER
    cdef int wake_read
    cdef int wake_write
    cdef uint32_t credit              # sleeps in a row that a spin would have saved
    cdef bint stopping
    cdef uint64_t changes             # of links; ports count here
    cdef uint64_t changes_told
    cdef dict ports                   # watched, by name
    cdef object submitted             # deque of (function, Future)
    cdef object link_events           # deque of LinkEvent
    cdef int unwatch(self, DevicePort port) except -1
    cdef int poke(self) except -1
    cdef int act(self) except -1
    cdef int tell_links(self) except -1
    cdef int turns(self, Engine engine) noexcept nogil
    cdef int sleep(self, Engine engine, void* events) noexcept nogil
    cdef void arm(self, int64_t due) noexcept nogil
