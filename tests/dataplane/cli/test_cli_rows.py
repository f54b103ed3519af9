"""Rows of a running lab as lines on a page; no lab is needed for that."""

import time

import pytest

from dataplane.cli import fdb, ps, stats
from dataplane.cli.log_lines import LogLines
from dataplane.cli.steps import print_event, print_step


def instance(**changes):
    endpoint = {
        "port": "web.front", "interface": "eth0", "network": "front", "mac": "02:42:0a:00:00:02",
        "ipv4": "10.0.0.2", "ipv6": None, "state": "up",
    }  # fmt: skip
    other = {**endpoint, "interface": "eth1", "state": "down", "ipv6": "fd::2"}
    return {
        "name": "web", "service": "web", "state": "running", "idle": False, "health": None, "exit": None, "pid": 7,
        "started": time.time_ns() - 5_400_000_000, "finished": None, "restarts": 0, "why": "", "command": ["sleep", "9"],
        "network_mode": "", "namespace": "", "endpoints": [endpoint, other],
    } | changes  # fmt: skip


@pytest.mark.parametrize(
    "changes, state",
    [
        ({}, "running 5.4 s"),
        ({"health": "healthy"}, "running 5.4 s (healthy)"),
        ({"idle": True}, "idle 5.4 s"),
        ({"state": "waiting", "why": "db is not healthy yet"}, "waiting: db is not healthy yet"),
        ({"state": "created"}, "created"),
    ],
)
def test_states(changes, state):
    assert ps.state_of(instance(**changes)) == state


def test_an_exit_says_its_status_and_how_long_ago():
    assert ps.state_of(instance(state="exited", exit=3, finished=time.time_ns() - 120_000_000_000)) == "exited 3, 2 min ago"


def test_each_interface_has_a_line_and_the_service_stands_on_the_first():
    first, second = ps.lines(instance())
    assert (first[0], *first[2:]) == ("web", "front", "eth0", "10.0.0.2", "sleep 9")
    assert second == ("", "", "front", "eth1 (down)", "10.0.0.2\nfd::2", "")


def test_a_service_without_interfaces_says_whose_network_it_has():
    (only,) = ps.lines(instance(endpoints=[], network_mode="host"))
    assert (only[0], *only[2:]) == ("web", "", "", "host", "sleep 9")


def test_fdb_cells():
    row = {"mac": "02:42:0a:00:00:02", "port": "web.front", "age": 0.26, "static": False}
    assert fdb.cells(row) == ("02:42:0a:00:00:02", "web.front", "0.3 s", "learned")
    assert fdb.cells({**row, "static": True})[-1] == "static"


def test_stats_cells():
    row = {
        "port": "web.front", "sent_frames": 3, "sent_octets": 4500, "received_frames": 2, "received_octets": 84,
        "sent_frames_rate": 1.5, "sent_octets_rate": 2250.0, "received_frames_rate": None, "received_octets_rate": None,
        "dropped": 1, "kernel_queue": None,
    }  # fmt: skip
    assert stats.totals(row) == ("web.front", 3, "4.5 kB", 2, "84 B", 1, None)
    assert stats.rates(row) == ("web.front", "2/s", "18.0 kbit/s", "-", "-", 1, None)


def line(who, text, **more):
    return {"instance": who, "time": 0, "stream": "stdout", "text": text, **more}


def test_log_lines_are_aligned_and_parts_stay_together(capsys):
    lines = LogLines(["web", "database"])
    lines.show(line("web", "one"))
    lines.show(line("database", "two"))
    lines.show(line("web", "long ", partial=True))
    lines.show(line("web", "line"))
    lines.show(line("web", "begun", partial=True))
    lines.show(line("database", "other"))
    assert capsys.readouterr().out.splitlines() == [
        "web      | one",
        "database | two",
        "web      | long line",
        "web      | begun",
        "database | other",
    ]


def test_steps_changes_warnings_and_events(capsys):
    print_step({"kind": "step", "what": "set eth0 up", "by_hand": "ip link set eth0 up"})
    print_step({"kind": "step", "what": "stop web", "by_hand": ""})
    print_step({"kind": "change", "what": "+ service db", "by_hand": ""})
    print_step({"kind": "warning", "what": "these keys change nothing here: build", "by_hand": ""})
    print_event({"number": 1, "time": 0, "what": "exited", "who": "web", "detail": "status 1"})
    said = capsys.readouterr()
    assert said.out.splitlines() == ["· set eth0 up", "    ip link set eth0 up", "· stop web", "+ service db"]
    assert said.err.splitlines() == ["warning: these keys change nothing here: build", "web exited: status 1"]
