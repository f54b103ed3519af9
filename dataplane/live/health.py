"""How a service's health follows from its checks: Docker's rules, as a small machine without a clock."""

from __future__ import annotations

from dataplane.model import Healthcheck

STARTING, HEALTHY, UNHEALTHY = "starting", "healthy", "unhealthy"
SECOND = 1e9


class Health:
    """The health of one run of a service.

    A success makes it healthy at once. ``retries`` failures in a row make it unhealthy; those within ``start_period`` before the
    first success do not count. Until that success or the end of the period checks come every ``start_interval``.
    """

    def __init__(self, check: Healthcheck) -> None:
        self.check = check
        self.state = STARTING
        self.failures = 0
        self.output = ""

    def _in_start_period(self, age: float) -> bool:
        return self.state == STARTING and age < self.check.start_period_ns / SECOND

    def wait(self, age: float) -> float:
        """Seconds until the next check, ``age`` seconds after the start of the service."""
        return (self.check.start_interval_ns if self._in_start_period(age) else self.check.interval_ns) / SECOND

    def take(self, passed: bool, age: float, output: str = "") -> bool:
        """A check that began at ``age`` has ended. True: the state changed."""
        before = self.state
        self.output = output
        if passed:
            self.failures = 0
            self.state = HEALTHY
        elif not self._in_start_period(age):
            self.failures += 1
            if self.failures >= self.check.retries:
                self.state = UNHEALTHY
        return self.state != before


def argv(test: tuple[str, ...]) -> tuple[str, ...]:
    """The command of ``healthcheck.test``: CMD and the words, CMD-SHELL and a line for the shell. Empty for NONE."""
    if not test or test[0] == "NONE":
        return ()
    if test[0] == "CMD-SHELL":
        return ("/bin/sh", "-c", " ".join(test[1:]))
    return test[1:] if test[0] == "CMD" else test
