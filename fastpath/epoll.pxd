"""epoll(7), as the run loop and the bare loop use it."""

from libc.stdint cimport uint32_t

cdef extern from "<sys/epoll.h>" nogil:
    cdef union epoll_data:
        void* ptr
        uint32_t u32
    cdef struct epoll_event:
        uint32_t events
        epoll_data data
    enum:
        EPOLLIN
        EPOLLERR
        EPOLL_CLOEXEC
        EPOLL_CTL_ADD
        EPOLL_CTL_DEL
    int epoll_create1(int)
    int epoll_ctl(int, int, int, epoll_event*)
    int epoll_wait(int, epoll_event*, int, int)
