"""Memory ports: what is polled again and again."""

import pytest

from fastpath import Engine, MemoryPort

FRAME = bytes.fromhex("020000000002 020000000001 0800") + bytes(50)


def test_frames_of_a_cycle_come_again_until_an_empty_one() -> None:
    engine = Engine(burst=3)
    port = MemoryPort(engine, "port")
    port.cycle([FRAME, FRAME])
    assert [engine.turn(n) for n in range(3)] == [3, 3, 3]
    port.cycle([])
    assert engine.turn(3) == 0


def test_a_cycle_that_was_refused_has_ended() -> None:
    engine = Engine()
    port = MemoryPort(engine, "port")
    port.cycle([FRAME])
    with pytest.raises(ValueError, match="at most 65549 octets"):
        port.cycle([bytes(65550)])
    assert engine.turn(1) == 0
