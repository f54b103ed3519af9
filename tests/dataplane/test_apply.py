"""Changes to a running graph: what stays is not disturbed."""

import pytest
from topologies import attach, network, service, topology

from dataplane.actions import diff
from dataplane.apply import Dataplane, MemoryPorts
from dataplane.drivers import wire
from dataplane.errors import UserError
from dataplane.plan import make_plan
from dataplane.wiring import NodeSpec, Wiring


def frame(source: int, target: int, octets: int = 60) -> bytes:
    return (0x020000000000 + target).to_bytes(6, "big") + (0x020000000000 + source).to_bytes(6, "big") + bytes(octets - 12)


class Bench:
    def __init__(self):
        self.ports = MemoryPorts()
        self.dataplane = Dataplane(self.ports)
        self.now = 0

    def change(self, networks, services):
        wiring = wire(make_plan(topology(networks, services)))
        actions = self.dataplane.change_to(wiring)
        assert self.dataplane.wiring == wiring
        assert diff(self.dataplane.wiring, wiring) == ()
        return [str(action) for action in actions]

    def send(self, port, octets):
        self.ports.push(port, octets)
        self.now += 1
        self.dataplane.engine.run_until_idle(self.now)
        return [name for name, _, _ in self.ports.take()]


@pytest.fixture
def bench():
    return Bench()


def test_a_service_more_or_less_leaves_the_others_stations_known(bench):
    bench.change([network("n")], [service("a", "n"), service("b", "n")])
    bench.send("a.n", frame(1, 9))
    changes = bench.change([network("n")], [service("a", "n"), service("b", "n"), service("c", "n")])
    assert changes[0].startswith("+ port c.n")
    assert len(changes) == 2
    assert bench.send("c.n", frame(3, 1)) == ["a.n"]
    assert bench.change([network("n")], [service("a", "n"), service("b", "n")]) == ["- c.n -- bridge n", "- port c.n"]
    assert bench.send("b.n", frame(2, 1)) == ["a.n"]
    assert bench.send("b.n", frame(2, 3)) == ["a.n"]
    assert [row["port"] for row in bench.dataplane.fdb("n")] == ["a.n", "b.n"]


def test_a_port_that_comes_in_place_of_another_inherits_nothing(bench):
    bench.change([network("n")], [service("a", "n"), service("b", "n")])
    bench.send("b.n", frame(2, 9))
    bench.change([network("n")], [service("a", "n")])
    bench.change([network("n")], [service("a", "n"), service("z", "n")])
    assert bench.send("a.n", frame(1, 2)) == ["z.n"]
    assert [row["port"] for row in bench.dataplane.fdb("n")] == ["a.n"]
    assert list(bench.dataplane.traffic()["port"]) == ["a.n", "z.n"]


def test_settings_change_in_place(bench):
    services = [service("a", "n"), service("b", "n")]
    bench.change([network("n")], services)
    bench.send("a.n", frame(1, 9))
    options = {"com.docker.network.driver.mtu": "100", "dataplane.ageing": "0", "dataplane.port_limit": "2"}
    changes = bench.change([network("n", options=options)], services)
    assert changes == [
        "~ bridge n: ageing 300 s -> 0 s",
        "~ port a.n: mtu 1500 -> 100",
        "~ port b.n: mtu 1500 -> 100",
        "~ a.n -- bridge n: fdb_limit 8192 -> 2",
        "~ b.n -- bridge n: fdb_limit 8192 -> 2",
        "~ router -- bridge n: mtu 1500 -> 100",
    ]
    assert bench.send("b.n", frame(2, 1, 115)) == []
    bench.dataplane.engine.turn(10**15)
    bench.now = 10**15
    assert bench.send("b.n", frame(2, 1, 114)) == ["a.n"]
    for number in range(5, 10):
        bench.send("b.n", frame(number, 1))
    assert [row["port"] for row in bench.dataplane.fdb("n")] == ["a.n", "b.n", "b.n"]


def test_a_member_made_hairpin_and_isolated_on_the_run(bench):
    plain, odd = service("a", "n"), service("a", attach("n", driver_opts={"dataplane.hairpin": "1", "dataplane.isolated": "1"}))
    other = service("b", attach("n", driver_opts={"dataplane.isolated": "1"}))
    bench.change([network("n")], [plain, other])
    assert bench.send("a.n", frame(1, 9)) == ["b.n"]
    bench.change([network("n")], [odd, other])
    assert bench.send("a.n", frame(1, 9)) == []
    assert bench.send("a.n", frame(1, 1)) == []
    bench.change([network("n")], [plain, other])
    assert bench.send("a.n", frame(1, 9)) == ["b.n"]


def test_a_bridge_that_must_be_made_anew_serves_the_same_ports(bench):
    services = [service("a", "n"), service("b", "n")]
    bench.change([network("n")], services)
    bench.send("a.n", frame(1, 9))
    bench.change([network("n", options={"dataplane.fdb_limit": "8", "dataplane.port_limit": "8192"})], services)
    assert len(bench.dataplane.fdb("n")) == 0
    assert bench.send("b.n", frame(2, 1)) == ["a.n"]


def test_all_can_be_taken_down_and_put_up_again(bench):
    services = [service(f"s{number}", "n") for number in range(20)]
    for _ in range(3):
        bench.change([network("n")], services)
        assert len(bench.send("s3.n", frame(3, 9))) == 19
        bench.dataplane.change_to(Wiring())
        assert list(bench.dataplane.engine.ports) == []
        assert list(bench.dataplane.counters()["node"]) == ["unconnected", "hop budget"]


def test_frames_waiting_at_a_port_that_leaves_are_no_bodys(bench):
    bench.change([network("n")], [service("a", "n"), service("b", "n")])
    bench.ports.push("a.n", frame(1, 9))
    bench.change([network("n")], [service("b", "n")])
    bench.dataplane.engine.run_until_idle(5)
    assert bench.ports.take() == []


def test_an_unknown_kind_of_node_is_a_mistake_of_ours(bench):
    with pytest.raises(ValueError, match="no such kind of node: warp"):
        bench.dataplane.change_to(Wiring.of([NodeSpec("w", "warp")]))


def test_no_bridges_no_fdb(bench):
    with pytest.raises(UserError, match="there is no bridge network 'n'") as caught:
        bench.dataplane.fdb("n")
    assert caught.value.mend == "there are none"


def test_what_cannot_be_made_leaves_nothing_behind(bench, monkeypatch):
    bench.change([network("n")], [service("a", "n")])
    before = bench.dataplane.wiring
    make = bench.ports.make

    def half_way(engine, spec):
        make(engine, spec)
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(bench.ports, "make", half_way)
    with pytest.raises(OSError, match="Too many open files"):
        bench.change([network("n")], [service("a", "n"), service("b", "n")])
    assert bench.dataplane.wiring == before
    monkeypatch.undo()
    assert len(bench.change([network("n")], [service("a", "n"), service("b", "n")])) == 2
    assert bench.send("b.n", frame(2, 9)) == ["a.n"]


def test_a_table_for_which_there_is_no_memory_is_said_so(bench, monkeypatch):
    def too_large(*_, **__):
        raise MemoryError("table")

    monkeypatch.setattr("dataplane.apply.dataplane.Bridge", too_large)
    with pytest.raises(UserError, match="there is no memory for bridge n") as caught:
        bench.change([network("n")], [])
    assert (caught.value.status, caught.value.mend) == (1, "lower dataplane.fdb_limit")
