"""The paths of NAT's and routing's benchmarks are what they say: verified as the benchmarks do it, on few flows."""

import pytest

from bench import measure, nat, nat_peer, newflows, published, routing, six
from bench.flows import GATEWAY_MACS, REMOTE_MAC, Shape, frames, order
from bench.natted import Natted
from bench.table import overhead_table
from bench.traffic import IMIX
from bench.translated import pass_once


@pytest.mark.parametrize("mapping", [nat.DEPENDENT, nat.INDEPENDENT])
@pytest.mark.parametrize("shape", [Shape(1), Shape(300, 1, 4), Shape(20, 10, 1)], ids=str)
def test_every_frame_out_and_every_reply_back_is_verified(shape, mapping):
    """BM-13; phase 1 fills the table, phase 2 measures (BM-10)."""
    cell = nat.Cell(shape, IMIX, mapping)
    assert cell.verify() == 2 * len(cell.frames)


def test_out_back_and_both_are_measured(monkeypatch):
    """BM-6, BM-11."""
    monkeypatch.setattr(nat, "ROUNDS", 2)
    table = overhead_table("title", "flows")
    nat.Cell(Shape(100), (64,), nat.INDEPENDENT).add_to(table, "100", "≤ 1")
    assert [row[0] for row in table.rows] == ["100, out", "100, back", "100, both"]
    assert table.rows[0][-1] == "≤ 1"


class Forgetful(Natted):
    """It loses flows before the measurement."""

    def start(self):
        super().start()
        self.flows.delete(source=self.shape.inside()[0])

    def fill(self):
        super().fill()
        self.rules.set_interface(self.inside, kind="network", name="inside", ipv4="isolated")


def test_a_figure_without_the_flows_is_refused():
    """BM-13."""
    shape = Shape(100)
    cell = nat.Cell(shape, (64,), nat.INDEPENDENT)
    with pytest.raises(RuntimeError, match=r"dropped|open"):
        measure.measure({"nat": Forgetful(cell.frames, shape, mapping=nat.INDEPENDENT)}, rounds=1, frames=1 << 10)


def test_new_flows_fill_the_table(monkeypatch):
    """BM-10: sessions per second, until the table is full and beyond; memory of each."""
    monkeypatch.setattr(newflows, "REPETITIONS", 1)
    fill = newflows.Fill(Shape(20_000), nat.INDEPENDENT)
    assert len(fill.whole.ticks) == len(fill.beyond.ticks) == 1
    assert fill.recycled > 0
    assert fill.octets > 0


def test_a_million_flows_fit_128_megabytes():
    """All in, whatever the mapping."""
    from fastpath import Flows

    for mapping in (nat.DEPENDENT, nat.INDEPENDENT):
        assert Flows(capacity=1_000_000, mapping=mapping).octets <= 128_000_000


@pytest.mark.parametrize(("ports", "whole"), [(1, False), (1000, False), (60_000, True)])
def test_published_ports_lead_where_they_should(monkeypatch, ports, whole):
    traffic = frames(published.inward(ports)[order(published.FLOWS)], (64,), (GATEWAY_MACS[1], REMOTE_MAC))
    assert published.Published(traffic, ports, whole, outbox=True).verify() == published.FLOWS


@pytest.mark.parametrize("routes", [1, 300, 3000])
@pytest.mark.parametrize(("version", "make"), [(4, routing.traffic), (6, six.traffic)])
def test_frames_leave_by_their_route(routes, version, make):
    traffic = make(routes, before=True)
    assert len(traffic) >= 4096
    assert pass_once(routing.Routing(traffic, routes, version, outbox=True)) == make(routes, before=False)


def test_the_peer_translates_to_the_same_addresses():
    rules = nat_peer.rules(Shape(10), stateful=True)
    assert "nat(src=203.0.113.1-203.0.113.64)" in rules[1]
    assert len(nat_peer.rules(Shape(10), stateful=False)) == 1
