"""Twelve files of examples/ as they stand, started by `up`: who reaches whom by which name, which ports of the host lead where."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hosts import HOST4, outside, sh
from labs import in_world, lab, ok, run, wait_for
from reach import EXAMPLES as PAIRS
from reach import addresses, answers, check
from servers import ASK, PYTHON, curl, patient_curl

from dataplane.live.client import Client

pytestmark = [pytest.mark.live, pytest.mark.skipif(os.geteuid() != 0, reason="published ports need an uplink, and that needs root")]

EXAMPLES = Path(__file__).parents[2] / "examples"
LISTING = "Directory listing"


def example(name: str) -> Callable[[Callable[[Client], None]], Callable[[], None]]:
    """A test with the lab of a file, in a world with an outside."""

    def decorate(test: Callable[[Client], None]) -> Callable[[], None]:
        def work() -> None:
            with outside(), lab((EXAMPLES / f"{name}.yaml").read_text(), name) as client:
                test(client)

        wrapped = in_world()(work)
        functools.update_wrapper(wrapped, test, assigned=("__name__", "__doc__", "__module__"))
        del wrapped.__wrapped__  # type: ignore[attr-defined]
        return wrapped

    return decorate


def ports(client: Client) -> set[int]:
    """Single ports of the host that are published."""
    return {int(row["host"]) for row in client.published() if row["host"].isdecimal()}


def inside(client: Client) -> Callable[..., tuple[int, str]]:
    return functools.partial(run, client)


@example("three-tier")
def test_three_tiers_on_three_networks(client: Client) -> None:
    """Each tier reaches its neighbour; the world the proxy alone; the data network has no way out."""
    check(inside(client), PAIRS["three-tier"])
    assert LISTING in patient_curl(f"http://{HOST4}:8080/", "outside")
    assert LISTING in ok(client, "app", "curl", "-s", "-m", "4", "--retry", "5", "--retry-connrefused", "http://db:5432/")
    assert answers(inside(client), "app", HOST4)


@example("microservices")
def test_a_network_for_each_microservice(client: Client) -> None:
    """Who may call a service is on its network; callers of one service do not see each other's others; names with dots."""
    check(inside(client), PAIRS["microservices"])
    for service, name in (("gateway", "users.internal"), ("orders", "billing.internal"), ("gateway", "orders.internal.orders")):
        assert LISTING in ok(
            client, service, "curl", "-s", "-m", "4", "--retry", "5", "--retry-connrefused", f"http://{name}:8000/"
        )
    assert LISTING in patient_curl("http://127.0.0.1:8000/")
    assert curl(f"http://{HOST4}:8000/", "outside", seconds=1) == ""


@example("internal-database")
def test_an_internal_database(client: Client) -> None:
    """The database reaches nobody outside and is reached by nobody outside, not by its port either; the application does both."""
    check(inside(client), PAIRS["internal-database"])
    assert LISTING in patient_curl(f"http://{HOST4}:8081/", "outside")
    assert answers(inside(client), "app", HOST4)
    for service in ("db", "backup"):
        assert not answers(inside(client), service, HOST4)
        assert run(client, service, "ip", "route", "get", "198.51.100.2")[0] != 0 or not answers(
            inside(client), service, "198.51.100.2"
        )
    assert ok(client, "backup", "getent", "hosts", "database").split()[0] == "10.73.1.10"
    assert curl("http://10.73.1.10:5432/", "outside", seconds=1) == ""


@example("dual-stack")
def test_both_families(client: Client) -> None:
    """The server is reached by each client in its family; those of different networks not; the host's port in both families."""
    check(inside(client), PAIRS["dual-stack"])
    assert all(":" in one for one in addresses(inside(client), "new-client"))
    assert not any(":" in one for one in addresses(inside(client), "old-client"))
    assert {"10.74.0.10", "fd00:74::10"} <= set(addresses(inside(client), "server"))
    for service in ("old-client", "new-client"):
        assert LISTING in ok(client, service, "curl", "-s", "-m", "4", "--retry", "5", "--retry-connrefused", "http://server/")
    for host in ("127.0.0.1", "[::1]", HOST4):
        assert LISTING in patient_curl(f"http://{host}:8086/")


