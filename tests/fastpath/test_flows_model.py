"""The table of flows against a plain model in dicts: what is known, how it is translated, when it ends, who goes."""

from typing import ClassVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from fastpath.flows import Flows
from tests.fastpath.tracked import SECOND, TICK, V4, V6, World, tcp, udp

HOSTS, REMOTES = st.integers(0, 3), st.integers(0, 2)
PORTS = st.sampled_from([1000, 1001, 5000, 5001])
REMOTE_PORTS = st.sampled_from([53, 54])
SECONDS = st.sampled_from([0, 1, 10, 150, 299, 302])
LIFE = 300 * SECOND


class Model(RuleBasedStateMachine):
    """Endpoint-independent mapping of UDP, with room for all."""

    settings: ClassVar[dict[str, str]] = {}
    family = V4

    def __init__(self):
        super().__init__()
        self.world = World(self.family, Flows(500, **self.settings))
        self.flows: dict[tuple, list] = {}  # (host, port, remote, remote port): [outside port, last seen]

    def live(self):
        # Ticks are coarse: what is on the edge may be either.
        return {key: port for key, (port, seen) in self.flows.items() if self.world.now - seen <= LIFE}

    def surely_dead(self, key):
        return self.world.now - self.flows[key][1] > LIFE + 2 * TICK

    @rule(host=HOSTS, port=PORTS, remote=REMOTES, remote_port=REMOTE_PORTS)
    def out(self, host, port, remote, remote_port):
        key = (host, port, remote, remote_port)
        live = self.live()
        word, packet = self.world.out(udp(port, remote_port), source=host, target=remote)
        assert word == "forward"
        assert (packet.src, packet.dst, packet.dport) == (self.family.outside[0], self.family.remote[remote], remote_port)
        if key in live:
            assert packet.sport == live[key]
        else:
            same = {outside for (h, p, *_), outside in live.items() if (h, p) == (host, port)}
            others = {outside for (h, p, *_), outside in live.items() if (h, p) != (host, port)}
            if self.settings.get("mapping") != "endpoint-dependent":
                assert not same or packet.sport in same
                assert packet.sport not in others
            taken = {outside for other, (outside, _) in self.flows.items() if other[:2] != key[:2]}
            kept = {outside for other, (outside, _) in self.flows.items() if other[:2] == key[:2]}
            assert packet.sport == port or port in taken or packet.sport in kept
            assert packet.sport % 2 == port % 2
            assert (packet.sport < 1024) == (port < 1024)
            # Outside port and remote endpoint name one flow.
            assert (packet.sport, *key[2:]) not in {(outside, *other[2:]) for other, outside in live.items()}
        self.flows[key] = [packet.sport, self.world.now]

    @rule(remote=REMOTES, remote_port=REMOTE_PORTS, number=st.integers(0, 30))
    def back(self, remote, remote_port, number):
        ports = sorted({outside for outside, _ in self.flows.values()}) or [1000]
        port = ports[number % len(ports)]
        keys = [key for key, (outside, _) in self.flows.items() if (outside, *key[2:]) == (port, remote, remote_port)]
        live = [key for key in keys if key in self.live()]
        word, packet = self.world.back(udp(remote_port, port), source=remote)
        if live:
            assert word == "forward"
            assert (packet.dst, packet.dport) == (self.family.inside[live[0][0]], live[0][1])
            self.flows[live[0]][1] = self.world.now
        elif all(map(self.surely_dead, keys)):
            assert word == "no flow"
        elif word == "forward":
            key = next(key for key in keys if self.family.inside[key[0]] == packet.dst and key[1] == packet.dport)
            self.flows[key][1] = self.world.now

    @rule(seconds=SECONDS)
    def wait(self, seconds):
        self.world.wait(seconds)

    @rule()
    def expire(self):
        self.world.trial.expire(self.world.now)

    @rule(host=HOSTS)
    def delete(self, host):
        self.world.flows.delete(source=self.family.inside[host])
        self.flows = {key: value for key, value in self.flows.items() if key[0] != host}

    @invariant()
    def the_rows_are_the_live_flows(self):
        rows = {
            (row["source"], int(row["source_port"]), row["target"], int(row["target_port"])): int(row["reply_target_port"])
            for row in self.world.flows.rows(self.world.now)
        }
        for (host, port, remote, remote_port), outside in self.live().items():
            assert rows.pop((self.family.inside[host], port, self.family.remote[remote], remote_port)) == outside
        dead = {(self.family.inside[h], p, self.family.remote[r], q) for h, p, r, q in self.flows}
        assert set(rows) <= dead


