"""What the tests of the helper and its shims share."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from dataplane.errors import UserError
from dataplane.proc.instance import Instance


def log_of(instance: Instance, stream: str = "stdout") -> list[str]:
    records = map(json.loads, (instance.place / "log.jsonl").read_text().splitlines())
    return [record["text"] for record in records if record["stream"] == stream]


def refusal(work: Callable[[], object]) -> UserError:
    with pytest.raises(UserError) as raised:
        work()
    return raised.value
