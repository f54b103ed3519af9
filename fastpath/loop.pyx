"""Time here is CLOCK_MONOTONIC in ns: it never goes back, and frames carry no date. Captures add the date's offset themselves."""

import os
import signal
import threading
from collections import deque
from concurrent.futures import Future
from typing import NamedTuple

from cpython.exc cimport PyErr_CheckSignals
from libc.errno cimport EINTR, errno
from libc.stdint cimport int64_t, uint64_t
from libc.string cimport memset
from posix.unistd cimport close, read

from fastpath.arena cimport SMALL, Slots
from fastpath.clock cimport (
    CLOCK_MONOTONIC, SECOND, TFD_CLOEXEC, TFD_NONBLOCK, TFD_TIMER_ABSTIME, clock, itimerspec, timerfd_create, timerfd_settime,
)
from fastpath.device cimport DevicePort, LINK_GONE
from fastpath.engine cimport Engine
from fastpath.epoll cimport (
    EPOLLIN, EPOLL_CLOEXEC, EPOLL_CTL_ADD, EPOLL_CTL_DEL, epoll_create1, epoll_ctl, epoll_event, epoll_wait,
)
from fastpath.graph cimport Head, NEVER, wake

cdef enum:
    SPIN = 10_000             # ns
    CREDIT = 8                # sleeps in a row that a spin would have saved, before we spin


class LinkEvent(NamedTuple):
    """What became of a port's link: `kind` is "link up", "link down" or "port gone", `time` ns as the engine counts it."""

    time: int
    port: str
    kind: str


cdef inline bint lone(Engine engine) noexcept nogil:
    """The turn was about one small frame or two: somebody waits for the answer, rather than for the end of a stream."""
    cdef Slots* large = &engine.core.arena.large
    # Not every port takes large slots.
    return engine.core.arena.families <= 2 and large.used <= 2 and (large.used == 0 or large.frames[large.used - 1].length <= SMALL)


