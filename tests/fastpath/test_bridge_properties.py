"""What holds of a bridge whatever comes: nothing vanishes, equal inputs give equal outputs, and the FDB is a dict with ageing."""

from collections import Counter

from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from switch import SECOND, Switch, balanced, frame, mac, octets

PORTS = "abcde"
TICK = 1 << 28  # ns; the FDB's unit of time

macs = st.integers(1, 6).map(lambda n: octets(mac(n))) | st.sampled_from(
    [bytes(6), b"\xff" * 6, octets("01:80:c2:00:00:00"), octets("33:33:00:00:00:01")]
)
frames = (
    st.builds(lambda target, source, rest: target + source + rest, macs, macs, st.binary(min_size=2, max_size=80))
    | st.binary(max_size=40)
    | st.builds(lambda target, source, n: target + source + bytes(n), macs, macs, st.sampled_from([1502, 1503, 3000, 60_000]))
)
arrivals = st.lists(st.tuples(st.sampled_from(PORTS), frames, st.integers(0, 3 * SECOND)), max_size=60)
MEMBERS = {"a": {"hairpin": True}, "b": {"isolated": True}, "c": {"isolated": True}, "d": {"limit": 2}}


def made(**kwargs) -> Switch:
    return Switch(len(PORTS), members=MEMBERS, mtus={"e": 1400}, limit=8, ageing=5 * SECOND, **kwargs)


@settings(deadline=None)
@given(arrivals, st.sampled_from([1, 2, 256]))
def test_nothing_vanishes(arrivals, burst):
    """Every frame leaves, is cloned, or is dropped by name: per node and in sum, after every turn."""
    switch = made(burst=burst)
    now = 0
    for port, one, pause in arrivals:
        now += pause
        switch.ports[port].push(one)
        switch.engine.turn(now)
        assert balanced(switch.engine)
    switch.engine.run_until_idle(now)
    assert balanced(switch.engine)
    traffic = switch.engine.traffic()
    assert traffic["in_frames"].sum() == len(arrivals)
    assert traffic["out_frames"].sum() == len(switch.emitted())
    assert traffic["in_octets"].sum() == sum(len(one) for _, one, _ in arrivals)


volleys = st.lists(st.tuples(st.sampled_from(PORTS), st.lists(frames, max_size=40), st.integers(1, 3 * SECOND)), max_size=8)


def run(volleys, *, burst=256, seed=0):
    """At each instant one port has all its frames waiting. The outputs port by port, and all that can be asked afterwards."""
    switch = made(burst=burst, seed=seed)
    now = 0
    for port, waiting, pause in volleys:
        now += pause
        for one in waiting:
            switch.ports[port].push(one)
        switch.engine.run_until_idle(now)
    out = {index: [] for index in switch.names}
    for index, time, data in switch.outbox.take():
        out[index].append((time, data))
    return out, switch.engine.drops().tolist(), switch.engine.counters().tolist(), switch.stations(now / SECOND)


@settings(deadline=None, max_examples=40)
@given(volleys, st.integers(0, 2**64 - 1))
def test_equal_inputs_and_seeds_give_equal_outputs(volleys, seed):
    assert run(volleys, seed=seed) == run(volleys, seed=seed)


@settings(deadline=None, max_examples=60)
@given(volleys, st.integers(1, 255))
def test_the_size_of_bursts_changes_nothing(volleys, burst):
    """Order among different egress ports is that of the turns; each port gets the same frames in the same order."""
    assert run(volleys, burst=burst) == run(volleys)


@settings(deadline=None, max_examples=30)
@given(arrivals)
def test_order_is_kept_from_each_port_to_each_port(arrivals):
    """BR-18, for all pairs of ports and whatever else goes on."""
    switch = made()
    for number, (port, one, _) in enumerate(arrivals):
        switch.ports[port].push(one[:14] + number.to_bytes(4, "big") if len(one) >= 14 else one)
    switch.engine.run_until_idle(0)
    numbers = {}
    for name, data in switch.emitted():
        number = int.from_bytes(data[14:18], "big")
        origin = arrivals[number][0]
        assert numbers.get((origin, name), -1) < number
        numbers[origin, name] = number


