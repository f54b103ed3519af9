"""The table of states, the reading of segments, and the rule of the window. See tcpstate.pxd."""

from libc.stdint cimport int32_t, uint8_t, uint16_t, uint32_t

from fastpath.flowtable cimport CLOSING, ESTABLISHED, LIBERAL, OPENING, REPLIED, REVERSED
from fastpath.wire cimport load16, load32, wire_unlikely

cdef enum:                        # flag bits (RFC 9293, 3.1)
    FIN = 1
    SYN = 2
    RST = 4
    ACK = 16
    URG = 32

cdef enum:                        # rows of the table
    ROW_SYN
    ROW_SYNACK
    ROW_FIN
    ROW_ACK
    ROW_RST
    ROWS

cdef enum:                        # besides states, what a cell may say
    IGNORED = 0x40
    INVALID = 0x80

cdef enum:
    SLACK = 66000                 # acknowledgments may be this old, as for Linux
    NO_SCALE = 15                 # the side's SYN had no window scale option; else 0 to 14 (RFC 7323, 2.3)

STATES = ("none", "SYN sent", "SYN received", "established", "FIN wait", "close wait", "last ACK", "time wait", "closed", "SYN sent 2")
NAMES = ("SYN", "SYN+ACK", "FIN", "ACK", "RST")
# Columns: no SS SR ES FW CW LA TW CL S2. A cell is the next state, "." ignored: passes and changes nothing, "-" invalid.
TABLE = (
    (
        "SS SS .  .  .  .  .  SS SS S2",
        "-  -  SR -  -  -  -  -  -  SR",
        "-  -  FW FW LA LA LA TW CL - ",
        "ES -  ES ES CW CW TW TW CL - ",
        "-  CL CL CL CL CL CL CL CL CL",
    ),
    (
        "-  S2 -  -  -  -  -  SS -  S2",
        "-  SR .  .  .  .  .  .  .  SR",
        "-  -  FW FW LA LA LA TW CL - ",
        "-  .  SR ES CW CW TW TW CL . ",
        "-  CL CL CL CL CL CL CL CL CL",
    ),
)
CODES = {code: state for state, code in enumerate("no SS SR ES FW CW LA TW CL S2".split())} | {".": IGNORED, "-": INVALID}

cdef uint8_t[2][5][10] cells
cdef uint8_t[64] rows_of          # by flag bits; ROWS: no segment has these together
cdef int _direction, _row, _state, _flags
for _direction in range(2):
    for _row in range(5):
        for _state in range(10):
            cells[_direction][_row][_state] = CODES[TABLE[_direction][_row].split()[_state]]
for _flags in range(64):
    rows_of[_flags] = ROWS
for _flags, _row in ((SYN, ROW_SYN), (SYN | URG, ROW_SYN), (SYN | ACK, ROW_SYNACK), (RST, ROW_RST), (RST | ACK, ROW_RST),
                     (FIN | ACK, ROW_FIN), (FIN | ACK | URG, ROW_FIN), (ACK, ROW_ACK), (ACK | URG, ROW_ACK)):
    rows_of[_flags] = rows_of[_flags | 8] = _row     # PSH says nothing


cdef bint segment_read(Segment* segment, const uint8_t* octets, uint32_t length, uint32_t at_hand) noexcept nogil:
    if length < 20 or at_hand < 20:
        return False
    segment.header = octets[12] >> 4 << 2
    if segment.header < 20 or segment.header > length or segment.header > at_hand:
        return False
    segment.flags = octets[13]
    segment.seq = load32(octets + 4)
    segment.ack = load32(octets + 8)
    segment.window = load16(octets + 14)
    segment.end = segment.seq + length - segment.header + (segment.flags & FIN) + (segment.flags >> 1 & 1)
    segment.options = octets + 20
    return True


cdef int tcp_first(const Segment* segment) noexcept nogil:
    """May it begin a flow?"""
    cdef uint8_t row = rows_of[segment.flags & 63]
    if row == ROW_SYN:
        return TCP_BEGINS
    return TCP_RESUMES if row == ROW_ACK else TCP_RESUMES_ENDING if row == ROW_FIN else TCP_MAY_NOT


