"""Who resolves whom: by the names Docker's DNS has, on the networks they share."""

from topologies import attach, network, service, topology

from dataplane.names import hosts, hosts_file
from dataplane.plan import make_plan

LAB = make_plan(
    topology(
        [network("front", "10.1.0.0/24"), network("back", "10.2.0.0/24", "fd02::/64", enable_ipv6=True)],
        [
            service("web", attach("front", aliases=("www",)), "back", scaled=True, replicas=2),
            service("db", "back", hostname="oracle", extra_hosts=(("elsewhere", "192.0.2.7"),)),
            service("client", "front"),
            service("side", network_mode="service:db", extra_hosts=(("mine", "192.0.2.8"),)),
            service("alone", network_mode="none"),
        ],
    )
)


def names_by_address(instance: str) -> dict[str, set[str]]:
    return {address: set(names) for address, names in hosts(LAB, instance)}


def test_instances_know_those_they_share_a_network_with_and_no_others():
    assert names_by_address("client") == {
        "10.1.0.4": {"client", "client.lab_front", "client.front"},
        "10.1.0.2": {
            "web-1",
            "web",
            "www",
            "web-1.lab_front",
            "web.lab_front",
            "www.lab_front",
            "web-1.front",
            "web.front",
            "www.front",
        },
        "10.1.0.3": {
            "web-2",
            "web",
            "www",
            "web-2.lab_front",
            "web.lab_front",
            "www.lab_front",
            "web-2.front",
            "web.front",
            "www.front",
        },
    }


def test_both_families_and_the_hostname_are_there():
    rows = names_by_address("web-1")
    assert rows["10.2.0.4"] == rows["fd02::4"] == {"db", "oracle", "db.lab_back", "oracle.lab_back", "db.back", "oracle.back"}


def test_itself_comes_first_and_extra_hosts_before_that():
    assert [address for address, _ in hosts(LAB, "db")] == [
        "192.0.2.7",
        "10.2.0.4",
        "fd02::4",
        "10.2.0.2",
        "fd02::2",
        "10.2.0.3",
        "fd02::3",
    ]


def test_who_shares_a_namespace_sees_its_neighbours_and_its_own_extra_hosts():
    assert hosts(LAB, "side") == (("192.0.2.8", ("mine",)), *hosts(LAB, "db")[1:])


def test_who_has_no_network_knows_itself():
    assert hosts(LAB, "alone") == ()
    assert "127.0.1.1\talone\n" in hosts_file(LAB, "alone")


def test_links_are_names_for_the_service_that_has_them():
    lab = make_plan(
        topology(
            [network("front", "10.1.0.0/24")],
            [service("db", "front"), service("web", "front", links=(("db", "store"), ("db", "db"))), service("client", "front")],
        )
    )
    assert dict(hosts(lab, "web"))["10.1.0.2"] == ("db", "db.lab_front", "db.front", "store")
    assert dict(hosts(lab, "client"))["10.1.0.2"] == ("db", "db.lab_front", "db.front")


def test_the_file_has_localhost_first_and_a_line_a_row():
    lines = hosts_file(LAB, "client").splitlines()
    assert lines[:2] == ["127.0.0.1\tlocalhost", "::1\tlocalhost ip6-localhost ip6-loopback"]
    assert lines[6] == "10.1.0.4\tclient client.lab_front client.front"
    assert len(lines) == 6 + 3


def test_the_hosts_own_file_stays_in_front_where_it_is_shared():
    assert hosts_file(LAB, "alone", "192.0.2.1\tthis\n") == "192.0.2.1\tthis\n"


def test_host_gateway_is_where_the_default_route_goes():
    extra = {"extra_hosts": (("host.docker.internal", "host-gateway"),)}
    plan = make_plan(
        topology(
            [network("n", "10.1.0.0/24", "fd01::/64", enable_ipv6=True)],
            [
                service("web", "n", **extra),
                service("side", network_mode="service:web", **extra),
                service("host", network_mode="host", **extra),
                service("alone", network_mode="none", **extra),
            ],
        )
    )

    def found(instance):
        return [address for address, names in hosts(plan, instance) if names == ("host.docker.internal",)]

    assert found("web") == found("side") == ["10.1.0.1", "fd01::1"]
    assert (found("host"), found("alone")) == (["127.0.0.1"], [])
