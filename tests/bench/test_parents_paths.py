"""The paths of the parents' benchmark are what they say: verified as the benchmark does it, on few stations."""

import pytest

from bench import parents
from bench.traffic import frames
from bench.verify import verify

PLAIN = frames(20, (64,))


@pytest.mark.parametrize("way", ["in", "out", "sibling"])
def test_macvlan(way):
    path = parents.Macvlans(PLAIN, stations=20, way=way, outbox=True)
    assert verify(path) == len(PLAIN)
    assert path.problems() == []


@pytest.mark.parametrize("way", ["in", "out", "sibling", "l3"])
def test_ipvlan(way):
    path = parents.Ipvlans(parents.by_address(PLAIN, out=way == "out"), stations=20, way=way, outbox=True)
    assert verify(path) == len(PLAIN)
    assert path.problems() == []


def test_vlan():
    path = parents.Tagged(PLAIN, outbox=True)
    assert verify(path) == len(PLAIN)
    assert path.problems() == []


def test_an_address_too_few_shows():
    """A station that nobody has: the benchmark would say so."""
    with pytest.raises(RuntimeError, match="went in"):
        verify(parents.Macvlans(PLAIN, stations=19, way="in", outbox=True))
