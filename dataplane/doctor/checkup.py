"""The whole check-up, topic by topic."""

from __future__ import annotations

from collections.abc import Sequence

from dataplane.doctor import machine, overlays, peers, spaces, tap, wayout
from dataplane.doctor.finding import Finding


def examine() -> list[Finding]:
    """Every finding, those of a topic next to each other."""
    return [
        *machine.examine(),
        *tap.examine(),
        *spaces.examine(),
        tap.examine_rootless(),
        *wayout.examine(),
        *overlays.examine(),
        *peers.examine(),
    ]


def live_labs_possible(findings: Sequence[Finding]) -> bool:
    """Nothing that a live lab needs is missing."""
    return not any(finding.needed and finding.state == "missing" for finding in findings)
