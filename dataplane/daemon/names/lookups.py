"""The query log of a container: what was asked, what was answered, and why."""

from __future__ import annotations

import time
from collections import deque

from dataplane.daemon.face import Lookup
from dataplane.dns import wire
from dataplane.dns.respond import Response

KEPT = 256
"""Lookups remembered of each container."""


class Lookups:
    """The last ones. A question that is answered from here costs one append."""

    __slots__ = ("_rows", "note")

    def __init__(self) -> None:
        self._rows: deque[tuple[int, Response, bool, int, str]] = deque(maxlen=KEPT)
        self.note = self._rows.append

    def add(self, response: Response, *, tcp: bool, rcode: int, why: str) -> None:
        """What became of a question that was handed on."""
        self._rows.append((time.time_ns(), response, tcp, rcode, why))

    def list(self) -> list[Lookup]:
        """Oldest first."""
        return [_lookup(*row) for row in self._rows]


def _lookup(when: int, response: Response, tcp: bool, rcode: int, why: str) -> Lookup:
    question, answer = response.question, response.answer
    return Lookup(
        when,
        (question.name or ".") if question is not None else "?",
        question.kind_name if question is not None else "?",
        "tcp" if tcp else "udp",
        wire.rcode_name(rcode),
        len(answer.records) if answer is not None else -1,
        f"{response.why}; {why}" if why else response.why,
    )
