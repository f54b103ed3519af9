"""GRO on the way out: the TCP segments of a flow that stand in one burst become one super-frame, where the outside takes those.

A write of a TAP costs the same for one segment and for 64 KiB of them, and so does the way through the receiver's stack. Segments
are merged as Linux merges them (net/ipv4/tcp_offload.c), and more strictly: what a Segmenter makes of the super-frame are the
same octets again, an IPv4 identification apart that says nothing because DF is set (RFC 6864, 4.1).

    same         Ethernet header and tags, addresses, TTL, DSCP and ECN, DF, IPv6 flow label; ports, acknowledgment, window, options
    in order     sequence numbers, and IPv4 identifications unless DF is set
    lengths      equal but for the last, which may be shorter; 65,535 octets of IP at most
    flags        ACK, ECE; PSH or FIN end a run. SYN, RST, URG, CWR are passed alone
    checksums    IPv4's and TCP's are right, or TCP's is known to be (CSUM_VALID) or left to do (NEEDS_CSUM); a wrong one stays wrong, alone
    UDP          is never merged: datagrams have borders

A burst is gone through once, with a few flows open at a time. A run leaves in the place of its first segment, so other flows'
frames may be passed by, but none of its own: a segment that does not fit in closes the run and begins the next. No payload is copied.
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t
from posix.uio cimport iovec

from fastpath.frame cimport Frame
from fastpath.graph cimport BURST

cdef enum:
    MERGE_FLOWS = 8               # open at a time; for one more, one is closed
    MERGE_SEGMENTS = 64           # in a run
    MERGE_PARTS = 2 * MERGE_SEGMENTS
    MERGE_HEADERS = 128           # octets of headers at most
    MERGE_LEAST = 128             # octets of a frame worth a look; below it is an acknowledgment, or small

cdef struct Run:
    uint16_t segments
    uint8_t last                  # its place in the burst
    uint8_t version               # of IP
    uint16_t network              # offsets, as in Layout
    uint16_t transport
    uint16_t payload
    uint16_t size                 # octets of payload of each segment but the last
    uint16_t identification       # of the next
    uint8_t flags                 # PSH and FIN of the last
    bint known                    # the first segment's checksums were looked at, and are right
    uint32_t octets               # of payload
    uint32_t sequence             # of the next

cdef struct Merge:
    uint8_t[BURST] following      # by place in the burst: of the segment behind it in its run; its own: it is the last
    uint8_t[BURST] follows        # it went with an earlier one
    Run[BURST] runs               # by the place of its first segment

# What goes with what in this burst; how many frames fewer it is so. `takes`: Port.takes.
cdef uint32_t merge_plan(Merge* merge, Frame** burst, uint32_t n, uint32_t takes) noexcept nogil
# The run whose first segment is at place `i`: `whole` becomes its descriptor with nothing but the headers, which are written to `headers`
# (MERGE_HEADERS octets); `parts` (MERGE_PARTS) are the payloads. How many parts.
cdef uint32_t merge_run(const Merge* merge, Frame** burst, uint32_t i, Frame* whole, uint8_t* headers, iovec* parts) noexcept nogil

cdef inline bint merge_worthwhile(Frame** burst, uint32_t n) noexcept nogil:
    """At least two frames look like TCP with a payload. What is asked of every burst: a few cycles a frame."""
    cdef uint32_t i
    cdef uint32_t found = 0
    cdef const uint8_t* octets
    for i in range(n):
        if burst[i].length < MERGE_LEAST:
            continue
        octets = burst[i].data
        # IPv4's protocol, IPv6's next header, either behind a tag. Looked at closely later.
        if octets[23] == 6 or octets[20] == 6 or octets[27] == 6 or octets[24] == 6:
            found += 1
            if found == 2:
                return True
    return False
