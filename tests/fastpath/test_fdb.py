"""Flushing, ageing off, static entries: the corners of the FDB that no bridge test of REQUIREMENTS.md names."""

import numpy as np

from fastpath import Bridge, Engine, MemoryPort, Outbox

SECOND = 10**9


def frame(target: int, source: int) -> bytes:
    return (0x0200_0000_0000 + target).to_bytes(6) + (0x0200_0000_0000 + source).to_bytes(6) + b"\x08\x00" + bytes(50)


def two_ports(**options: int) -> tuple[Engine, Outbox, Bridge, MemoryPort, MemoryPort]:
    engine, outbox = Engine(), Outbox()
    bridge = Bridge(engine, "bridge", **options)
    a, b = (MemoryPort(engine, name, outbox=outbox) for name in "ab")
    for port in (a, b):
        port.lead_to(bridge, bridge.add_member(port))
    return engine, outbox, bridge, a, b


def learn(engine: Engine, port: MemoryPort, stations: range, now: int) -> None:
    for station in stations:
        port.push(frame(0xFFFF, station))
    engine.run_until_idle(now)


def test_a_flush_forgets_one_member_at_once_and_keeps_the_other() -> None:
    engine, _, bridge, a, b = two_ports()
    learn(engine, a, range(1, 101), 1)
    learn(engine, b, range(201, 301), 2)
    bridge.flush(0)
    rows = bridge.stations(3)
    assert len(rows) == 100
    assert set(rows["member"]) == {1}
    assert bridge.named_counters()["stations"] == 100
    learn(engine, a, range(1, 101), 4)
    assert bridge.named_counters()["stations"] == 200


def test_the_256th_flush_does_not_bring_the_first_generation_back() -> None:
    engine, _, bridge, a, _ = two_ports()
    learn(engine, a, range(1, 51), 1)
    for _ in range(256):
        bridge.flush(0)
    assert len(bridge.stations(2)) == 0


def test_without_ageing_flushed_entries_are_swept_and_make_room() -> None:
    engine, _, bridge, a, _ = two_ports(ageing=0, limit=100, member_limit=100)
    for round_ in range(20):
        now = round_ * 400 * SECOND
        learn(engine, a, range(1 + 100 * round_, 101 + 100 * round_), now)
        assert bridge.named_counters()["stations"] == 100
        bridge.flush(0)
        # Traffic goes on, so that the scanner is armed; then it has time for a pass.
        learn(engine, a, range(1, 2), now + SECOND)
        engine.run_until_idle(now + 399 * SECOND)
        bridge.flush(0)
    assert bridge.named_counters()["refused"] == 0


def test_without_ageing_stations_stay() -> None:
    engine, _, bridge, a, _ = two_ports(ageing=0)
    learn(engine, a, range(1, 11), 1)
    engine.run_until_idle(10**9 * SECOND)
    assert len(bridge.stations(10**9 * SECOND)) == 10


def test_a_static_entry_takes_the_place_of_a_learned_one_and_can_be_forgotten() -> None:
    engine, _, bridge, a, _ = two_ports()
    learn(engine, a, range(1, 2), 1)
    bridge.add_static(0x0200_0000_0001, 1)
    learn(engine, a, range(1, 2), 2)
    row = bridge.stations(2)[0]
    assert (int(row["mac"]), int(row["member"]), bool(row["static"])) == (0x0200_0000_0001, 1, True)
    assert bridge.named_counters()["stations"] == 0
    assert bridge.forget(0x0200_0000_0001)
    assert not bridge.forget(0x0200_0000_0001)


def test_static_entries_give_the_scanner_no_work() -> None:
    """An idle bridge wakes nobody, and a leap in time is not walked through step by step for entries that never age."""
    engine, _, bridge, a, _ = two_ports(ageing=SECOND)
    bridge.add_static(0x0200_0000_0009, 1)
    learn(engine, a, range(1, 2), 0)
    assert engine.next_due is not None
    engine.turn(10 * SECOND)
    assert engine.next_due is None
    engine.turn(10**9 * SECOND)
    learn(engine, a, range(1, 2), 10**9 * SECOND)
    assert set(bridge.stations(10**9 * SECOND)["mac"].tolist()) == {0x0200_0000_0001, 0x0200_0000_0009}


def test_the_longest_ageing_time_is_18_years() -> None:
    engine, _, bridge, a, _ = two_ports(ageing=2**63 - 1)
    learn(engine, a, range(1, 2), 0)
    year = 365 * 86_400 * SECOND
    engine.turn(18 * year)
    assert len(bridge.stations(18 * year)) == 1
    engine.turn(19 * year)
    assert len(bridge.stations(19 * year)) == 0


def test_the_table_of_a_million_stations_fits_in_32_megabytes() -> None:
    bridge = Bridge(Engine(), "large", limit=1_000_000)
    assert bridge.table_octets <= 32_000_000


def test_ages_are_reported() -> None:
    engine, _, bridge, a, _ = two_ports()
    learn(engine, a, range(1, 2), 0)
    age = bridge.stations(100 * SECOND)["age_ns"]
    assert np.all(abs(age - 100 * SECOND) < SECOND)
