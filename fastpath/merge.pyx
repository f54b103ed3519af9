"""Finding runs of segments, and writing a run as one: see merge.pxd."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcmp, memcpy, memset
from posix.uio cimport iovec

from fastpath.frame cimport CSUM_VALID, ETHERNET_HEADER, GSO_TCPV4, GSO_TCPV6, NEEDS_CSUM, Frame
from fastpath.graph cimport BURST
from fastpath.layout cimport PROTOCOL_TCP
from fastpath.port cimport TAKES_CSUM, TAKES_TSO4, TAKES_TSO6
from fastpath.transport cimport transport_sum
from fastpath.wire cimport fold, load16, load32, store16, sum_octets, wire_likely, wire_swap16, wire_unlikely

cdef enum:
    FIN = 0x01
    PSH = 0x08
    ACK = 0x10
    ECE = 0x40
    NONE = 0
    STRANGE = 1               # TCP that is not to be merged, of a flow that we do not look for
    SEGMENT = 2

cdef struct Segment:          # offsets as in Layout
    uint8_t version
    uint8_t flags
    uint16_t network
    uint16_t transport
    uint16_t payload
    uint32_t octets           # of payload


cdef inline int read_segment(Segment* segment, const Frame* frame) noexcept nogil:
    """Its headers: NONE if it is not TCP, STRANGE if they are more than plain ones, or it is not whole."""
    cdef const uint8_t* octets = frame.data
    cdef uint32_t network = ETHERNET_HEADER
    cdef uint32_t length
    cdef uint16_t kind
    if wire_unlikely(frame.head < ETHERNET_HEADER + 40):
        return NONE
    kind = load16(octets + 12)
    if wire_unlikely(kind == 0x8100 or kind == 0x88A8):
        kind = load16(octets + 16)
        network += 4
    octets += network
    segment.network = <uint16_t>network
    if kind == 0x0800:
        if octets[9] != PROTOCOL_TCP:
            return NONE
        if octets[0] != 0x45 or load16(octets + 6) & 0x3FFF:
            return STRANGE
        segment.version = 4
        length = load16(octets + 2)
        segment.transport = <uint16_t>(network + 20)
    elif kind == 0x86DD:
        if octets[6] != PROTOCOL_TCP:
            # TCP behind extension headers might be of any flow.
            return STRANGE if octets[6] in (0, 43, 44, 51, 60) else NONE
        segment.version = 6
        length = load16(octets + 4) + 40
        segment.transport = <uint16_t>(network + 40)
    else:
        return NONE
    if network + length != frame.length or frame.head < <uint32_t>segment.transport + 20:
        return STRANGE
    octets = frame.data + segment.transport
    segment.payload = segment.transport + (octets[12] >> 4) * 4
    if octets[12] >> 4 < 5 or segment.payload > frame.head or segment.payload > MERGE_HEADERS:
        return STRANGE
    segment.flags = octets[13]
    segment.octets = frame.length - segment.payload
    return SEGMENT


cdef inline bint same_flow(const Run* run, const uint8_t* first, const Segment* segment, const uint8_t* octets) noexcept nogil:
    """Addresses and ports."""
    cdef uint32_t transport = run.transport
    if run.transport != segment.transport or run.version != segment.version or memcmp(first + transport, octets + transport, 4):
        return False
    if run.version == 4:
        return memcmp(first + transport - 8, octets + transport - 8, 8) == 0
    return memcmp(first + transport - 32, octets + transport - 32, 32) == 0


cdef inline bint fits_behind(const Run* run, const uint8_t* first, const Segment* segment, const uint8_t* octets) noexcept nogil:
    """The segment, of the same flow, is the run's next, but for what sums say."""
    cdef uint32_t network = run.network
    cdef uint32_t transport = run.transport
    if run.segments == MERGE_SEGMENTS or segment.payload != run.payload or not 0 < segment.octets <= run.size:
        return False
    if run.payload - network + run.octets + segment.octets > 0xFFFF or load32(octets + transport + 4) != run.sequence:
        return False
    if segment.flags & ~<uint8_t>(FIN | PSH) != first[transport + 13] or memcmp(first, octets, network):
        return False
    if run.version == 4:
        # Service; flags and offset, TTL, protocol.
        if first[network + 1] != octets[network + 1] or memcmp(first + network + 6, octets + network + 6, 4):
            return False
        if not octets[network + 6] & 0x40 and load16(octets + network + 4) != run.identification:
            return False
    elif memcmp(first + network, octets + network, 4) or memcmp(first + network + 6, octets + network + 6, 2):
        return False
    # Acknowledgment, header length; window; urgent pointer and options.
    return (
        memcmp(first + transport + 8, octets + transport + 8, 5) == 0
        and memcmp(first + transport + 14, octets + transport + 14, 2) == 0
        and memcmp(first + transport + 18, octets + transport + 18, run.payload - transport - 18) == 0
    )


