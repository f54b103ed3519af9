"""Any order of calls: what holds of every State, of its Plan, and of what the store gives back."""

import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from worlds import World, around, bind, endpoint

from dataplane.actions import diff
from dataplane.desired import fates
from dataplane.desired.planning import plan_of
from dataplane.desired.references import endpoints_of
from dataplane.desired.refused import Refused
from dataplane.desired.wishes import PoolWish
from dataplane.drivers import wire
from dataplane.ipam import overlapping
from dataplane.store.sqlite import SqliteStore

NETS = ("bridge", "host", "none", "n1", "n2", "n3")
NAMES = ("c1", "c2", "c3", "c4", "c5")
nets, names = st.sampled_from(NETS), st.sampled_from(NAMES)
octets = st.none() | st.integers(0, 16)


class Daemon(RuleBasedStateMachine):
    """A host with a route in the default pools' way; three networks, small enough to be full; five containers."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(around("eth0 172.19.0.0/16"))
        self.world.net("n1", "10.3.0.0/29")
        self.world.net("n2")
        for name, mode in zip(NAMES, ("n1", "n1", "bridge", "n2"), strict=False):
            self.world.create(name, mode, ports=(bind(80), bind(81, 8080)) if name in {"c1", "c2"} else ())
            self.ask(self.world.start, name)
        self.folder = tempfile.TemporaryDirectory(prefix="desired-")
        self.store = SqliteStore(Path(self.folder.name) / "state.db")
        self.saved = self.store.load()

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()

    def ask(self, call, *arguments, **more) -> None:
        """A refusal changes nothing."""
        before = self.world.state
        try:
            call(*arguments, **more)
        except Refused as refused:
            assert refused.what
            assert self.world.state is before

    @rule(name=st.sampled_from(NETS[3:]), kind=st.integers(0, 5), internal=st.booleans())
    def make_network(self, name, kind, internal):
        number = NETS.index(name)
        pool = PoolWish(subnet=f"10.{number}.0.0/28", ip_range=f"10.{number}.0.8/30", aux_addresses={"a": f"10.{number}.0.9"})
        wishes = (
            {},
            {"pools": (f"10.{number}.0.0/29",)},
            {"pools": (pool,)},
            {"pools": ("10.3.0.0/16",)},
            {"pools": (f"10.{number}.0.0/30", f"fd0{number}::/125"), "enable_ipv6": True},
            {"enable_ipv4": False, "enable_ipv6": True},
        )[kind]
        self.ask(self.world.net, name, *wishes.pop("pools", ()), internal=internal, **wishes)

    @rule(name=nets)
    def remove_network(self, name):
        self.ask(self.world.rm, name)

    @rule()
    def prune(self):
        self.ask(self.world.prune)

    @rule(name=names, mode=st.sampled_from([*NETS, *(f"container:{name}" for name in NAMES)]), port=st.integers(0, 3))
    def create(self, name, mode, port):
        ports = ((), (bind(80, 8080),), (bind(80, 8080, 8081), bind(81)), (bind(82, 8080, ip="127.0.0.1"),))[port]
        self.ask(self.world.create, name, mode, ports=ports)

    @rule(name=names, taken=st.sampled_from([(), (("tcp", 8080),), (("tcp", 32768), ("tcp", 8081))]))
    def start(self, name, taken):
        self.ask(self.world.start, name, taken)

    @rule(name=names, state=st.sampled_from(["exited", "restarting"]))
    def stop(self, name, state):
        self.ask(self.world.stop, name, state)

    @rule(name=names)
    def pause(self, name):
        try:
            record = self.world.container(name)
        except Refused:
            return
        if record.alive:
            turned = replace(record.fate, state="paused" if record.fate.state == "running" else "running")
            self.world.state = fates.with_fate(self.world.state, record.id, turned)

    @rule(name=names)
    def remove(self, name):
        self.ask(self.world.remove, name)

    @rule(name=names, new=names)
    def rename(self, name, new):
        self.ask(self.world.rename, name, new)

    @rule(name=names, net=nets, octet=octets, priority=st.integers(-1, 1), alias=st.booleans())
    def connect(self, name, net, octet, priority, alias):
        address = "" if octet is None else f"10.{NETS.index(net)}.0.{octet}"
        self.ask(self.world.connect, net, name, endpoint(address, gw_priority=priority, aliases=("db",) if alias else ()))

    @rule(name=names, net=nets, force=st.booleans())
    def disconnect(self, name, net, force):
        self.ask(self.world.disconnect, net, name, force=force)

    # -- what always holds ----------------------------------------------------------------------------------------------

    @invariant()
    def networks_are_apart(self):
        records = [one for one in self.world.state.networks.values() if not one.config_only]
        pools = [pool.subnet for one in records for pool in one.pools] + [one.network for one in self.uplink().addresses]
        assert not any(overlapping(one, other) for number, one in enumerate(pools) for other in pools[:number])
        assert max(Counter(one.name for one in records).values()) == 1

    def uplink(self):
        return self.world.state.uplinks["uplink"]

    @invariant()
    def endpoints_are_of_those_that_run(self):
        state = self.world.state
        for (container, network), one in state.endpoints.items():
            assert (one.container, one.network) == (container, network) == (one.endpoint.instance, one.endpoint.network)
            assert state.containers[container].alive
            assert network in state.containers[container].attachments
        for record in state.containers.values():
            wanted = [key for key in record.attachments if state.networks[key].driver != "null"] if record.alive else []
            assert sorted(wanted) == sorted(one.network for one in endpoints_of(state, record.id))
        assert all(state.containers[key].alive for key in state.published)

    @invariant()
    def addresses_have_one_owner(self):
        state, held = self.world.state, set()
        for one in state.endpoints.values():
            network = state.networks[one.network]
            assert (one.endpoint.ipv4 is not None) == network.enable_ipv4
            assert (one.endpoint.ipv6 is not None) == network.enable_ipv6
            for address in filter(None, (one.endpoint.ipv4, one.endpoint.ipv6)):
                pool = next(pool for pool in network.pools if address in pool.subnet)
                assert address not in {pool.gateway, *pool.aux_addresses.values()}
                assert address not in held
                held.add(address)

    @invariant()
    def interfaces_and_ports_have_one_owner(self):
        state = self.world.state
        assert len({one.endpoint.port for one in state.endpoints.values()}) == len(state.endpoints)
        for record in state.containers.values():
            mine = [one.endpoint.interface for one in endpoints_of(state, record.id)]
            assert len(set(mine)) == len(mine)

    @invariant()
    def host_ports_have_one_owner(self):
        seen: dict[tuple[str, int], list] = {}
        for rows in self.world.state.published.values():
            for row in rows:
                for port in range(row.first, row.last + 1):
                    others = seen.setdefault((row.protocol, port), [])
                    assert row.host_ip is not None or not others
                    assert row.host_ip not in others
                    others.append(row.host_ip)

    @invariant()
    def the_plan_has_a_wiring_and_is_the_same_again(self):
        plan = plan_of(self.world.state, "machine")
        wiring = wire(plan)
        assert not diff(wiring, wire(plan_of(self.world.state, "another")))
        for instance in plan.instances.values():
            assert all(endpoint.port in wiring.nodes for endpoint in instance.endpoints)
            assert {route.port for route in instance.routes} <= {endpoint.port for endpoint in instance.endpoints}

    @invariant()
    def the_store_gives_it_back(self):
        state = self.world.state
        self.store.save(self.saved, state)
        self.saved = state
        loaded = self.store.load()
        assert loaded == state
        for one, other in zip((loaded.networks, loaded.containers), (state.networks, state.containers), strict=True):
            assert list(one) == list(other)


Daemon.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestAnyOrderOfCalls = Daemon.TestCase
