"""kill -9 at any moment of a lab with a way out: `down` leaves the host as it was, also after `up` again; two labs at once."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import time
from contextlib import suppress

import pytest
from hosts import HOST4, OUTSIDE4, assert_same, outside, sh, state
from labs import assert_gone, foreground, in_world, lab, up, wait_for
from servers import PYTHON, TELLER, patient_curl
from traces import processes

from dataplane import live
from dataplane.errors import UserError
from dataplane.proc.registry import holder, lab_folder

pytestmark = [pytest.mark.live, pytest.mark.skipif(os.geteuid() != 0, reason="an uplink needs root")]

ROUNDS = 12


def text(net: int, port: int) -> str:
    return f"""
services:
  web: {{image: host, command: [{PYTHON}, -c, {json.dumps(TELLER)}, "80"], ports: ["{port}:80", "127.0.0.1:{port + 1}:80"]}}
networks:
  default:
    enable_ipv6: true
    ipam: {{config: [{{subnet: 10.{net}.0.0/24}}, {{subnet: "fd{net}::/64"}}]}}
"""


def kill_something(name: str, chance: random.Random) -> str:
    """The lab process, its helper, or both; what of it was there."""
    folder = lab_folder(name)
    known: dict[str, int] = {}
    if (lab_process := holder(folder)) is not None:
        known["lab"] = lab_process[0]
    with suppress(FileNotFoundError, ValueError):
        known["helper"] = json.loads((folder / "helper.json").read_text())["pid"]
    killed = []
    for victim in chance.choice((("lab",), ("lab",), ("helper",), ("lab", "helper"))):
        if victim in known:
            with suppress(ProcessLookupError):
                os.kill(known[victim], signal.SIGKILL)
                killed.append(victim)
    return " and ".join(killed) or "nothing"


def ended(name: str) -> None:
    """Whoever was just starting has noticed that nobody waits for it."""
    wait_for(lambda: not processes(name) or live.down(name), f"the processes of {name} end")
    live.down(name)
    assert_gone(name)


@in_world()
def test_the_host_is_as_it_was_after_kill_9_at_any_moment() -> None:
    chance = random.Random(3)
    with outside():
        before = state()
        for number in range(ROUNDS):
            name = f"dies{number}"
            with foreground(text(77, 8080), name):
                moment = 0.05 + chance.random() * 1.5
                time.sleep(moment)
                victims = kill_something(name, chance)
            try:
                ended(name)
                assert_same(before, state())
            except AssertionError as error:
                raise AssertionError(f"{victims} killed after {moment:.2f} s: {error}") from error


@in_world()
def test_up_again_over_what_was_killed_at_any_moment() -> None:
    """The same lab, killed and up again and again; then down."""
    chance = random.Random(5)
    with outside():
        before = state()
        for _ in range(ROUNDS // 2):
            with foreground(text(77, 8080), "again"):
                time.sleep(0.05 + chance.random() * 1.5)
                kill_something("again", chance)
            wait_for(lambda: holder(lab_folder("again")) is None, "the lab process has died")
        up(text(77, 8080), "again")
        assert patient_curl(f"http://{HOST4}:8080/", "outside") == OUTSIDE4
        assert live.down("again")
        ended("again")
        assert_same(before, state())


@in_world()
def test_one_of_two_labs_is_killed_and_the_other_goes_on() -> None:
    """What both need of the host stays until the last is down."""
    with outside():
        before = state()
        with lab(text(77, 8080), "stays"):
            one = up(text(78, 9080), "goes")
            assert one.lab()["uplink"]
            known = holder(lab_folder("goes"))
            assert known is not None
            os.kill(known[0], signal.SIGKILL)
            wait_for(lambda: holder(lab_folder("goes")) is None, "the lab process has died")
            assert patient_curl(f"http://{HOST4}:8080/", "outside") == OUTSIDE4
            assert live.down("goes")
            assert "dataplane-goes" not in sh("nft list tables")
            assert sh("cat /proc/sys/net/ipv4/conf/eth0/forwarding") == "1\n"
            assert patient_curl(f"http://{HOST4}:8080/", "outside") == OUTSIDE4
            assert patient_curl("http://127.0.0.1:8081/") == "172.31.255.1"
        assert_same(before, state())


REFUSALS = re.compile(r"is up already|is ending|ended before the lab was up|ended meanwhile")


def up_and_down(seed: int) -> str:
    """One name, up and down in turn; what was said that nobody should be told."""
    chance = random.Random(seed)
    for _ in range(6):
        try:
            if chance.random() < 0.55:
                up(text(77, 8080), "shared")
            else:
                live.down("shared")
        except UserError as error:
            if not REFUSALS.search(error.what):
                return error.what
        time.sleep(chance.random() * 0.3)
    return ""


@in_world()
def test_three_who_start_and_end_one_lab_never_harm_each_other() -> None:
    """Each gets the lab, ends it, or is told that another has it; in the end nothing is left."""
    with outside():
        before = state()
        told, tell = os.pipe()
        pids = []
        for seed in range(3):
            if (pid := os.fork()) == 0:
                try:
                    os.write(tell, up_and_down(seed).encode())
                finally:
                    os._exit(0)
            pids.append(pid)
        assert [os.waitpid(pid, 0)[1] for pid in pids] == [0, 0, 0]
        os.close(tell)
        with os.fdopen(told) as file:
            assert file.read() == ""
        ended("shared")
        assert_same(before, state())
