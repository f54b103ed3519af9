"""Start and end of a container, as far as the state knows them."""

from dataclasses import replace

import pytest
from worlds import World, bind, refuses

from dataplane.desired import fates
from dataplane.desired.records import Fate


def test_a_start_and_an_end():
    world = World()
    made = world.run("c1", ports=(bind(80, 8080),))
    fate = made.fate
    assert (fate.state, fate.started, fate.stopped) == ("running", world.now, False)
    world.start("c1")
    assert world.state.containers[made.id] is made  # it runs already
    first = world.at("c1", "bridge").id
    world.stop("c1")
    assert (world.container("c1").fate.state, dict(world.state.endpoints), dict(world.state.published)) == ("exited", {}, {})
    world.start("c1")
    assert world.at("c1", "bridge").id != first  # every start has a new endpoint, as in Docker


def test_a_start_that_failed_leaves_the_container_as_it_was():
    """DOCKER.md 1.7: the container stays "Created"."""
    world = World()
    world.run("c1", ports=(bind(80, 8080),))
    made = world.create("c2", ports=(bind(80, 8080),))
    with pytest.raises(Exception, match="allocated"):
        world.start("c2")
    failed = fates.failed(world.state, made.id, "no")
    assert failed.containers[made.id].fate == Fate(state="created", exit=128, error="no")
    assert failed.endpoints == world.state.endpoints


def test_a_process_that_could_not_be_started():
    world = World()
    made = world.run("c1", ports=(bind(80, 8080),))
    failed = fates.failed(world.state, made.id, "no such program", exit=127)
    fate = failed.containers[made.id].fate
    assert (fate.state, fate.exit, fate.error) == ("created", 127, "no such program")
    assert not failed.endpoints
    assert not failed.published
    world.stop("c1")
    world.start("c1")
    assert fates.failed(world.state, made.id, "no").containers[made.id].fate.state == "exited"


def test_pausing_keeps_all():
    world = World()
    made = world.run("c1", ports=(bind(80, 8080),))
    paused = fates.with_fate(world.state, made.id, replace(made.fate, state="paused"))
    assert paused.endpoints is world.state.endpoints
    assert paused.published is world.state.published
    assert paused.containers[made.id].alive
    assert fates.with_fate(paused, made.id, paused.containers[made.id].fate) is paused


def test_whose_namespace_is_shared_has_to_run():
    """HEAD's getNetworkedContainer."""
    world = World()
    world.create("c1")
    world.create("c2", "container:c1")
    words = "cannot join network namespace of a non running container: container c1 is created"
    refuses(409, words, world.start, "c2")
    world.start("c1")
    world.start("c2")
    world.stop("c2")
    gone = world.container("c1").id
    world.stop("c1")
    world.remove("c1")
    words = f"joining network namespace of container: No such container: {gone}"
    refuses(500, words, world.start, "c2")


def test_who_restarts_holds_nothing_meanwhile():
    world = World()
    world.run("c1")
    world.stop("c1", "restarting")
    assert not world.state.endpoints
    words = 'cannot remove container "/c1": container is restarting: stop the container before removing or force remove'
    refuses(409, words, world.remove, "c1")
    world.start("c1")
    assert world.ip("c1") == "172.17.0.2"


def test_the_dead_do_not_start():
    world = World()
    world.create("c1")
    world.stop("c1", "dead")
    refuses(409, "container is marked for removal and cannot be started", world.start, "c1")
