"""A changed file touches as little as can be."""

from dataclasses import replace

import pytest
from topologies import attach, network, service, topology

from dataplane.live.difference import Difference, difference
from dataplane.model import Dependency, Process
from dataplane.plan import make_plan

NETWORK = network("n", "10.0.0.0/24")
WEB, DB = service("web", "n"), service("db", attach("n", "10.0.0.9"))
OLD = make_plan(topology([NETWORK], [WEB, DB]))


def change(networks, services):
    return difference(OLD, make_plan(topology(networks, services), previous=OLD))


def options(**pairs):
    return {f"dataplane.{key}": value for key, value in pairs.items()}


def test_the_same_file_changes_nothing():
    assert not change([NETWORK], [WEB, DB])


@pytest.mark.parametrize(
    ("web", "expected"),
    [
        (
            service("web", attach("n", driver_opts=options(hairpin="true", isolated="true", fdb_limit="3"))),
            Difference(updated=("web",)),
        ),
        (service("web", attach("n", aliases=("www",))), Difference(updated=("web",))),
        (service("web", "n", labels={"a": "b"}), Difference(updated=("web",))),
        (service("web", "n", process=Process(command=("true",))), Difference(restarted=("web",))),
        (service("web", attach("n", "10.0.0.7")), Difference(replaced=("web",))),
        (service("web", attach("n", mac_address="02:00:00:00:00:01")), Difference(replaced=("web",))),
        (service("web", attach("n", interface_name="lan")), Difference(replaced=("web",))),
        (service("web", attach("n", driver_opts=options(offloads="false"))), Difference(replaced=("web",))),
        (service("web", "n", sysctls={"net.ipv4.ip_forward": "1"}), Difference(replaced=("web",))),
        (service("web", network_mode="none"), Difference(replaced=("web",))),
        (service("web", network_mode="service:db"), Difference(replaced=("web",))),
    ],
    ids=["bridge", "alias", "label", "command", "address", "MAC", "interface", "offloads", "sysctl", "none", "another's"],
)
def test_a_changed_service_alone_is_touched(web, expected):
    assert change([NETWORK], [web, DB]) == expected


def test_how_a_bridge_works_is_nothing_that_a_service_sees():
    assert not change(
        [replace(NETWORK, options=options(ageing="60", fdb_limit="100", port_limit="9"), labels={"a": "b"})], [WEB, DB]
    )


def test_what_all_interfaces_show_touches_all():
    for changed in (replace(NETWORK, options={"com.docker.network.driver.mtu": "1400"}), network("n", "10.0.0.0/25")):
        assert change([changed], [WEB, DB]) == Difference(replaced=("web", "db"))


def test_services_come_and_go():
    assert change([NETWORK], [DB, service("new", "n")]) == Difference(removed=("web",), added=("new",))
    assert change([NETWORK, network("m")], [service("web", "n", "m"), DB]) == Difference(replaced=("web",))


def test_whoever_shares_a_replaced_namespace_moves_along():
    guest = service("guest", network_mode="service:web")
    old = make_plan(topology([NETWORK], [WEB, DB, guest]))
    new = make_plan(topology([NETWORK], [service("web", attach("n", "10.0.0.7")), DB, guest]), previous=old)
    assert difference(old, new) == Difference(replaced=("web", "guest"))


def test_who_wants_to_restart_with_another_does():
    db = replace(DB, depends_on=(Dependency(service="web", restart=True),))
    old = make_plan(topology([NETWORK], [WEB, db]))
    new = make_plan(topology([NETWORK], [service("web", "n", process=Process(command=("true",))), db]), previous=old)
    assert difference(old, new) == Difference(restarted=("web", "db"))