class ModelOfIPv6(Model):
    family = V6


class ModelOfDependentMapping(Model):
    settings: ClassVar = {"mapping": "endpoint-dependent"}


class ModelOfOpenMappings(Model):
    """The same, with a fourth reference a flow: filtering by address."""

    settings: ClassVar = {"filtering": "address-dependent"}

    @rule(host=HOSTS, port=PORTS, remote=REMOTES)
    def in_from_another_port(self, host, port, remote):
        """Let in if the endpoint has a live flow to that address."""
        mapped = [(key, outside) for key, outside in self.live().items() if key[:2] == (host, port)]
        if not mapped:
            return
        outside = mapped[0][1]
        wanted = any(key[2] == remote for key, _ in mapped)
        unsure = any(key[:3] == (host, port, remote) and key not in self.live() and not self.surely_dead(key) for key in self.flows)
        word, packet = self.world.back(udp(77, outside), source=remote, opens=True, mapping=True)
        if wanted:
            assert word == "forward"
            assert (packet.dst, packet.dport) == (self.family.inside[host], port)
            self.flows[host, port, remote, 77] = [outside, self.world.now]
        elif word == "forward" and (host, port, remote, 77) in self.flows:
            self.flows[host, port, remote, 77][1] = self.world.now
        elif not unsure:
            assert word == "filtered"


class Full(RuleBasedStateMachine):
    """A table of eight: it never holds more, answered flows stay, and a newcomer is refused only if all are answered."""

    def __init__(self):
        super().__init__()
        self.world = World(V4, Flows(8))
        self.answered: dict[int, tuple[int, int]] = {}
        self.port = 2000

    @rule(kind=st.sampled_from(["udp", "tcp", "echo"]))
    def newcomer(self, kind):
        self.port += 1
        payload = {"udp": udp(self.port, 53), "tcp": tcp(self.port, 80, "S", 1), "echo": V4.echo(self.port)}[kind]
        word, _ = self.world.out(payload)
        assert word == ("forward" if len(self.answered) < 8 else "flow limit")

    @rule()
    def answered_one(self):
        self.port += 1
        word, packet = self.world.out(udp(self.port, 53))
        if word == "forward":
            assert self.world.back(udp(53, packet.sport))[0] == "forward"
            self.answered[self.port] = (packet.sport, 53)
        else:
            assert len(self.answered) == 8

    @rule()
    def one_goes(self):
        if self.answered:
            port, _ = self.answered.popitem()
            assert self.world.flows.delete(source_port=port) == 1

    @rule()
    def wait(self):
        self.world.wait(5)

    @invariant()
    def the_answered_stay(self):
        assert self.world.flows.count <= 8
        rows = {int(row["source_port"]) for row in self.world.flows.rows(self.world.now) if row["assured"]}
        assert rows == set(self.answered)


for machine in (Model, ModelOfIPv6, ModelOfDependentMapping, ModelOfOpenMappings, Full):
    machine.TestCase.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
TestModel = Model.TestCase
TestModelOfIPv6 = ModelOfIPv6.TestCase
TestModelOfDependentMapping = ModelOfDependentMapping.TestCase
TestModelOfOpenMappings = ModelOfOpenMappings.TestCase
TestFull = Full.TestCase
