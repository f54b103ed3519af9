"""Replaying: the loop, and who owns what."""

import time

from cpython.exc cimport PyErr_CheckSignals
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, realloc

from fastpath.capture cimport Capture
from fastpath.frame cimport MIN_FRAME
from fastpath.graph cimport NEVER, wake
from fastpath.linktype cimport LINK_ETHERNET, link_header
from fastpath.pcap cimport PcapPort
from fastpath.records cimport records_next
from fastpath.source cimport BROKEN, MORE, PACKET
from fastpath.table cimport table_find, table_free, table_home, table_init, table_insert
from fastpath.wire cimport load48, wire_likely, wire_unlikely
from fastpath.writer cimport DropWriter, write_drop

cdef enum:
    AUTO = 0xFFFFFFFF
    NOBODY = 0xFFFFFFFF
    TURNS = 1 << 17               # between two looks at signals
    LAST_TURNS = 1000000          # for timers after the last record

ctypedef void (*hand_function)(void*, const Packet*) noexcept nogil


cdef void hand_record(PcapPort port, const Packet* packet) noexcept nogil:
    port.waiting = packet
    wake(&port.head)


# As in graph: no reference is counted without the GIL.
cdef hand_function hand = <hand_function><void*>hand_record


class OwnerError(LookupError):
    """A record of an `auto` input whose source address no port owns, where there is no uplink. `record`, `mac` say which."""

    def __init__(self, name: str, record: int, mac: int | None) -> None:
        text = "none" if mac is None else mac.to_bytes(6).hex(":")
        super().__init__(f"{name}: record {record} comes from {text}, which no port owns")
        self.name = name
        self.record = record
        self.mac = mac