cdef bint sums_right(const Segment* segment, const Frame* frame) noexcept nogil:
    """IPv4's header checksum, and TCP's unless it is known, or only the pseudo-header's sum is there and should be."""
    cdef const uint8_t* octets = frame.data
    cdef uint32_t n = frame.length - segment.transport
    cdef uint64_t total = wire_swap16(<uint16_t>n) + wire_swap16(PROTOCOL_TCP)
    cdef uint16_t partial
    if segment.version == 4:
        if fold(sum_octets(octets + segment.network, 20, 0)) != 0xFFFF:
            return False
        total = sum_octets(octets + segment.transport - 8, 8, total)
    else:
        total = sum_octets(octets + segment.transport - 32, 32, total)
    if frame.flags & NEEDS_CSUM:
        memcpy(&partial, octets + segment.transport + 16, 2)
        return partial == fold(total) and frame.csum_start == segment.transport and frame.csum_offset == 16
    return frame.flags & CSUM_VALID or fold(transport_sum(frame, segment.transport, n, total)) == 0xFFFF


cdef inline bint begin(Run* run, uint32_t place, const Segment* segment, const Frame* frame) noexcept nogil:
    """The segment may become the first of a run."""
    cdef const uint8_t* octets = frame.data
    run.segments = 1
    if segment.octets == 0 or segment.flags & ~<uint8_t>ECE != ACK:
        return False
    run.last = <uint8_t>place
    run.version = segment.version
    run.network, run.transport, run.payload = segment.network, segment.transport, segment.payload
    run.size = <uint16_t>segment.octets
    run.octets = segment.octets
    run.sequence = load32(octets + segment.transport + 4) + segment.octets
    run.identification = <uint16_t>(load16(octets + segment.network + 4) + 1)
    run.flags = 0
    run.known = False
    return True


cdef uint32_t merge_plan(Merge* merge, Frame** burst, uint32_t n, uint32_t takes) noexcept nogil:
    cdef uint8_t[MERGE_FLOWS] open
    cdef Segment segment, first
    cdef Run* run
    cdef uint32_t flows = 0
    cdef uint32_t fewer = 0
    cdef uint32_t i, at
    cdef int kind
    for i in range(n):
        merge.follows[i] = False
        merge.following[i] = <uint8_t>i
        merge.runs[i].segments = 1
        kind = read_segment(&segment, burst[i])
        if kind == NONE:
            continue
        if kind == STRANGE or not takes & TAKES_CSUM or not takes & (TAKES_TSO4 if segment.version == 4 else TAKES_TSO6):
            flows = 0
            continue
        for at in range(flows):
            if same_flow(&merge.runs[open[at]], burst[open[at]].data, &segment, burst[i].data):
                break
        else:
            at = flows
        if at < flows:
            run = &merge.runs[open[at]]
            if fits_behind(run, burst[open[at]].data, &segment, burst[i].data) and sums_right(&segment, burst[i]):
                if not run.known:
                    read_segment(&first, burst[open[at]])
                    run.known = sums_right(&first, burst[open[at]])
                if run.known:
                    merge.follows[i] = True
                    merge.following[run.last] = <uint8_t>i
                    run.last = <uint8_t>i
                    run.segments += 1
                    run.octets += segment.octets
                    run.sequence += segment.octets
                    run.identification += 1
                    run.flags = segment.flags & (FIN | PSH)
                    fewer += 1
                    if wire_likely(segment.octets == run.size and not run.flags):
                        continue
                    # That was the last.
                    flows -= 1
                    open[at] = open[flows]
                    continue
            # It stays behind what was merged, and what comes after it behind itself.
            flows -= 1
            open[at] = open[flows]
        if begin(&merge.runs[i], i, &segment, burst[i]):
            if flows == MERGE_FLOWS:
                flows -= 1
                open[0] = open[flows]
            open[flows] = <uint8_t>i
            flows += 1
    return fewer


