"""The work list, budgets, removal: what holds for every node."""

import gc

import pytest

from fastpath import Bridge, Engine, MemoryPort, Node, Outbox, Port

BROADCAST = bytes.fromhex("ffffffffffff 020000000001 0800") + bytes(50)


def frame(target: int, source: int, length: int = 64) -> bytes:
    return (0x0200_0000_0000 + target).to_bytes(6) + (0x0200_0000_0000 + source).to_bytes(6) + b"\x08\x00" + bytes(length - 14)


def assert_conserved(engine: Engine) -> None:
    """In + cloned + originated == out + consumed + dropped + held, at every node."""
    for row in engine.counters():
        assert row["in"] + row["cloned"] + row["originated"] == row["out"] + row["consumed"] + row["dropped"] + row["held"], row


def reasons(engine: Engine) -> dict[str, int]:
    return {row["reason"]: row["count"] for row in engine.drops() if row["scope"] == "node"}


def bridged(*names: str, **options: int) -> tuple[Engine, Outbox, Bridge, list[MemoryPort]]:
    engine, outbox = Engine(**options), Outbox()
    bridge = Bridge(engine, "bridge")
    ports = [MemoryPort(engine, name, outbox=outbox) for name in names]
    for port in ports:
        port.lead_to(bridge, bridge.add_member(port))
    return engine, outbox, bridge, ports


def test_an_unconnected_port_drops_by_name() -> None:
    engine = Engine()
    port = MemoryPort(engine, "alone", outbox=Outbox())
    port.push(BROADCAST)
    engine.turn(1)
    assert [tuple(row) for row in engine.drops()] == [
        ("node", "unconnected", "unconnected", 1),
        ("port", "alone", "unconnected", 1),
    ]


def test_two_bridges_in_a_ring_end_by_the_hop_budget() -> None:
    """A frame between two bridges that both hairpin goes round until its hops are spent, not for ever."""
    engine, outbox = Engine(), Outbox()
    one, two = Bridge(engine, "one"), Bridge(engine, "two")
    port = MemoryPort(engine, "port", outbox=outbox)
    port.lead_to(one, one.add_member(port))
    assert one.add_member(two, target_input=0, hairpin=True) == 1
    assert two.add_member(one, target_input=1, hairpin=True) == 0
    port.push(BROADCAST)
    engine.turn(1)
    assert reasons(engine)["hop budget"] > 0
    assert_conserved(engine)


def test_a_loop_of_floods_ends_by_the_turn_budget() -> None:
    """Three bridges, all connected with each other: each flood doubles; the allowance of the polled frame ends it."""
    engine = Engine(clones=1024)
    bridges = [Bridge(engine, f"bridge{i}") for i in range(3)]
    port = MemoryPort(engine, "port", outbox=Outbox())
    port.lead_to(bridges[0], bridges[0].add_member(port))
    for bridge in bridges:
        for other in bridges:
            if other is not bridge:
                bridge.add_member(other, target_input=0, hairpin=True)
    port.push(BROADCAST)
    engine.turn(1)
    assert reasons(engine)["turn budget"] > 0
    assert_conserved(engine)


def test_an_honest_flood_to_many_ports_meets_no_budget() -> None:
    engine, outbox, _, ports = bridged(*(f"p{i}" for i in range(300)))
    for _ in range(200):
        ports[0].push(BROADCAST)
    engine.run_until_idle(1)
    assert len(outbox.take()) == 200 * 299
    assert len(engine.drops()) == 0
    assert_conserved(engine)


def test_frames_beyond_a_burst_wait_for_the_next_turn_in_order() -> None:
    engine, outbox, _, ports = bridged("a", "b", burst=16)
    sent = [frame(2, 1, 60 + n % 900) for n in range(100)]
    for octets in sent:
        ports[0].push(octets)
    assert engine.turn(1) == 16
    engine.run_until_idle(1)
    assert [octets for _, _, octets in outbox.take()] == sent


def test_a_busy_port_does_not_starve_another() -> None:
    engine, outbox, _, ports = bridged("a", "b", "c", burst=8)
    for _ in range(1000):
        ports[0].push(frame(9, 1))
    ports[1].push(frame(9, 2))
    engine.turn(1)
    engine.turn(2)
    assert any(octets[6:12] == frame(9, 2)[6:12] for _, _, octets in outbox.take())


def test_two_nodes_of_one_name_are_refused() -> None:
    engine = Engine()
    Bridge(engine, "front")
    with pytest.raises(ValueError, match="there is a node 'front' already"):
        MemoryPort(engine, "front")
    assert len(engine.counters()) == 3


def test_a_removed_port_is_not_reached_and_its_index_is_used_again() -> None:
    engine, outbox, bridge, ports = bridged("a", "b", "c")
    ports[0].push(frame(9, 1))
    ports[1].push(frame(9, 2))
    bridge.remove_member(1)
    engine.remove(ports[1])
    engine.run_until_idle(1)
    assert [port for port, _, _ in outbox.take()] == [ports[2].index]
    assert MemoryPort(engine, "d").index == ports[1].index