cdef inline bint after(uint32_t a, uint32_t b) noexcept nogil:
    """In the order of sequence numbers (RFC 9293, 3.4)."""
    return <int32_t>(b - a) < 0


cdef uint8_t scale_option(const Segment* segment) noexcept nogil:
    cdef uint32_t at = 0
    cdef uint32_t end = segment.header - 20
    while at < end:
        if segment.options[at] == 0:
            break
        if segment.options[at] == 1:
            at += 1
            continue
        if at + 1 >= end or segment.options[at + 1] < 2 or at + segment.options[at + 1] > end:
            break
        if segment.options[at] == 3 and segment.options[at + 1] == 3:
            return min(segment.options[at + 2], <uint8_t>14)
        at += segment.options[at + 1]
    return NO_SCALE


cdef inline uint32_t scale_of(const Flow* flow, uint32_t side) noexcept nogil:
    return flow.scales >> (side << 2) & 15


cdef inline void set_scale(Flow* flow, uint32_t side, uint32_t scale) noexcept nogil:
    flow.scales = <uint8_t>((flow.scales & ~(15 << (side << 2))) | scale << (side << 2))


cdef void begin_side(Flow* flow, Links* links, const Segment* segment, uint32_t side) noexcept nogil:
    """The side's SYN. Windows of SYNs are not scaled (RFC 7323, 2.2): they are units of one octet until both scales are known."""
    links.ends[side] = segment.end
    links.acks[side ^ 1] = segment.end       # as if the other side had acknowledged just this
    flow.windows[side] = <uint16_t>max(segment.window, <uint32_t>1)
    set_scale(flow, side, scale_option(segment))


cdef void agree(Flow* flow) noexcept nogil:
    """Both SYNs were seen: windows are scaled from now on if both asked for it."""
    cdef uint32_t side, scale
    if scale_of(flow, 0) == NO_SCALE or scale_of(flow, 1) == NO_SCALE:
        flow.scales = 0
    for side in range(2):
        scale = scale_of(flow, side)
        flow.windows[side] = <uint16_t>((flow.windows[side] + (<uint32_t>1 << scale) - 1) >> scale)


cdef void tcp_begin(Flow* flow, Links* links, const Segment* segment, uint32_t sender) noexcept nogil:
    flow.windows[0] = flow.windows[1] = 0
    flow.scales = 0
    links.ends[sender ^ 1] = segment.ack
    links.acks[sender] = segment.ack
    begin_side(flow, links, segment, sender)
    flow.state = TCP_SYN_SENT
    if not segment.flags & SYN:
        # What happened before is not known, nor how windows are scaled.
        flow.state = TCP_FIN_WAIT if segment.flags & FIN else TCP_ESTABLISHED
        flow.scales = 0
        flow.flags |= LIBERAL


cdef bint in_window(Flow* flow, Links* links, const Segment* segment, uint32_t sender, uint32_t ack) noexcept nogil:
    """The rule of tcpstate.pxd, once both sides have been heard."""
    cdef uint32_t receiver = sender ^ 1
    cdef bint scaled = flow.state != TCP_SYN_SENT and flow.state != TCP_SYN_SENT2
    cdef uint32_t sends = <uint32_t>flow.windows[sender] << (scale_of(flow, sender) if scaled else 0)
    cdef uint32_t takes = <uint32_t>flow.windows[receiver] << (scale_of(flow, receiver) if scaled else 0)
    return (not after(segment.seq, links.acks[receiver] + takes)
            and not after(links.ends[sender] - takes, segment.end)
            and not after(ack, links.ends[receiver])
            and not after(links.ends[receiver] - max(sends, <uint32_t>SLACK), ack))


