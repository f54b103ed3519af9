"""The run loop without devices: what is submitted, timers, signals, stopping, idleness."""

import os
import re
import select
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import CancelledError
from pathlib import Path

import pytest

from fastpath import Bridge, Engine, Loop, MemoryPort, Outbox

FRAME = bytes.fromhex("02420a00000202420a0000010800") + b"x" * 46


@pytest.fixture
def running():
    """An engine, and a loop that turns it in another thread."""
    engine = Engine()
    loop = Loop(engine)
    thread = threading.Thread(target=loop.run, daemon=True)
    thread.start()
    yield engine, loop
    loop.stop()
    thread.join(10)
    assert not thread.is_alive()


def test_submit_runs_in_the_loops_thread(running):
    _, loop = running
    here = threading.get_ident()
    assert loop.submit(threading.get_ident).result(30) != here
    with pytest.raises(ZeroDivisionError):
        loop.submit(lambda: 1 / 0).result(30)
    assert loop.submit(lambda: "alive").result(30) == "alive"


def test_submit_in_order_and_from_within(running):
    _, loop = running
    seen = []
    inner = [loop.submit(lambda n=n: (seen.append(n), loop.submit(lambda: seen.append(n + 100)))[1]) for n in range(100)]
    for future in inner:
        future.result(30).result(30)
    assert [n for n in seen if n < 100] == list(range(100))
    assert [n for n in seen if n >= 100] == list(range(100, 200))


def test_frames_pushed_by_an_action_are_turned(running):
    engine, loop = running
    outbox = Outbox()

    def wire():
        bridge = Bridge(engine, "front")
        ports = [MemoryPort(engine, name, outbox=outbox) for name in "ab"]
        for port in ports:
            port.lead_to(bridge, bridge.add_member(port))
        ports[0].push(FRAME)
        return ports[1].index

    index = loop.submit(wire).result(30)
    rows = loop.submit(outbox.take).result(30)
    assert [(row[0], row[2]) for row in rows] == [(index, FRAME)]
    assert abs(rows[0][1] - time.clock_gettime_ns(time.CLOCK_MONOTONIC)) < 5_000_000_000


def test_timers_fire_while_nothing_arrives(running):
    """A bridge's scanner is due a quarter of the ageing time after the last: BR-6."""
    engine, loop = running

    def wire():
        bridge = Bridge(engine, "front", ageing=600_000_000)
        port = MemoryPort(engine, "a")
        port.lead_to(bridge, bridge.add_member(port))
        port.push(FRAME)
        return bridge

    bridge = loop.submit(wire).result(30)
    end = time.monotonic() + 30
    while bridge.named_counters()["aged"] == 0 and time.monotonic() < end:
        time.sleep(0.05)
    assert loop.submit(bridge.named_counters).result(30)["aged"] == 1


def test_idle_costs_nothing(running):
    """Its thread sleeps all the time, and nothing wakes it."""
    engine, loop = running
    thread = Path(f"/proc/self/task/{loop.submit(threading.get_native_id).result(30)}")

    def asleep():
        state, switches = (
            re.search(rf"^{word}:\t(\w+)", (thread / "status").read_text(), re.M)[1]
            for word in ("State", "voluntary_ctxt_switches")
        )
        return state, int(switches), engine.turns

    before, until = None, time.monotonic() + 30
    while (now := asleep()) != before and time.monotonic() < until:  # it has just answered
        before = now
        time.sleep(0.05)
    assert before[0] == "S"
    for _ in range(50):
        time.sleep(0.02)
        assert asleep() == before


def test_stop_before_run_and_run_again():
    loop = Loop(Engine())
    loop.stop()
    loop.run()
    done = loop.submit(loop.stop)
    loop.run()
    assert done.done()
    assert not loop.running


def test_what_was_submitted_too_late_is_cancelled():
    loop = Loop(Engine())
    loop.submit(loop.stop)
    loop.submit(lambda: loop.submit(lambda: None))
    late = loop.submit(lambda: loop.submit(lambda: None))
    loop.run()
    with pytest.raises(CancelledError):
        late.result(30).result(30)


def test_one_run_at_a_time(running):
    _, loop = running
    loop.submit(lambda: None).result(30)
    with pytest.raises(RuntimeError):
        loop.run()


def test_an_event_descriptor_is_quiet_without_events(running):
    _, loop = running
    assert loop.events() == []
    assert select.select([loop.event_fd], [], [], 0) == ([], [], [])


PROGRAM = """
import sys
from fastpath import Engine, Loop
loop = Loop(Engine(), poll=sys.argv[1] == "poll")
loop.submit(lambda: print("running", flush=True))
loop.run()
print("clean", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("how", ["sleep", "poll"])
def test_signals_stop_it_cleanly(number, how):
    with subprocess.Popen([sys.executable, "-c", PROGRAM, how], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "running\n"
        process.send_signal(number)
        assert process.stdout.read() == "clean\n"
        assert process.wait(30) == 0


def test_a_signal_handler_that_raises_ends_the_run():
    def handler(*_):
        raise LookupError("from a handler")

    loop = Loop(Engine())
    before = signal.signal(signal.SIGUSR1, handler)
    sender = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGUSR1))
    sender.start()
    try:
        with pytest.raises(LookupError):
            loop.run()
    finally:
        signal.signal(signal.SIGUSR1, before)
        sender.join()
    assert not loop.running
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
