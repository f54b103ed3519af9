"""Blocking writes of whole buffers; the first error is kept and told when the file is closed."""

import os

from libc.errno cimport EINTR, ENOMEM, errno
from libc.stdint cimport uint32_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy
from posix.unistd cimport close, write


cdef bint write_all(Sink* sink, const char* octets, size_t n) noexcept nogil:
    cdef ssize_t written
    while n and not sink.error:
        written = write(sink.fd, octets, n)
        if written >= 0:
            octets += written
            n -= written
        elif errno != EINTR:
            sink.error = errno
    return sink.error == 0


cdef bint sink_flush(Sink* sink) noexcept nogil:
    cdef uint32_t n = sink.used
    sink.used = 0
    return write_all(sink, sink.buffer, n)


cdef bint sink_has_room(Sink* sink, uint32_t n) noexcept nogil:
    """n octets fit in the buffer now; it is written out to make room."""
    if sink.buffer == NULL:
        sink.buffer = <char*>malloc(SINK_BUFFER)
        if sink.buffer == NULL:
            sink.error = ENOMEM
            return False
    if sink.used + n > SINK_BUFFER and not sink_flush(sink):
        return False
    return n <= SINK_BUFFER and sink.error == 0


cdef bint sink_put(Sink* sink, const void* octets, uint32_t n) noexcept nogil:
    if sink_has_room(sink, n):
        memcpy(sink.buffer + sink.used, octets, n)
        sink.used += n
        return True
    return sink.error == 0 and write_all(sink, <const char*>octets, n)


cdef int sink_open(Sink* sink, path) except -1:
    """Make the file, or empty it. Errors: OSError."""
    sink.fd = -1
    sink.fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
    return 0


cdef int sink_close(Sink* sink, path) except -1:
    cdef int error
    if sink.fd < 0:
        return 0
    sink_flush(sink)
    if close(sink.fd) < 0 and not sink.error:
        sink.error = errno
    error = sink.error
    sink.fd = -1
    if error:
        raise OSError(error, os.strerror(error), os.fspath(path))
    return 0


cdef void sink_abandon(Sink* sink) noexcept:
    """The owner goes: what was not flushed is lost."""
    if sink.fd >= 0:
        close(sink.fd)
    sink.fd = -1
    free(sink.buffer)
    sink.buffer = NULL
