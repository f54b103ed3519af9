"""Whether an ended command starts again, and how long that waits: Docker's rules, as a small machine without a clock."""

from __future__ import annotations

from dataplane.model import Restart

FIRST_DELAY = 0.1
LONGEST_DELAY = 60.0
LONG_ENOUGH = 10.0


class Backoff:
    """One service's restarts. The delay doubles from 100 ms to a minute, and begins anew after a run of 10 seconds."""

    def __init__(self, restart: Restart) -> None:
        self.restart = restart
        self.count = 0
        self._delay = FIRST_DELAY

    def after(self, exit_status: int, ran: float) -> float | None:
        """Seconds to wait before the next start; None: it stays ended. ``ran``: how many seconds it ran."""
        policy = self.restart.policy
        if policy == "no" or (policy == "on-failure" and exit_status == 0):
            return None
        if policy == "on-failure" and self.restart.max_retries and self.count >= self.restart.max_retries:
            return None
        if ran >= LONG_ENOUGH:
            self._delay = FIRST_DELAY
        delay = self._delay
        self._delay = min(2 * self._delay, LONGEST_DELAY)
        self.count += 1
        return delay