cdef uint32_t merge_run(const Merge* merge, Frame** burst, uint32_t i, Frame* whole, uint8_t* headers, iovec* parts) noexcept nogil:
    cdef const Run* run = &merge.runs[i]
    cdef uint8_t* network = headers + run.network
    cdef uint32_t length = run.payload - run.network + run.octets
    cdef uint32_t n = 0
    cdef uint64_t total
    cdef uint16_t checksum
    cdef Frame* frame
    memcpy(headers, burst[i].data, run.payload)
    total = wire_swap16(PROTOCOL_TCP) + wire_swap16(<uint16_t>(length - (run.transport - run.network)))
    if run.version == 4:
        store16(network + 2, <uint16_t>length)
        store16(network + 10, 0)
        checksum = <uint16_t>~fold(sum_octets(network, 20, 0))
        memcpy(network + 10, &checksum, 2)
        checksum = fold(sum_octets(network + 12, 8, total))
    else:
        store16(network + 4, <uint16_t>(length - 40))
        checksum = fold(sum_octets(network + 8, 32, total))
    headers[run.transport + 13] |= run.flags
    memcpy(headers + run.transport + 16, &checksum, 2)
    whole[0] = burst[i][0]
    whole.data = headers
    whole.head = run.payload
    whole.tail = NULL
    whole.length = run.payload + run.octets
    whole.flags = NEEDS_CSUM
    whole.gso_type = GSO_TCPV4 if run.version == 4 else GSO_TCPV6
    whole.gso_size = run.size
    whole.header = run.payload
    whole.csum_start = run.transport
    whole.csum_offset = 16
    while True:
        frame = burst[i]
        if frame.head > run.payload:
            parts[n] = iovec(frame.data + run.payload, frame.head - run.payload)
            n += 1
        if frame.tail != NULL:
            parts[n] = iovec(<void*>frame.tail, frame.length - frame.head)
            n += 1
        if merge.following[i] == i:
            return n
        i = merge.following[i]


def merged(frames, *, uint32_t takes=TAKES_CSUM | TAKES_TSO4 | TAKES_TSO6, bint valid=False, bint undone=False,
           uint32_t own=0) -> list[dict]:
    """What becomes of a burst of at most 256 frames of at least 54 octets, in order: octets, how many frames, and facts (used for testing).

    `valid`: their checksums are known; `undone`: they are left to be completed; `own` > 0: so many octets of each are in its first part.
    """
    cdef Frame[BURST] room
    cdef Frame* burst[BURST]
    cdef Merge merge
    cdef Frame whole
    cdef uint8_t[MERGE_HEADERS] headers
    cdef iovec[MERGE_PARTS] parts
    cdef uint32_t i, n, count
    memset(room, 0, sizeof(room))
    pieces = [(bytes(one[:own]) if own else bytes(one), bytes(one[own:]) if own else b"") for one in frames]
    count = <uint32_t>len(pieces)
    for i in range(count):
        first, second = pieces[i]
        burst[i] = &room[i]
        room[i].data = <uint8_t*><const char*>first
        room[i].head = <uint32_t>len(first)
        room[i].length = <uint32_t>(len(first) + len(second))
        room[i].flags = (CSUM_VALID if valid else 0) | (NEEDS_CSUM if undone else 0)
        room[i].csum_start = 34 if first[12] == 8 else 54
        room[i].csum_offset = 16
        if second:
            room[i].tail = <const uint8_t*><const char*>second
    found = []
    merge_plan(&merge, burst, count, takes)
    for i in range(count):
        if merge.follows[i]:
            continue
        if merge.runs[i].segments == 1:
            found.append({"octets": b"".join(pieces[i]), "frames": 1})
            continue
        n = merge_run(&merge, burst, i, &whole, headers, parts)
        octets = headers[:whole.head] + b"".join([(<uint8_t*>parts[k].iov_base)[:parts[k].iov_len] for k in range(n)])
        assert len(octets) == whole.length
        found.append({"octets": octets, "frames": merge.runs[i].segments, "gso_type": whole.gso_type, "gso_size": whole.gso_size,
                      "csum_start": whole.csum_start, "csum_offset": whole.csum_offset})
    return found
