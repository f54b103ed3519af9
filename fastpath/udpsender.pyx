"""Sending on UDP sockets: sendmmsg with UDP_SEGMENT (udp(7))."""

from libc.errno cimport EAGAIN, EBADF, EINVAL, EIO, EMSGSIZE, ENOBUFS, ENOMEM, errno
from libc.stdint cimport uint8_t, uint16_t, uint32_t
from libc.string cimport memcmp
from posix.unistd cimport close

from fastpath.counters cimport MTU, NO_ROUTE, SPOOFED_SOURCE, Reason
from fastpath.device cimport LINK_GONE, DevicePort, sent
from fastpath.frame cimport NEEDS_CSUM, OUTER_CSUM, Frame
from fastpath.graph cimport drop, wake
from fastpath.offload cimport WILL_DO, Segmenter, segmenter_begin, segmenter_next
from fastpath.udpcontrol cimport (
    CONTROL, MSG_DONTWAIT, NAME, control_errors, control_reason, control_write, mmsghdr, sendmmsg, sendmsg,
)
from fastpath.udpmessages cimport (
    NO_MESSAGE, Datagram, Message, datagram_read, message_single, messages_add, messages_clear, messages_free, messages_init,
)
from fastpath.udpsocket cimport SENDERS_MAX
from fastpath.wire cimport wire_likely, wire_unlikely

cdef enum:
    SENT = 16                     # messages in one system call


cdef class UdpSender(DevicePort):
    """The half of a UdpPort that sends."""

    def __cinit__(self, *args, **kwargs):
        messages_init(&self.messages, 2 * SENDERS_MAX)

    def __dealloc__(self):
        self.close_senders()
        messages_free(&self.messages)

    cdef void close_senders(self) noexcept:
        cdef uint32_t family, i
        for family in range(2):
            for i in range(self.n_senders[family]):
                close(self.senders[family * SENDERS_MAX + i])
            self.n_senders[family] = 0

    cdef void process(self, Frame** burst, uint32_t n) noexcept nogil:
        cdef Segmenter segmenter
        cdef Frame* frame
        cdef Frame* segment
        cdef uint32_t i
        cdef int reason
        for i in range(n):
            frame = burst[i]
            if wire_unlikely(not self.fits(frame)):
                drop(&self.head, frame, MTU)
            elif wire_likely(not frame.gso_type and not frame.flags & NEEDS_CSUM):
                self.add(frame, frame, False)
            else:
                # The outer checksum is the kernel's.
                frame.flags &= ~OUTER_CSUM
                reason = segmenter_begin(&segmenter, frame)
                if reason != WILL_DO:
                    drop(&self.head, frame, <Reason>reason)
                    continue
                self.head.counters.cloned += segmenter.count - 1
                segment = segmenter_next(&segmenter)
                while segment != NULL:
                    self.add(segment, frame, True)
                    segment = segmenter_next(&segmenter)
        self.flush()

    cdef void add(self, Frame* frame, Frame* source, bint copy) noexcept nogil:
        cdef Datagram datagram
        cdef int reason = datagram_read(&datagram, frame)
        cdef uint32_t family
        cdef uint16_t socket
        if wire_unlikely(reason != WILL_DO):
            drop(&self.head, source, <Reason>reason)
            return
        family = 0 if datagram.version == 4 else 1
        if wire_unlikely(self.n_senders[family] == 0 or memcmp(datagram.source, &self.own[16 * family], 4 if family == 0 else 16)):
            drop(&self.head, source, SPOOFED_SOURCE if self.n_senders[family] else NO_ROUTE)
            return
        socket = <uint16_t>(family * SENDERS_MAX + ((datagram.source_port & 0x3FFF) * self.n_senders[family] >> 14))
        if not messages_add(&self.messages, socket, &datagram, frame, source, copy):
            self.flush()
            messages_add(&self.messages, socket, &datagram, frame, source, copy)

    cdef void flush(self) noexcept nogil:
        cdef uint32_t i
        for i in range(self.messages.n_sockets):
            self.send_all(self.messages.sockets[i])
        messages_clear(&self.messages)

    cdef void send_all(self, uint16_t socket) noexcept nogil:
        cdef mmsghdr[SENT] headers
        cdef uint8_t[SENT * CONTROL] control
        cdef uint8_t[SENT * NAME] names
        cdef Message* messages[SENT]
        cdef int fd = self.senders[socket]
        cdef uint16_t at = self.messages.first[socket]
        cdef uint32_t count, done, i
        cdef int result
        while at != NO_MESSAGE:
            count = 0
            while at != NO_MESSAGE and count < SENT:
                messages[count] = &self.messages.all[at]
                control_write(&headers[count], messages[count], &names[count * NAME], &control[count * CONTROL])
                at = messages[count].next
                count += 1
            done = 0
            while done < count:
                result = sendmmsg(fd, &headers[done], count - done, MSG_DONTWAIT)
                if wire_unlikely(result <= 0):
                    # The first of them was refused; the others have not been tried.
                    self.unsent(fd, &headers[done], messages[done], errno)
                    done += 1
                    continue
                for i in range(done, done + <uint32_t>result):
                    self.told_sent(messages[i])
                done += <uint32_t>result
                if wire_unlikely(done < count):
                    # The next was refused, and is tried again: if for an error that has come meanwhile, that is forgotten now.
                    self.hear_errors(fd)

    cdef void told_sent(self, Message* message) noexcept nogil:
        sent(self, message.segments, message.octets + message.headers)
        self.segmented += message.segments if message.segments > 1 else 0

    cdef uint32_t hear_errors(self, int fd) noexcept nogil:
        cdef uint32_t n = control_errors(fd, &self.unreachable, &self.path_too_big, &self.paths)
        if self.paths.n:
            wake(&self.head)
        return n

    cdef void unsent(self, int fd, mmsghdr* header, Message* message, int error) noexcept nogil:
        """A message that the kernel did not take. An error that was about an earlier one is no reason: that is long counted as sent."""
        cdef uint32_t i
        if self.hear_errors(fd) and error not in (EAGAIN, ENOBUFS, ENOMEM):
            if sendmsg(fd, &header.msg_hdr, MSG_DONTWAIT) >= 0:
                self.told_sent(message)
                return
            error = errno
            self.hear_errors(fd)
        if message.segments > 1 and error in (EIO, EMSGSIZE, EINVAL):
            # EIO: the way out cannot compute checksums, this kernel does not cut for it. The others: too big for the path, which
            # is said of single datagrams only.
            if error == EIO:
                self.messages.longest = 1
            self.send_singly(fd, message)
            return
        if error == EBADF:
            self.become(LINK_GONE)
        for i in range(message.segments):
            drop(&self.head, message.frames[i], control_reason(error))

    cdef void send_singly(self, int fd, Message* message) noexcept nogil:
        """The payloads of a message one by one: as one message each."""
        cdef Message one
        cdef uint8_t[NAME] name
        cdef uint8_t[CONTROL] control
        cdef mmsghdr alone
        cdef uint32_t i
        cdef uint32_t part = 0
        for i in range(message.segments):
            message_single(&one, message, i, &part)
            control_write(&alone, &one, name, control)
            if sendmsg(fd, &alone.msg_hdr, MSG_DONTWAIT) >= 0:
                self.told_sent(&one)
            else:
                self.unsent(fd, &alone, &one, errno)