cdef class Replay:
    """Feeds captures to the PcapPorts of an engine. Add inputs, then `run` once.

    `drops`: where dropped frames are written while it runs.
    """

    def __init__(self, Engine engine not None, *, DropWriter drops=None):
        self.engine = engine
        self.captures = []
        self.faults = []
        self.kept = []
        self.uplink = NOBODY
        self.latest = engine.core.now
        table_init(&self.owners, 65536, engine.core.seed)
        self.drops = drops

    def __dealloc__(self):
        free(self.inputs)
        free(self.ports)
        table_free(&self.owners)

    # -- what goes where ------------------------------------------------------------------------------------------------

    cdef uint32_t number_of(self, object port) except? 0xFFFFFFFF:
        cdef PcapPort known = port
        cdef uint32_t number
        cdef void** ports
        if known.graph is not self.engine:
            raise ValueError(f"{known.name} is a port of another engine")
        for number in range(self.n_ports):
            if self.ports[number] == <void*>known:
                return number
        ports = <void**>realloc(self.ports, (self.n_ports + 1) * sizeof(void*))
        if ports == NULL:
            raise MemoryError("replay: ports")
        self.ports = ports
        self.ports[self.n_ports] = <void*>known
        self.kept.append(known)
        self.n_ports += 1
        return self.n_ports - 1

    def add(self, Capture capture not None, PcapPort port=None) -> None:
        """One more input, of a port or, with None, of whoever owns each frame's source address. Order decides at equal times."""
        cdef Input* inputs = <Input*>realloc(self.inputs, (self.n_inputs + 1) * sizeof(Input))
        cdef Input* added
        if inputs == NULL:
            raise MemoryError("replay: inputs")
        self.inputs = inputs
        added = &self.inputs[self.n_inputs]
        added.source = &capture.source
        added.packet = &capture.packet
        added.port = AUTO if port is None else self.number_of(port)
        added.state = MORE
        self.captures.append(capture)
        self.n_inputs += 1

    def own(self, uint64_t mac, PcapPort port not None) -> None:
        """The station is at this port. Errors: ValueError if there are more than 65,536 stations."""
        if table_insert(&self.owners, mac, table_home(&self.owners, mac), self.number_of(port)) == NULL:
            raise ValueError("at most 65,536 stations")

    def own_rest(self, PcapPort port not None) -> None:
        """All other stations are at this port: the uplink."""
        self.uplink = self.number_of(port)

    cdef uint32_t place(self, const Packet* packet) noexcept nogil:
        """The port of a frame by its source address, or NOBODY."""
        cdef uint8_t[14] header
        cdef const uint8_t* octets = packet.octets
        cdef uint64_t mac
        cdef uint64_t* found = NULL
        if packet.link != LINK_ETHERNET:
            octets = header if link_header(packet, header) >= 0 else NULL
        elif packet.length < MIN_FRAME:
            octets = NULL
        if octets != NULL:
            mac = load48(octets + 6)
            if mac:
                found = table_find(&self.owners, mac, table_home(&self.owners, mac))
        return self.uplink if found == NULL else <uint32_t>found[0]

    # -- the loop -------------------------------------------------------------------------------------------------------

    cdef Need advance(self, int64_t until, uint32_t turns) noexcept nogil:
        cdef Input* chosen
        cdef uint32_t number, port
        while turns:
            turns -= 1
            chosen = NULL
            for number in range(self.n_inputs):
                if self.inputs[number].state == PACKET and (
                        chosen == NULL or self.inputs[number].packet.time < chosen.packet.time):
                    chosen = &self.inputs[number]
                    self.current = number
            if chosen == NULL:
                return DONE
            if wire_unlikely(chosen.packet.time > until):
                return WAIT
            port = chosen.port
            if port == AUTO:
                port = self.place(chosen.packet)
                if port == NOBODY:
                    return LOST
            if wire_likely(chosen.packet.time >= self.latest):
                self.latest = chosen.packet.time
            else:
                self.steps_back += 1
            hand(self.ports[port], chosen.packet)
            self.engine.turn_nogil(self.latest)
            self.records += 1
            chosen.state = records_next(chosen.source, chosen.packet)
            if wire_unlikely(chosen.state != PACKET):
                return FILL
        return WAIT

    cdef int read_on(self, uint32_t number) except -1:
        """The input's next record, from its file; note what goes wrong."""
        cdef Capture capture = self.captures[number]
        self.inputs[number].state = capture.next()
        if self.inputs[number].state == BROKEN:
            self.faults.append(capture.error())
        return 0

    cdef bint finish(self) noexcept nogil:
        """Timers run until no node holds a frame; False: some still do after LAST_TURNS."""
        cdef uint32_t _, i
        cdef uint64_t held
        for _ in range(LAST_TURNS):
            held = 0
            for i in range(self.engine.n_heads):
                held += self.engine.heads[i].counters.held
            if held == 0:
                return True
            if self.engine.core.due == NEVER:
                return False
            self.latest = max(self.latest, self.engine.core.due)
            self.engine.turn_nogil(self.latest)
        return False

    def run(self, *, double speed=0.0) -> list[ValueError]:
        """Replay everything; `speed`: so many times as fast as it was captured, 0: as fast as can be.

        Returns what kept an input from being read to its end (CaptureError); all before it has been replayed. Errors: OwnerError.
        """
        if self.drops is None:
            return self.replayed(speed)
        self.engine.core.on_drop_context = &self.drops.file
        self.engine.core.on_drop = write_drop
        try:
            return self.replayed(speed)
        finally:
            self.engine.core.on_drop = NULL

    cdef list replayed(self, double speed):
        cdef int64_t until = NEVER
        cdef int64_t first = 0
        cdef uint32_t number
        cdef Need need = FILL
        began = now = time.perf_counter_ns()
        waited = 0
        self.engine.measure_fanout()
        for number in range(self.n_inputs):
            self.read_on(number)
        if speed > 0:
            first = min([self.inputs[n].packet.time for n in range(self.n_inputs) if self.inputs[n].state == PACKET], default=0)
        while need != DONE:
            if speed > 0:
                now = time.perf_counter_ns()
                until = first + <int64_t>min(<double>(now - began) * speed, <double>(NEVER // 2))
            with nogil:
                need = self.advance(until, TURNS)
            PyErr_CheckSignals()
            if need == FILL:
                self.read_on(self.current)
            elif need == LOST:
                raise self.lost()
            elif need == WAIT and self.inputs[self.current].packet.time > until:
                before = time.perf_counter_ns()
                self.flush()
                # In pieces, so that a signal is seen soon.
                time.sleep(min((self.inputs[self.current].packet.time - until) / speed / 1e9, 0.1))
                waited += time.perf_counter_ns() - before
        with nogil:
            self.finish()
        self.spent = time.perf_counter_ns() - began - waited
        return self.faults

    cdef flush(self):
        """What has left is in the files: somebody may be watching them."""
        for port in self.engine.ports.values():
            if isinstance(port, PcapPort) and (<PcapPort>port).writer is not None:
                (<PcapPort>port).writer.flush()

    def lost(self) -> OwnerError:
        """The error for a record that is nobody's."""
        cdef const Packet* packet = self.inputs[self.current].packet
        mac = load48(packet.octets + 6) if packet.link == LINK_ETHERNET and packet.length >= MIN_FRAME else None
        return OwnerError(self.captures[self.current].name, packet.number, mac)

    @property
    def last_time(self) -> int:
        """Time of the latest turn, ns."""
        return self.latest
