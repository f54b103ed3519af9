"""Macvlan beside the kernel's own, frame by frame: who gets what, octet for octet, in every mode (DOCKER.md 1.1)."""

import random
from itertools import product

import pytest
from oracle_macvlan import Worlds, numbered, station

pytestmark = pytest.mark.live

BROADCAST, STRANGER, OUTSIDE = "ff:ff:ff:ff:ff:ff", "02:00:00:00:00:99", "02:00:00:00:00:77"
GROUPS = (BROADCAST, "01:00:5e:00:00:fb", "33:33:00:00:00:01")
MIXTURES = {
    "bridge": ("bridge",) * 3,
    "private": ("private",) * 3,
    "vepa": ("vepa",) * 3,
    "mixed": ("bridge", "bridge", "private", "vepa"),
}


def differs(modes: tuple[str, ...], came: int, source: str, target: str) -> bool:
    """Where we follow ip-link(8) and not the kernel: a private station hears no other, though a switch sends its frame back; and
    nobody speaks to itself by its parent."""
    stations = [station(number) for number in range(1, len(modes) + 1)]
    if came:
        return target == station(came)
    return target in stations and modes[stations.index(target)] == "private" and source in stations


@pytest.mark.parametrize("modes", MIXTURES.values(), ids=MIXTURES)
def test_every_source_and_target_from_everywhere(modes):
    """From the wire with the sources of strangers and of members, as a switch that sends back has them; and from each member with
    its own address and another's."""
    stations = [station(number) for number in range(1, len(modes) + 1)]
    number = 0
    with Worlds(*modes) as worlds:
        targets = [*stations, STRANGER, OUTSIDE, *GROUPS]
        for came, source, target in product(range(len(modes) + 1), [*stations, OUTSIDE], targets):
            if not differs(modes, came, source, target):
                number += 1
                worlds.send(came, numbered(number, source, target))
        kernel, ours = worlds.take()
    assert ours == kernel
    assert number > 50
    assert sum(map(len, ours)) > number // 2


def test_passthru():
    """The kernel gives the one device the parent's address, and all that comes."""
    with Worlds("passthru") as worlds:
        for number, (target, source) in enumerate(product([station(1), STRANGER, *GROUPS], [OUTSIDE, station(9)])):
            worlds.send(0, numbered(number, source, target))
            worlds.send(1, numbered(number, source, target))
        kernel, ours = worlds.take()
    assert ours == kernel
    assert [len(rows) for rows in ours] == [10, 10]


def test_tags_pass_as_they_are():
    """802.1Q, 802.1ad and two tags, from member to member, out and in: macvlan looks at addresses alone."""
    tags = [bytes.fromhex(text) for text in ("81000007", "88a80007", "88a8000781000008")]
    with Worlds("bridge", "bridge") as worlds:
        for number, (came, tag, target) in enumerate(product(range(3), tags, [station(1), station(2), OUTSIDE, BROADCAST])):
            if target != station(came):
                worlds.send(came, numbered(number, OUTSIDE if came == 0 else station(came), target, tag))
        kernel, ours = worlds.take()
    assert ours == kernel
    assert all(ours)


def test_at_random():
    """A thousand frames of any kind among four stations of three modes."""
    chance = random.Random(5)
    modes = MIXTURES["mixed"]
    everybody = [*(station(number) for number in range(1, 6)), STRANGER, *GROUPS]
    sent = 0
    with Worlds(*modes) as worlds:
        for number in range(1000):
            came, source, target = chance.randrange(5), chance.choice(everybody[:6]), chance.choice(everybody)
            if not differs(modes, came, source, target):
                worlds.send(came, numbered(number, source, target))
                sent += 1
        kernel, ours = worlds.take()
    assert ours == kernel
    assert sent > 700


def test_the_host_and_its_stations_do_not_reach_each_other():
    """DOCKER.md 1.1: host <-> container is blocked; in both worlds what a member sends to the parent's own address leaves, and what
    the host sends to a member does not come to it."""
    with Worlds("bridge", "private") as worlds:
        macs = [host.run("cat", "/sys/class/net/wan/address").strip() for host in worlds.host]
        for world, mac in zip(worlds.both, macs, strict=True):
            world.send(1, numbered(1, station(1), mac))
        kernel, ours = worlds.take()
        assert [len(rows) for rows in kernel] == [len(rows) for rows in ours] == [1, 0, 0]
        for world in worlds.both:
            world.host.run("ip", "address", "add", "10.9.9.1/24", "dev", "wan")
            world.host.run("ip", "neighbour", "add", "10.9.9.2", "lladdr", station(1), "dev", "wan")
            with pytest.raises(RuntimeError):
                world.host.run("ping", "-c", "1", "-W", "1", "10.9.9.2")
        assert not any(any(rows[1:]) for rows in worlds.take())


def test_a_private_station_hears_no_other():
    """ip-link(8): "even if the external switch supports hairpin mode". The kernel lets unicast in; we do not."""
    with Worlds("private", "private") as worlds:
        worlds.send(0, numbered(1, station(1), station(2)))
        kernel, ours = worlds.take()
    assert len(kernel[2]) == 1
    assert ours == [[], [], []]
