"""What is looked into, and one question about it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from aiohttp import web

if TYPE_CHECKING:
    from dataplane.model import Plan
    from dataplane.wiring import Wiring

_T = TypeVar("_T")


class Inside(Protocol):
    """A lab, or a daemon, as far as questions about its packets go."""

    @property
    def plan(self) -> Plan | None:
        """What runs; None while nothing does."""

    @property
    def wiring(self) -> Wiring:
        """The nodes of the engine, by their own names."""

    @property
    def warnings(self) -> Iterable[str]:
        """Sentences about underlays that cannot work."""

    async def call(self, work: Callable[[Any], _T]) -> _T:
        """What ``work`` returns of the apply.Dataplane, between two turns of the engine. UserError when it does not run."""

    def network(self, text: str) -> str:
        """The key in the plan of the network that is meant. UserError, status 1, when there is none."""

    def names(self) -> Mapping[str, str]:
        """What its users call those ports and instances whose own names they do not know."""

    async def queues(self) -> Mapping[str, int]:
        """Frames that the kernel dropped because a TAP's queue was full, by port."""


@dataclass(frozen=True, slots=True)
class Question:
    """A request, what it is about, and the words of its path."""

    request: web.Request
    inside: Inside
    words: Mapping[str, str]


Answer = Callable[[Question], Awaitable[web.StreamResponse]]