class FdbAgainstDict(RuleBasedStateMachine):
    """The bridge beside a model: a dict from station to (port, tick last seen), and where each frame must go."""

    AGEING = 20  # ticks
    LIMIT = 5
    PORT_LIMIT = 3

    def __init__(self):
        super().__init__()
        self.switch = Switch(4, ageing=self.AGEING * TICK, limit=self.LIMIT, member_limit=self.PORT_LIMIT)
        self.now = 0
        self.model: dict[str, tuple[str, int]] = {}
        self.static: dict[str, str] = {}

    def place(self, station: str) -> str | None:
        if station in self.static:
            return self.static[station]
        port, seen = self.model.get(station, (None, 0))
        return port if port is not None and self.now // TICK - seen <= self.AGEING else None

    def forget_expired(self) -> None:
        """What the scanner and lazy ageing may or may not have done yet makes no difference to where frames go, only to room."""
        self.model = {s: (p, t) for s, (p, t) in self.model.items() if self.now // TICK - t <= self.AGEING}

    @rule(source=st.integers(1, 8).map(mac), towards=st.integers(1, 8).map(mac), port=st.sampled_from("abcd"))
    def send(self, source, towards, port):
        live = self.place(source)
        before = self.switch.bridge.named_counters()["refused"]
        went = self.switch.reached(port, frame(source, towards), at=self.now / SECOND)
        refused = self.switch.bridge.named_counters()["refused"] - before
        if source not in self.static:
            if live is not None or not refused:
                self.model[source] = (port, self.now // TICK)
            if live is None:
                counts = Counter(p for p, _ in self.model.values())
                full = len(self.model) > self.LIMIT or counts[port] > self.PORT_LIMIT
                assert not (full and not refused), "learned beyond the limit"
                if refused:
                    self.model.pop(source, None)
        home = self.place(towards)
        everyone = "".join(sorted(set("abcd") - {port}))
        assert went == (everyone if home is None else "" if home == port else home)

    @rule(ticks=st.integers(0, 30))
    def wait(self, ticks):
        self.now += ticks * TICK
        self.switch.engine.turn(self.now)
        self.forget_expired()

    @rule(port=st.sampled_from("abcd"))
    def flush(self, port):
        self.switch.bridge.flush(self.switch.members[port])
        self.model = {s: (p, t) for s, (p, t) in self.model.items() if p != port}
        self.static = {s: p for s, p in self.static.items() if p != port}

    @rule(station=st.integers(1, 8).map(mac))
    def forget(self, station):
        known = self.place(station) is not None
        gone = self.switch.bridge.forget(int.from_bytes(octets(station), "big"))
        assert gone or not known
        self.model.pop(station, None)
        self.static.pop(station, None)

    @precondition(lambda self: len(self.static) < 3)
    @rule(station=st.integers(1, 8).map(mac), port=st.sampled_from("abcd"))
    def pin(self, station, port):
        self.switch.bridge.add_static(int.from_bytes(octets(station), "big"), self.switch.members[port])
        self.model.pop(station, None)
        self.static[station] = port

    @invariant()
    def the_table_shows_the_model(self):
        live = {s: p for s, (p, _) in self.model.items() if self.place(s) is not None} | self.static
        assert self.switch.stations(self.now / SECOND) == live
        assert balanced(self.switch.engine)

    @invariant()
    def counts_are_right_once_the_scanner_has_passed(self):
        assert self.switch.bridge.named_counters()["stations"] >= len([s for s in self.model if self.place(s) is not None])


TestFdbAgainstDict = FdbAgainstDict.TestCase
TestFdbAgainstDict.settings = settings(max_examples=50, stateful_step_count=40, deadline=None)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 299), st.integers(0, 3)), max_size=400))
@example([(n, n % 4) for n in range(300)])
def test_known_stations_number_as_many_as_were_learned_and_not_lost(steps):
    """learned - aged - flushed is what the table holds, without static entries."""
    switch = Switch(limit=200, member_limit=90)
    for number, port in steps:
        switch.send("abcd"[port], frame(mac(number + 1), mac(1000)))
    counters = switch.bridge.named_counters()
    assert counters["stations"] == counters["learned"] - counters["aged"] - counters["flushed"] == len(switch.stations())
    assert counters["stations"] <= 200
    assert max(Counter(switch.stations().values()).values(), default=0) <= 200
