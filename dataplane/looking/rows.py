"""Rows about ports, bridges and drops: JSON where they are asked for, dictionaries here."""

from __future__ import annotations

from typing import NotRequired, TypedDict


class StatsRow(TypedDict):
    """What crossed one port, in its service's direction: ``sent`` by the service, ``received`` by it.

    Rates are per second over the last interval, None when there was none. ``kernel_queue``: frames lost in the kernel before the
    engine could read them; None: it could not be read.
    """

    port: str
    sent_frames: int
    sent_octets: int
    received_frames: int
    received_octets: int
    sent_frames_rate: float | None
    sent_octets_rate: float | None
    received_frames_rate: float | None
    received_octets_rate: float | None
    dropped: int
    kernel_queue: int | None


class DropRow(TypedDict):
    """Frames that ended for one reason, once by the node where and once by the port they came in by (``scope`` node or port).

    ``sentence`` says what the reason means and what to do."""

    scope: str
    where: str
    reason: str
    frames: int
    sentence: str


class FdbRow(TypedDict):
    """A station that a network's bridge knows. ``age`` in seconds; ``event`` only when watching: learned, moved, gone."""

    mac: str
    port: str
    age: float
    static: bool
    event: NotRequired[str]