cdef Verdict tcp_next(Flow* flow, Links* links, const Segment* segment, uint32_t sender) noexcept nogil:
    cdef uint32_t receiver = sender ^ 1
    cdef uint8_t row = rows_of[segment.flags & 63]
    cdef uint8_t state
    cdef bint first = False
    cdef uint32_t ack = segment.ack
    if wire_unlikely(row == ROWS):
        return TCP_INVALID
    state = cells[sender ^ ((flow.flags & REVERSED) != 0)][row][flow.state]
    if wire_unlikely(state >= IGNORED):
        return TCP_STAYS if state == IGNORED else TCP_INVALID
    if wire_unlikely(row == ROW_SYN and flow.state >= TCP_TIME_WAIT and flow.state <= TCP_CLOSED):
        return TCP_REOPENS
    # Without an acknowledgment, or with the 0 of a RST by a simple stack, it is taken for a right one.
    if not segment.flags & ACK or (row == ROW_RST and ack == 0):
        ack = links.ends[receiver]
    if wire_unlikely(flow.windows[sender] == 0):
        first = True
        if segment.flags & SYN:
            begin_side(flow, links, segment, sender)
            if row == ROW_SYN:
                flow.state = state           # simultaneous open (RFC 9293, 3.5): no acknowledgment to judge
                return TCP_PASSES
        elif not flow.flags & LIBERAL:
            links.ends[sender] = segment.end   # a RST in answer to a SYN
            links.acks[receiver] = segment.end
            flow.windows[sender] = 1
    elif wire_unlikely(segment.flags & SYN and flow.state in (TCP_SYN_SENT, TCP_SYN_SENT2)
                       and after(segment.end, links.ends[sender])):
        begin_side(flow, links, segment, sender)     # tries again, with another number
        if row == ROW_SYN:
            return TCP_PASSES
    if row == ROW_RST and flow.state == TCP_SYN_SENT:
        if sender ^ ((flow.flags & REVERSED) != 0) == 0:
            # In answer to what was let through as ignored. It gave up, or tries again with a SYN.
            return TCP_STAYS
        # Only a RST that acknowledges the SYN counts (RFC 9293, 3.10.7.3).
        if not segment.flags & ACK or segment.ack != links.ends[receiver]:
            if first:
                flow.windows[sender] = 0
            return TCP_STAYS
        flow.state = TCP_CLOSED
        return TCP_PASSES
    if not flow.flags & LIBERAL:
        if not in_window(flow, links, segment, sender, ack):
            if first:
                flow.windows[sender] = 0
            return TCP_INVALID
        if wire_unlikely(row == ROW_SYNACK and flow.state != TCP_SYN_RECEIVED and flow.windows[receiver]):
            agree(flow)
    elif wire_unlikely(first):
        links.ends[sender] = segment.end
        flow.windows[sender] = 1
    if wire_unlikely(row == ROW_RST and segment.seq != links.acks[receiver] and segment.seq != links.ends[sender]):
        return TCP_STAYS                     # it may be a guess: the receiver challenges it
    if not segment.flags & SYN and segment.window > flow.windows[sender]:
        flow.windows[sender] = <uint16_t>segment.window
    if after(segment.end, links.ends[sender]):
        links.ends[sender] = segment.end
    if segment.flags & ACK and after(ack, links.acks[sender]):
        links.acks[sender] = ack
    if state != flow.state:
        flow.state = state
    return TCP_PASSES


cdef uint32_t tcp_list(const Flow* flow) noexcept nogil:
    """Half-closed flows count as established (RFC 5382, REQ-5): only both FINs, or a RST, end one."""
    if flow.state >= TCP_LAST_ACK and flow.state <= TCP_CLOSED:
        return CLOSING
    if flow.state >= TCP_ESTABLISHED and flow.state <= TCP_CLOSE_WAIT and flow.flags & REPLIED:
        return ESTABLISHED
    return OPENING


def drawn() -> str:
    """The table of states as Markdown, for docs/conntrack.md."""
    words = {code: STATES[state] for code, state in CODES.items() if state < TCP_STATES} | {".": "·", "-": "✗"}
    lines = []
    for direction, rows in zip(("from who began", "from the other side"), TABLE, strict=True):
        lines += [f"| {direction} | " + " | ".join(STATES) + " |", "|---|" + "---|" * len(STATES)]
        for name, row in zip(NAMES, rows, strict=True):
            lines.append(f"| {name} | " + " | ".join(words[code] for code in row.split()) + " |")
        lines.append("")
    return "\n".join(lines)
