"""`dataplane stats` of many containers."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from dataplane.cli.container.stats import rows_of
from dataplane.cli.said import Said
from dataplane.client import Refusal


class Asked:
    """A daemon that answers nobody before all have asked."""

    def __init__(self, number: int) -> None:
        self._all = threading.Barrier(number, timeout=30)

    def ask(self, verb: str, path: str, **_: Any) -> dict[str, Any]:
        name = path.split("/")[2]
        self._all.wait()
        time.sleep(0.02 if name == "a" else 0)
        if name == "gone":
            raise Refusal(404, "No such container: gone", "")
        return {"id": name, "name": f"/{name}"}


def test_containers_are_asked_side_by_side_and_shown_in_order():
    rows = rows_of(Asked(3), ["a", "b", "c"], whole=False)  # type: ignore[arg-type]
    assert [one["Name"] for one in rows] == ["a", "b", "c"]


def test_one_that_is_not_there_is_said():
    with pytest.raises(Said, match="No such container: gone"):
        rows_of(Asked(2), ["a", "gone"], whole=False)  # type: ignore[arg-type]


def test_nobody_is_no_row():
    assert rows_of(Asked(1), [], whole=False) == []  # type: ignore[arg-type]