def test_removing_a_node_without_telling_its_bridge_is_safe() -> None:
    engine, outbox, _, ports = bridged("a", "b")
    engine.remove(ports[1])
    ports[0].push(BROADCAST)
    engine.turn(1)
    assert outbox.take() == []
    assert reasons(engine) == {"unconnected": 1}


def test_time_does_not_go_back() -> None:
    engine, *_ = bridged("a", "b")
    engine.turn(10)
    with pytest.raises(ValueError, match="time goes back: 9 after 10"):
        engine.turn(9)


def test_a_frame_of_65_549_octets_passes_and_a_longer_one_is_refused() -> None:
    engine, outbox = Engine(), Outbox()
    a, b = (MemoryPort(engine, name, outbox=outbox, mtu=65535) for name in "ab")
    a.lead_to(b)
    a.push(frame(2, 1, 65549))
    with pytest.raises(ValueError, match="at most 65549 octets, this one 65550"):
        a.push(bytes(65550))
    engine.turn(1)
    assert len(outbox.take()[0][2]) == 65549


def test_the_outbox_is_bounded() -> None:
    engine, outbox = Engine(), Outbox(limit=1000)
    a, b = (MemoryPort(engine, name, outbox=outbox) for name in "ab")
    a.lead_to(b)
    for _ in range(50):
        a.push(frame(2, 1))
    engine.run_until_idle(1)
    assert len(outbox.take()) == 12
    assert reasons(engine) == {"outbox full": 38}
    a.push(frame(2, 1))
    engine.run_until_idle(2)
    assert len(outbox.take()) == 1
    assert_conserved(engine)


def test_timers_fire_in_order_at_their_own_times() -> None:
    """Ageing is a timer: after a long pause the scanner has run as often as it wished, and then rests."""
    engine, _, bridge, ports = bridged("a", "b")
    ports[0].push(BROADCAST)
    engine.turn(1_000_000_000)
    assert engine.next_due is not None
    engine.turn(10**15)
    assert bridge.named_counters()["aged"] == 1
    assert engine.next_due is None


def test_time_ends_where_a_timer_still_fits() -> None:
    engine, _, _, ports = bridged("a", "b")
    ports[0].push(BROADCAST)
    engine.turn(2**62)
    assert engine.next_due is not None
    with pytest.raises(ValueError, match="time ends at"):
        engine.turn(2**62 + 1)


# -- what a program may do wrong: an Edge and the lists of the graph hold plain pointers -------------------------------------


def test_a_removed_port_is_never_polled_again() -> None:
    engine, outbox, bridge, ports = bridged("a", "b")
    ports[0].lead_to(None)
    bridge.remove_member(0)
    engine.remove(ports[0])
    ports.pop(0).push(BROADCAST)
    gc.collect()
    assert engine.run_until_idle(1) == 0
    assert outbox.take() == []


def test_an_edge_leads_to_nodes_of_its_own_graph_only() -> None:
    engine, _, bridge, ports = bridged("a", "b")
    foreign = Bridge(Engine(), "foreign")
    gone = Bridge(engine, "gone")
    engine.remove(gone)
    for node in (foreign, gone):
        with pytest.raises(ValueError, match=f"a cannot lead to {node.name}: they are not"):
            ports[0].lead_to(node)
        with pytest.raises(ValueError, match=f"bridge cannot lead to {node.name}: they are not"):
            bridge.add_member(node)
    assert bridge.names == ["a", "b"]
    with pytest.raises(ValueError, match="gone cannot lead to b: they are not"):
        gone.add_member(ports[1])


def test_the_nodes_that_drop_stay() -> None:
    engine = Engine()
    for name in ("unconnected", "hop budget"):
        with pytest.raises(ValueError, match=f"the graph needs its node '{name}'"):
            engine.remove(engine.by_name[name])


def test_nodes_that_do_nothing_drop_by_name() -> None:
    engine = Engine()
    port = MemoryPort(engine, "port")
    for number, kind in enumerate((Node, Port)):
        port.lead_to(kind(engine, f"bare {number}"))
        port.push(BROADCAST)
        engine.turn(number)
    assert reasons(engine) == {"unconnected": 1}
    assert engine.traffic()["dropped"].tolist() == [2, 0]
    assert_conserved(engine)


def test_a_graph_does_not_grow_by_nodes_that_came_and_went() -> None:
    """The Burst that a node may fill comes and goes with it; frames still pass through what stays."""
    engine, outbox, bridge, ports = bridged("a", "b")
    before = engine.bursts
    for turn in range(2_000):
        extra = MemoryPort(engine, "extra", outbox=outbox)
        number = bridge.add_member(extra)
        extra.lead_to(bridge, number)
        extra.push(frame(99, 3))
        engine.turn(turn + 1)
        assert engine.bursts == before + 1
        extra.lead_to(None)
        bridge.remove_member(number)
        engine.remove(extra)
        assert engine.bursts == before
    ports[0].push(BROADCAST)
    outbox.take()
    engine.turn(3_000)
    assert [port for port, _, _ in outbox.take()] == [ports[1].index]
    assert_conserved(engine)