@example("replicas")
def test_replicas(client: Client) -> None:
    """Every copy is reached by everybody, by its own name and by the service's; every copy of web has a port of the host."""
    names = ["web-1", "web-2", "worker-1", "worker-2", "worker-3", "client"]
    check(inside(client), PAIRS["replicas"])
    workers = {address for name in names[2:5] for address in addresses(inside(client), name)}
    assert len(workers) == 3
    for name in ("worker", "pool"):
        text = ok(client, "client", "getent", "ahostsv4", name)
        assert {line.split()[0] for line in text.splitlines()} == workers
    for port in (8090, 8091):
        assert LISTING in patient_curl(f"http://127.0.0.1:{port}/")
    assert curl("http://127.0.0.1:8092/", seconds=1) == ""


@in_world()
def test_several_projects_from_one_file() -> None:
    """Two labs of one file: other subnets, other ports of the host, the same names, and nobody reaches the other's."""
    text = (EXAMPLES / "projects.yaml").read_text()
    with outside(), lab(text, "blue") as blue, lab(text, "green") as green:
        homes = {}
        for client in (blue, green):
            check(inside(client), PAIRS["projects"])
            assert LISTING in ok(
                client, "web", "curl", "-s", "-m", "4", "--retry", "5", "--retry-connrefused", "http://store:5432/"
            )
            homes[client] = addresses(inside(client), "web") + addresses(inside(client), "db")
            (port,) = ports(client)
            assert LISTING in patient_curl(f"http://{HOST4}:{port}/", "outside")
        assert not set(homes[blue]) & set(homes[green])
        for source, target in ((blue, green), (green, blue)):
            assert not any(answers(inside(source), "web", address) for address in homes[target])
        assert not ports(blue) & ports(green)


@example("aliases")
def test_aliases_by_network_and_links(client: Client) -> None:
    """The same alias means another service on another network; a link is one service's own; hostnames are names, too."""
    check(inside(client), PAIRS["aliases"])
    (db,), (cache,) = addresses(inside(client), "db"), addresses(inside(client), "cache")

    def found(service: str, name: str) -> str:
        status, text = run(client, service, "getent", "ahostsv4", name)
        return text.split()[0] if status == 0 else ""

    assert (
        found("clerk", "primary")
        == found("clerk", "db.staff.example")
        == found("clerk", "ledger")
        == found("clerk", "db.staff")
        == db
    )
    assert found("guest", "primary") == found("guest", "cachehost") == cache
    assert found("db", "ledger") == found("guest", "ledger") == found("guest", "db.staff") == ""


@example("healthy")
def test_who_waits_for_whom(client: Client) -> None:
    """The migration ran against a healthy database, and ended, before the application began."""
    rows = {str(row["name"]): row for row in client.ps()}
    assert rows["db"]["health"] == "healthy"
    assert (rows["migration"]["state"], rows["migration"]["exit"]) == ("exited", 0)
    events = [(row["what"], row["who"]) for row in client.events()]
    began = {name: next(i for i, (what, who) in enumerate(events) if who == name and "start" in what) for name in rows}
    assert began["db"] < began["migration"] < began["app"], events
    check(inside(client), PAIRS["healthy"])


