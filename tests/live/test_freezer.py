"""Pause and unpause of all the processes of a service: root's freezer, an ordinary user's signals; what forks meanwhile too."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from private_world import as_root_and_as_user, in_lab, needs_root

from dataplane.daemon.container import freezer
from dataplane.daemon.container.members import members, memory, table
from dataplane.proc.helper import Helper
from dataplane.proc.instance import Instance
from dataplane.proc.spec import InstanceSpec

pytestmark = [pytest.mark.live, needs_root]
FORKS = "i=0; while :; do (i=$((i+1)); echo $i); done"


@as_root_and_as_user
def test_a_command_that_forks_all_the_time_stops_and_goes_on(user: bool) -> None:
    def work(helper: Helper) -> None:
        service = started(helper, FORKS)
        while not log(service):
            time.sleep(0.01)
        freezer.pause(service.place, service.pid)
        deadline = time.monotonic() + 30
        size = -1
        while log(service) != size:  # the shim writes down what was said before
            assert time.monotonic() < deadline
            size = log(service)
            time.sleep(0.2)
        assert service.run(["echo", "there"], timeout=30) == (0, b"there\n"), "the shim is not stopped"
        assert bool(freezer.frozen(service.place)) == (not user), "root has cgroups, a user has not"
        freezer.unpause(service.place, service.pid)
        deadline = time.monotonic() + 30
        while log(service) == size:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        freezer.pause(service.place, service.pid)
        freezer.unpause(service.place, service.pid)
        service.kill()
        assert service.wait(30)
        freezer.forget(service.place)
        assert not freezer.frozen(service.place)

    in_lab(work, user=user)


@as_root_and_as_user
def test_members_are_the_shim_and_all_that_descends_from_it(user: bool) -> None:
    def work(helper: Helper) -> None:
        service = started(helper, "(setsid sleep 1000 &) ; sleep 1000 & exec sleep 1000")
        other = started(helper, "sleep 1000", "other")
        deadline = time.monotonic() + 30
        while len(members(service.pid)) != 4:
            assert time.monotonic() < deadline, members(service.pid)
            time.sleep(0.01)
        found = members(service.pid, table())
        assert found[0].pid == service.pid
        assert not {one.pid for one in found} & {one.pid for one in members(other.pid)}
        assert sum(memory(one.pid) for one in found) > 50_000
        service.kill()
        assert not [one for one in members(service.pid) if one.state != "Z"]

    in_lab(work, user=user)


def started(helper: Helper, script: str, name: str = "web") -> Instance:
    return helper.spawn(InstanceSpec(name=name, namespace=helper.create_namespace(name), argv=("sh", "-c", script)))


def log(service: Instance) -> int:
    path: Path = service.place / "log.jsonl"
    return path.stat().st_size if path.exists() else 0
