"""Whom a reference means: Docker's order (id, name, beginning of an id), and its words for nobody and for several."""

import pytest
from worlds import World, key, refuses

from dataplane.desired import references


def test_networks_by_id_name_and_beginning():
    world = World()
    made = world.net("net1")
    for reference in (made.id, "net1", made.id[:12], made.id[:20]):
        assert references.network(world.state, reference) is made


def test_a_name_wins_over_the_beginning_of_an_id():
    """FindNetwork: a whole name before part of an id."""
    world = World()
    first = world.net("net1")
    second = world.net(first.id[:4])
    assert references.network(world.state, first.id[:4]) is second
    web = world.create("web")
    other = world.create(web.id[:6])
    assert references.container(world.state, web.id[:6]) is other


def test_nobody_is_not_found():
    """DOCKER.md 1.8: rm unknown, connect unknown ctr."""
    world = World()
    refuses(404, "network nosuch not found", references.network, world.state, "nosuch")
    refuses(404, "No such container: nosuch", references.container, world.state, "nosuch")
    refuses(404, "No such container: ", references.container, world.state, "")


def test_containers_may_be_written_as_inspect_shows_them():
    world = World()
    web = world.create("web")
    assert references.container(world.state, "/web") is references.container(world.state, web.short) is web


def test_the_beginning_of_several_is_ambiguous():
    """FindNetwork's and the container store's words, 400."""
    world = World()
    for number in range(40):
        world.net(f"n{number}", f"10.{number}.0.0/24")
        world.create(f"c{number}")
    nets = [one.id for one in world.state.networks.values()]
    start = next(c for c in "0123456789abcdef" if sum(n.startswith(c) for n in nets) > 1)
    many = sum(n.startswith(start) for n in nets)
    words = f"network {start} is ambiguous ({many} matches found based on ID prefix)"
    refuses(400, words, references.network, world.state, start)
    start = next(c for c in "0123456789abcdef" if sum(n.startswith(c) for n in world.state.containers) > 1)
    refuses(400, f"multiple IDs found with provided prefix: {start}", references.container, world.state, start)


@pytest.mark.parametrize("name", ["bridge", "host", "none"])
def test_the_three_are_there(name):
    """A fresh daemon has exactly bridge, host and none."""
    world = World()
    assert references.network(world.state, name).id == key(name)
    assert len(world.state.networks) == 3
    assert {"bridge": "bridge", "host": "host", "none": "null"}[name] == references.network(world.state, name).driver
