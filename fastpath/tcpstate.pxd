"""What TCP segments do to a flow: a table of states, and the rule of the window.

The states and the table are Linux's (net/netfilter/nf_conntrack_proto_tcp.c): `table[direction][flags][state]`, where the
direction counts from who began. The window rule is Guido van Rooij's ("Real Stateful TCP Packet Filtering in IP Filter", 2001).
Each side's `ends` is one past the highest octet that it sent, `acks` the highest acknowledgment that it sent, and the window the
largest that it announced. A segment of a sender that covers seq … end, acknowledges ack and has a receiver is let through if

    I     seq <= receiver.ack + receiver.window           it does not run ahead of what the receiver takes
    II    end >= sender.end - receiver.window             it is not older than the receiver's window
    III   ack <= receiver.end                             it acknowledges what was sent
    IV    ack >= receiver.end - max(sender.window, 66,000)

Linux keeps the highest ack + window as the bound of I; we keep both and add the largest window: eight octets a flow less, and
never stricter. A RST must be inside the window (I and II); one that is exactly where the receiver waits, or where the sender was,
closes the flow; others pass and change nothing, so that the receiver's challenge ACK finds the flow open (RFC 5961, 3.2).
"""

from libc.stdint cimport uint8_t, uint32_t

from fastpath.flowtable cimport Flow, Links

cdef enum:                        # Flow.state
    TCP_NONE                      # before the first segment
    TCP_SYN_SENT
    TCP_SYN_RECEIVED
    TCP_ESTABLISHED
    TCP_FIN_WAIT                  # one side has sent a FIN
    TCP_CLOSE_WAIT                # … which was acknowledged
    TCP_LAST_ACK                  # both have
    TCP_TIME_WAIT                 # … and the last was acknowledged
    TCP_CLOSED                    # a RST
    TCP_SYN_SENT2                 # both sides have sent a SYN: simultaneous open
    TCP_STATES

cdef enum Verdict:
    TCP_PASSES
    TCP_INVALID                   # the segment fits neither state nor window
    TCP_REOPENS                   # a SYN after the end: the old flow goes, this may begin a new one
    TCP_STAYS                     # passes, and does not refresh: ignored, the endpoints will tell

cdef enum:                        # of a segment that begins a flow
    TCP_MAY_NOT
    TCP_BEGINS                    # a SYN
    TCP_RESUMES                   # of a connection that was there before us
    TCP_RESUMES_ENDING            # its FIN, which may carry what was last sent

cdef struct Segment:
    uint32_t seq
    uint32_t end                  # seq and what it covers, SYN and FIN included
    uint32_t ack
    uint32_t window               # as announced, not scaled
    uint8_t flags
    uint8_t header                # octets
    const uint8_t* options        # behind the fixed 20 octets

# Reads `length` octets of TCP whose header is at hand. False: the header is cut short, or lies about its length.
cdef bint segment_read(Segment* segment, const uint8_t* octets, uint32_t length, uint32_t at_hand) noexcept nogil
cdef int tcp_first(const Segment* segment) noexcept nogil
# The first segment, of direction `sender` (0: original tuple).
cdef void tcp_begin(Flow* flow, Links* links, const Segment* segment, uint32_t sender) noexcept nogil
# The next one; may change flow.state, windows and links.
cdef Verdict tcp_next(Flow* flow, Links* links, const Segment* segment, uint32_t sender) noexcept nogil
# The list of lists.pxd for the flow's state.
cdef uint32_t tcp_list(const Flow* flow) noexcept nogil
