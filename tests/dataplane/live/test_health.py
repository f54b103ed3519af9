"""Health from checks, as Docker has it."""

import pytest

from dataplane.live.health import HEALTHY, STARTING, UNHEALTHY, Health, argv
from dataplane.model import Healthcheck

S = 1_000_000_000


def health(**kwargs):
    return Health(Healthcheck(test=("CMD", "true"), interval_ns=30 * S, start_interval_ns=5 * S, **kwargs))


def test_a_success_is_healthy_at_once_and_retries_failures_are_unhealthy():
    one = health(retries=3)
    assert one.state == STARTING
    assert one.take(True, 30)
    assert one.state == HEALTHY
    assert [one.take(False, 60 + n) for n in range(3)] == [False, False, True]
    assert one.state == UNHEALTHY
    assert one.take(True, 90)
    assert one.state == HEALTHY


def test_failures_in_the_start_period_do_not_count_until_the_first_success():
    one = health(retries=1, start_period_ns=10 * S)
    assert not one.take(False, 9.9)
    assert one.state == STARTING
    assert one.wait(5) == 5
    assert one.wait(11) == 30
    assert one.take(True, 9.95)
    assert one.wait(9.96) == 30
    assert one.take(False, 9.97), "after a success even the start period forgives nothing"
    assert one.state == UNHEALTHY


def test_a_success_between_failures_begins_anew():
    one = health(retries=2)
    for passed in (False, True, False, True, False):
        one.take(passed, 100)
    assert one.state == HEALTHY


@pytest.mark.parametrize(
    ("test", "command"),
    [
        ((), ()),
        (("NONE",), ()),
        (("CMD", "curl", "-f", "x"), ("curl", "-f", "x")),
        (("CMD-SHELL", "curl x || exit 1"), ("/bin/sh", "-c", "curl x || exit 1")),
    ],
)
def test_commands(test, command):
    assert argv(test) == command
