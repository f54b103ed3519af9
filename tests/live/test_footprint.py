"""What a running lab weighs stays within the Foundation issue's figures, whatever else the machine does."""

from __future__ import annotations

import os

import pytest
from labs import in_world

from bench import footprint

pytestmark = [pytest.mark.live, pytest.mark.skipif(os.geteuid() != 0, reason="private mount namespaces need root")]


@in_world()
def test_memory_of_all_processes_of_two_idle_services() -> None:
    weight = footprint.memory()
    assert weight["processes"] == 4, "lab process, helper, two shims"
    assert weight["mib"] <= footprint.GOAL_MIB


@in_world()
def test_an_idle_lab_uses_no_cpu() -> None:
    assert footprint.idle(seconds=5.0)["percent"] < footprint.GOAL_CPU


@in_world()
def test_many_services_start_and_end_together() -> None:
    start = footprint.startup(services=25, rounds=1)
    assert start["up"] < footprint.GOAL_SECONDS
    assert start["down"] < footprint.GOAL_SECONDS
