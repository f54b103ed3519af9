"""What is written down of a pause: where its cgroup is, so that nobody has to look for it; and that it was by signals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dataplane.daemon.container import freezer


class Walked:
    """In the place of the root of cgroups: how often it was walked through."""

    def __init__(self, *found: Path) -> None:
        self.times, self.found = 0, found

    def rglob(self, _pattern: str) -> Any:
        self.times += 1
        return iter(self.found)


@pytest.fixture
def walked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Walked:
    walked = Walked(tmp_path / "dataplane-web")
    monkeypatch.setattr(freezer, "V2", walked)
    return walked


def test_the_cgroup_of_a_pause_is_not_looked_for(walked: Walked, tmp_path: Path) -> None:
    place, group = tmp_path / "web", tmp_path / "own" / "dataplane-web"
    place.mkdir()
    group.mkdir(parents=True)
    freezer._write_down(place, group)
    assert freezer.frozen(place) == group
    group.rmdir()
    assert freezer.frozen(place) is None, "it has ended with its processes"
    assert walked.times == 0


def test_one_by_signals_has_none(walked: Walked, tmp_path: Path) -> None:
    freezer._write_down(tmp_path, None)
    assert freezer.frozen(tmp_path) is None
    freezer.forget(tmp_path)
    assert walked.times == 0
    assert not list(tmp_path.iterdir())


def test_one_that_was_not_written_down_is_looked_for(walked: Walked, tmp_path: Path) -> None:
    assert freezer.frozen(tmp_path / "web") == tmp_path / "dataplane-web"
    assert walked.times == 1
