"""One line of a check-up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "limited", "missing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """``state``: ok, limited (labs run, something is slower or absent) or missing. ``needed``: without it no live lab runs."""

    topic: str
    name: str
    state: State
    detail: str = ""
    mend: str = ""
    needed: bool = False