cdef class Loop:
    """Turns the engine as frames and timers come. `poll=True` never sleeps: less latency where a core is to spare.

    `run` belongs to one thread, and so does all that touches the engine or `add`s and `remove`s ports while it runs: hand that
    to `submit`. Errors: OSError where no descriptor is left.
    """

    def __cinit__(self, *args, **kwargs):
        self.epoll = self.timer = self.wake_read = self.wake_write = self.event_fd = -1
        self.armed = NEVER

    def __init__(self, Engine engine not None, *, bint poll=False):
        cdef epoll_event interest
        self.engine = engine
        self.poll = poll
        self.ports = {}
        self.submitted = deque()
        self.link_events = deque(maxlen=EVENTS)
        self.epoll = epoll_create1(EPOLL_CLOEXEC)
        self.timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)
        if self.epoll < 0 or self.timer < 0:
            raise OSError(errno, os.strerror(errno))
        # A pipe, because that is what Python's signal module can write to as well.
        self.wake_read, self.wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self.event_fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        interest.events = EPOLLIN
        interest.data.ptr = NULL
        if epoll_ctl(self.epoll, EPOLL_CTL_ADD, self.wake_read, &interest) < 0:
            raise OSError(errno, os.strerror(errno))
        interest.data.ptr = &self.armed
        if epoll_ctl(self.epoll, EPOLL_CTL_ADD, self.timer, &interest) < 0:
            raise OSError(errno, os.strerror(errno))

    def __dealloc__(self):
        for fd in (self.epoll, self.timer, self.wake_read, self.wake_write, self.event_fd):
            if fd >= 0:
                close(fd)

    # -- ports ----------------------------------------------------------------------------------------------------------

    def add(self, DevicePort port not None) -> None:
        """Watch the port's descriptor from now on. Errors: ValueError, as for a port that is known to be gone; OSError."""
        cdef epoll_event interest
        if port.loop is not None:
            raise ValueError(f"{port.name} is watched already")
        if port.graph is not self.engine:
            raise ValueError(f"{port.name} is a port of another engine")
        if port.reported == LINK_GONE:
            # Told already: nobody would take it out, and it is ready for ever.
            raise ValueError(f"{port.name} is gone")
        interest.events = EPOLLIN
        interest.data.ptr = &port.head
        if epoll_ctl(self.epoll, EPOLL_CTL_ADD, port.fd, &interest) < 0:
            raise OSError(errno, f"{port.name}: {os.strerror(errno)}")
        self.ports[port.name] = port
        port.loop = self
        port.changes = &self.changes
        if port.state != port.reported:
            self.changes += 1

    def remove(self, DevicePort port not None) -> None:
        """Watch it no longer. Before `Engine.remove` and `close`; a port that is gone is removed already, which is fine."""
        if port.loop is self:
            self.tell_links()
        if port.loop is self:
            self.unwatch(port)

    def look(self) -> None:
        """Ask the kernel for the state of every link, which traffic alone may show late; what has changed becomes an event."""
        for port in self.ports.values():
            (<DevicePort>port).look()
        self.tell_links()

    cdef int unwatch(self, DevicePort port) except -1:
        del self.ports[port.name]
        port.loop = None
        port.changes = NULL
        epoll_ctl(self.epoll, EPOLL_CTL_DEL, port.fd, NULL)
        return 0

    # -- from any thread ------------------------------------------------------------------------------------------------

    def submit(self, function) -> Future:
        """Have the function called in the loop's thread between turns; the Future gets what it returns or raises.

        Before `run` it waits; what is left when `run` ends is cancelled.
        """
        future = Future()
        self.submitted.append((function, future))
        self.poke()
        return future

    def stop(self) -> None:
        """Have `run` return after the turn that is under way, or at once if it begins later."""
        self.stopping = True
        self.poke()

    def events(self) -> list[LinkEvent]:
        """The link events since the last call, oldest first; of more than 1,024 the oldest are counted as `lost`."""
        try:
            os.eventfd_read(self.event_fd)
        except BlockingIOError:
            pass
        told = []
        while self.link_events:
            told.append(self.link_events.popleft())
        return told

    cdef int poke(self) except -1:
        try:
            os.write(self.wake_write, b"!")
        except BlockingIOError:
            pass  # full: it is about to wake anyway
        return 0

    # -- the loop -------------------------------------------------------------------------------------------------------

    def run(self, *, bint signals=True) -> None:
        """Turn until `stop`. In the main thread, and with `signals`, SIGINT and SIGTERM stop it too, cleanly.

        An exception that another signal's handler raises ends it and is passed on.
        """
        cdef Engine engine = self.engine
        cdef int error = 0
        if self.running:
            raise RuntimeError("the loop runs already")
        self.running = True
        restore = self._take_signals() if signals and threading.current_thread() is threading.main_thread() else None
        try:
            while not error:
                self.act()
                if self.stopping:
                    break
                engine.measure_fanout()
                with nogil:
                    error = self.turns(engine)
                self.tell_links()
                PyErr_CheckSignals()
            if error:
                raise OSError(error, f"epoll_wait: {os.strerror(error)}")
        finally:
            if restore is not None:
                restore()
            self.running = self.stopping = False
            while self.submitted:
                self.submitted.popleft()[1].cancel()

    def _take_signals(self):
        """SIGINT and SIGTERM stop us, and any signal wakes us; returns what undoes this."""
        before = {number: signal.signal(number, lambda *_: self.stop()) for number in (signal.SIGINT, signal.SIGTERM)}
        fd = signal.set_wakeup_fd(self.wake_write, warn_on_full_buffer=False)

        def restore():
            signal.set_wakeup_fd(fd)
            for number, handler in before.items():
                signal.signal(number, handler if handler is not None else signal.SIG_DFL)

        return restore

    cdef int act(self) except -1:
        """Do what was submitted; once round, so that work that submits more cannot keep the frames waiting."""
        try:
            while len(os.read(self.wake_read, 4096)) == 4096:
                pass
        except BlockingIOError:
            pass
        for _ in range(len(self.submitted)):
            function, future = self.submitted.popleft()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(function())
            except BaseException as error:
                future.set_exception(error)
        return 0

    cdef int tell_links(self) except -1:
        """Turn changes of links into events; ports that are gone are watched no longer, or epoll would report them for ever."""
        if self.changes == self.changes_told:
            return 0
        self.changes_told = self.changes
        for port in list(self.ports.values()):
            if (<DevicePort>port).state == (<DevicePort>port).reported:
                continue
            (<DevicePort>port).reported = (<DevicePort>port).state
            if len(self.link_events) == EVENTS:
                self.lost += 1
            self.link_events.append(
                LinkEvent(self.engine.core.now, port.name, ("link up", "link down", "port gone")[<int>(<DevicePort>port).state])
            )
            os.eventfd_write(self.event_fd, 1)
            if (<DevicePort>port).state == LINK_GONE:
                self.unwatch(port)
        return 0

    cdef int turns(self, Engine engine) noexcept nogil:
        """Turns until Python is wanted: 0; or the errno that ended it."""
        cdef epoll_event[READY] events
        cdef bint wanted = False
        cdef uint64_t expirations
        cdef int n, i
        while not wanted and self.changes == self.changes_told:
            n = self.sleep(engine, events)
            if n < 0:
                return 0 if errno == EINTR else errno
            for i in range(n):
                if events[i].data.ptr == NULL:
                    wanted = True
                elif events[i].data.ptr == &self.armed:
                    self.armed = NEVER
                    read(self.timer, &expirations, sizeof(expirations))
                else:
                    wake(<Head*>events[i].data.ptr)
            engine.turn_nogil(max(engine.core.now, clock()))
        return 0

    cdef int sleep(self, Engine engine, void* events) noexcept nogil:
        """Wait for ports, timers or Python; how many have come, or -1."""
        cdef epoll_event* ready = <epoll_event*>events
        cdef int64_t before
        cdef int n
        if engine.core.due < self.armed:
            self.arm(engine.core.due)
        if self.poll or engine.core.first_ready != NULL:
            return epoll_wait(self.epoll, ready, READY, 0)
        if not lone(engine):
            self.credit = 0
        before = clock()
        if self.credit == CREDIT:
            while True:
                n = epoll_wait(self.epoll, ready, READY, 0)
                if n:
                    return n
                if clock() - before > SPIN:
                    break
            self.credit = 0
        n = epoll_wait(self.epoll, ready, READY, -1)
        if clock() - before > SPIN:
            self.credit = 0
        elif self.credit < CREDIT:
            self.credit += 1
        return n

    cdef void arm(self, int64_t due) noexcept nogil:
        """The timer wakes us at `due`. A timeout for epoll_wait would be set and cleared at every sleep, which costs more than a read."""
        cdef itimerspec setting
        memset(&setting, 0, sizeof(setting))
        # A time of 0 would disarm it.
        due = max(due, <int64_t>1)
        setting.it_value.tv_sec = due // SECOND
        setting.it_value.tv_nsec = due % SECOND
        timerfd_settime(self.timer, TFD_TIMER_ABSTIME, &setting, NULL)
        self.armed = due
