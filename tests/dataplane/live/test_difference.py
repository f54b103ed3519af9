"""What happens to instances when a file changes: as little as can be."""

from dataplane import compose
from dataplane.drivers import wire
from dataplane.live.difference import Difference, difference
from dataplane.live.order import stop_levels
from dataplane.plan import make_plan
from dataplane.wiring import without

BASE = """
services:
  web: {image: host, command: [sleep, "1"], depends_on: {db: {condition: service_started, restart: true}}}
  db: {image: host, command: [sleep, "1"]}
  side: {image: host, network_mode: "service:db", command: [sleep, "1"]}
"""


def plan(text, previous=None):
    return make_plan(compose.load(text, name="lab", text=True, environment={}), previous=previous)


def change(old, new):
    before = plan(old)
    return difference(before, plan(new, before))


def test_equal_files_need_nothing():
    assert not change(BASE, BASE)
    assert change(BASE, BASE) == Difference()


def test_a_command_restarts_its_process_and_those_that_ask_for_it():
    assert change(BASE, BASE.replace('db: {image: host, command: [sleep, "1"]', 'db: {image: host, command: [sleep, "2"]')) == (
        Difference(restarted=("web", "db", "side"))
    )


def test_what_is_mounted_and_limits_restart_its_process():
    for keys in ("volumes: [/tmp:/mnt]", "tmpfs: /mnt", "shm_size: 1m", "devices: [/dev/null]", "ulimits: {core: 0}"):
        new = BASE.replace("  web: {image: host,", f"  web: {{image: host, {keys},")
        assert change(BASE, new) == Difference(restarted=("web",))


def test_an_address_replaces_the_namespace_and_all_that_live_in_it():
    new = BASE.replace("  db: {image: host,", "  db: {image: host, mac_address: '02:00:00:00:00:09',")
    assert change(BASE, new) == Difference(replaced=("db", "side"), restarted=("web",))


def test_supervision_alone_touches_nothing_that_runs():
    new = BASE.replace('db: {image: host, command: [sleep, "1"]}', 'db: {image: host, command: [sleep, "1"], restart: always}')
    assert change(BASE, new) == Difference(updated=("db",))


def test_services_come_and_go():
    assert change(BASE, BASE + "  more: {image: host}\n") == Difference(added=("more",))
    assert change(BASE + "  more: {image: host}\n", BASE) == Difference(removed=("more",))


def test_a_network_that_looks_different_inside_replaces_all_on_it():
    mtu = "networks: {default: {driver_opts: {com.docker.network.driver.mtu: '1400'}}}\n"
    assert change(BASE, BASE + mtu).replaced == ("web", "db", "side")
    assert not change(BASE, BASE + "networks: {default: {labels: {a: b}}}\n").replaced


def test_a_wiring_without_some_ports():
    less = without(wire(plan(BASE)), {"web.default"})
    assert list(less.nodes) == ["bridge default", "db.default", "router"]
    assert list(less.links) == [("db.default", "bridge default"), ("router", "bridge default")]


def test_whoever_depends_on_others_stops_before_them():
    services = {name: one.service for name, one in plan(BASE).instances.items()}
    levels = stop_levels(services)
    assert levels[-1] == ["db"]
    assert sorted(levels[0]) == ["side", "web"]
