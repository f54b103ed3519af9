"""Durations, sizes and port ranges by Compose's rules."""

import pytest

from dataplane.compose.durations import duration
from dataplane.compose.nodes import At, Node, Place
from dataplane.compose.portrange import exposed
from dataplane.compose.sizes import size
from dataplane.errors import UserError


def at(value) -> At:
    return At(Node(value, Place("lab.yaml", 1, "/")), "key")


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("10ms", 10_000_000),
        ("40s", 40_000_000_000),
        ("1m30s", 90_000_000_000),
        ("1h5m30s20ms", 3_930_020_000_000),
        ("1.5s", 1_500_000_000),
        (".5s", 500_000_000),
        ("250us", 250_000),
        ("250µs", 250_000),
        ("7ns", 7),
        ("0", 0),
        ("0s", 0),
        ("2d", 172_800_000_000_000),
    ],
)
def test_duration(text, nanoseconds):
    assert duration(at(text)) == nanoseconds


@pytest.mark.parametrize("text", ["", "5", "s", "-1s", "1 s", "1s ", "1x", "1e3s", "1m-5s", "9999999999h", "1" * 200 + "s", "٣s"])
def test_not_a_duration(text):
    with pytest.raises(UserError, match="is not a duration"):
        duration(at(text))


@pytest.mark.parametrize(
    ("value", "octets"),
    [
        (512, 512),
        ("512", 512),
        ("2b", 2),
        ("64k", 65536),
        ("64kb", 65536),
        ("1M", 1 << 20),
        ("1.5g", 3 << 29),
        ("2GiB", 2 << 30),
        ("-1", -1),
    ],
)
def test_size(value, octets):
    assert size(at(value)) == octets


@pytest.mark.parametrize("text", ["", "k", "5x", "-2", "1,5g", "lots"])
def test_not_a_size(text):
    with pytest.raises(UserError, match="is not a number of bytes"):
        size(at(text))


@pytest.mark.parametrize(
    ("value", "ports"),
    [
        (80, "80/tcp"),
        ("80", "80/tcp"),
        ("53/udp", "53/udp"),
        ("8000-8010", "8000-8010/tcp"),
        ("9-9/SCTP", "9/sctp"),
        ("65535", "65535/tcp"),
    ],
)
def test_exposed(value, ports):
    assert exposed(at(value)) == ports


@pytest.mark.parametrize("text", ["", "0", "65536", "80-79", "80/icmp", "a", "-5", "80-", 1.5])
def test_not_a_port(text):
    with pytest.raises(UserError, match="is not a port"):
        exposed(at(text))