@example("ports")
def test_published_ports_in_every_form(client: Client) -> None:
    """One number, one address, IPv6, any free one, the long form, a range, UDP; what is not published is not there."""
    check(inside(client), PAIRS["ports"])
    for url in (
        "http://127.0.0.1:8100/",
        "http://[::1]:8100/",
        f"http://{HOST4}:8100/",
        "http://127.0.0.1:8101/",
        "http://[::1]:8102/",
    ):
        assert LISTING in patient_curl(url), url
    assert LISTING in patient_curl("http://127.0.0.1:8103/")
    assert LISTING in patient_curl(f"http://{HOST4}:8100/", "outside")
    for port in (8101, 8103):
        assert curl(f"http://{HOST4}:{port}/", "outside", seconds=1) == ""
    free = ports(client) - {8100, 8101, 8102, 8103, 8107}
    assert len(free) == 1
    assert LISTING in patient_curl(f"http://127.0.0.1:{free.pop()}/")
    assert LISTING in patient_curl("http://127.0.0.1:9001/")
    wait_for(lambda: sh(f"{PYTHON} -c '{ASK}' 127.0.0.1 8107 hello 1") == "hello\n", "the echo server is up")
    (quiet,) = (one for one in addresses(inside(client), "quiet") if ":" not in one)
    assert curl(f"http://{quiet}/", "outside", seconds=1) == ""


@in_world()
def test_macvlan_on_a_parent() -> None:
    """Services of the network that eth0 is on reach each other, its router and whoever is there; the database is not on it; the
    host and its services do not meet by the parent, as with Linux."""
    with outside():
        sh("ip -n outside address add 192.168.50.1/24 dev eth0")
        sh("ip address add 192.168.50.254/24 dev eth0")
        with lab((EXAMPLES / "macvlan.yaml").read_text(), "macvlan") as client:
            check(inside(client), PAIRS["macvlan"])
            (printer,) = addresses(inside(client), "printer")
            assert answers(inside(client), "printer", "192.168.50.1")
            assert not answers(inside(client), "printer", "192.168.50.254")
            assert not answers(inside(client), "db", "192.168.50.1")
            assert LISTING in patient_curl(f"http://{printer}:631/", "outside")
            assert curl(f"http://{printer}:631/", seconds=1) == ""
            assert "via 192.168.50.1" in ok(client, "printer", "ip", "route", "show", "default")
            seen = sh(f"ip -n outside neighbour show {printer}").split()
            assert seen[seen.index("lladdr") + 1] in ok(client, "printer", "ip", "link", "show", "eth0")


@in_world()
def test_ipvlan_on_a_parent_and_on_a_vlan_of_it() -> None:
    """One MAC address, the parent's; the router and whoever is there; on the VLAN siblings alone, as nobody else is on it."""
    with outside():
        sh("ip -n outside address add 192.168.60.1/24 dev eth0")
        with lab((EXAMPLES / "ipvlan.yaml").read_text(), "ipvlan") as client:
            check(inside(client), PAIRS["ipvlan"])
            (edge,) = addresses(inside(client), "edge")
            assert answers(inside(client), "edge", "192.168.60.1")
            assert not answers(inside(client), "web", "192.168.60.1")
            assert LISTING in patient_curl(f"http://{edge}/", "outside")
            seen = sh(f"ip -n outside neighbour show {edge}").split()
            assert seen[seen.index("lladdr") + 1] in sh("ip link show eth0")


@example("sidecar")
def test_network_modes(client: Client) -> None:
    """The sidecar meets its application on localhost and is reached for it; the host's service sees the host; `none` nobody."""
    check(inside(client), PAIRS["sidecar"])
    assert LISTING in ok(client, "proxy", "curl", "-s", "-m", "4", "--retry", "5", "--retry-connrefused", "http://127.0.0.1:8000/")
    assert LISTING in ok(client, "client", "curl", "-s", "-m", "4", "--retry", "5", "--retry-connrefused", "http://app/")
    assert run(client, "client", "curl", "-s", "-m", "2", "http://app:8000/")[0] != 0
    assert HOST4 in ok(client, "monitor", "ip", "-4", "address")
    assert re.findall(r"^\d+: (\w+)", ok(client, "alone", "ip", "-o", "link"), re.M) == ["lo"]
    assert addresses(inside(client), "alone") == []
