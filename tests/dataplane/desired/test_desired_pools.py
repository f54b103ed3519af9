"""Subnets and addresses: every row of DOCKER.md 1.4, with hypothesis against plain models."""

from ipaddress import IPv4Network, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import World, around, endpoint, refuses

from dataplane.desired import pools
from dataplane.desired.refused import Refused
from dataplane.desired.surroundings import Surroundings
from dataplane.desired.wishes import PoolWish
from dataplane.ipam import default_pools

CONFIG = "invalid network config:\n"


def subnets(world: World, name: str) -> list[str]:
    return [str(pool.subnet) for pool in world.network(name).pools]


def test_the_default_pools_are_31_in_dockers_order_and_then_full():
    """DOCKER.md 1.4: local pools, order (31 networks); full, HEAD's words."""
    world = World()
    got = subnets(world, "bridge")
    for number in range(30):
        world.net(f"n{number}")
        got += subnets(world, f"n{number}")
    assert got == [str(one) for one in default_pools()]
    assert len(got) == 31
    refuses(500, "all predefined address pools have been fully subnetted", world.net, "more")


def test_automatic_pools_skip_routes_and_resolvers():
    """DOCKER.md 1.4: skips pools overlapping host routes and resolv.conf servers."""
    world = World(around("eth0 172.19.4.0/24", resolvers=(ip_address("172.20.0.53"),)))
    assert [subnets(world, world.net(name).name)[0] for name in "abc"] == ["172.18.0.0/16", "172.21.0.0/16", "172.22.0.0/16"]


def test_a_default_route_is_in_nobodys_way():
    world = World(around("eth0 0.0.0.0/0"))
    world.net("a")
    assert subnets(world, "a") == ["172.18.0.0/16"]


@pytest.mark.parametrize(
    ("pool", "words"),
    [
        ({"subnet": "10.99.0.5/24"}, "invalid subnet 10.99.0.5/24: it should be 10.99.0.0/24"),
        ({"subnet": "10.99.0.0"}, "invalid subnet 10.99.0.0: invalid CIDR block notation"),
        ({"subnet": "nonsense/24"}, "invalid subnet nonsense/24: invalid CIDR block notation"),
        ({"subnet": "10.0.0.0/33"}, "invalid subnet 10.0.0.0/33: invalid CIDR block notation"),
        ({"subnet": "10.0.0.0/255.0.0.0"}, "invalid subnet 10.0.0.0/255.0.0.0: invalid CIDR block notation"),
        ({"gateway": "10.0.0.1"}, "invalid subnet : invalid CIDR block notation"),
        (
            {"subnet": "10.9.0.0/24", "gateway": "10.98.0.1"},
            "invalid gateway 10.98.0.1: parent subnet 10.9.0.0/24 doesn't contain this address",
        ),
        ({"subnet": "10.9.0.0/24", "gateway": "x"}, "invalid gateway x: invalid address"),
        ({"subnet": "10.9.0.0/24", "gateway": "fd00::1"}, "invalid gateway fd00::1: parent subnet is an IPv4 block"),
        (
            {"subnet": "10.9.0.0/24", "ip_range": "10.8.0.0/25"},
            "invalid ip-range 10.8.0.0/25: parent subnet 10.9.0.0/24 doesn't contain ip-range",
        ),
        (
            {"subnet": "10.9.0.0/24", "ip_range": "10.8.0.0/15"},
            "invalid ip-range 10.8.0.0/15: CIDR block is bigger than its parent subnet 10.9.0.0/24",
        ),
        ({"subnet": "10.9.0.0/24", "ip_range": "10.9.0.7/25"}, "invalid ip-range 10.9.0.7/25: it should be 10.9.0.0/25"),
        ({"subnet": "10.9.0.0/24", "ip_range": "x"}, "invalid ip-range x: invalid CIDR block notation"),
        ({"subnet": "10.9.0.0/24", "ip_range": "fd00::/64"}, "invalid ip-range fd00::/64: parent subnet is an IPv4 block"),
        (
            {"subnet": "10.9.0.0/24", "aux_addresses": {"r": "10.10.0.1"}},
            "invalid auxiliary address r: parent subnet 10.9.0.0/24 doesn't contain this address",
        ),
    ],
)
def test_refused_shapes(pool, words):
    """DOCKER.md 1.2: --subnet with host bits (HEAD), --gateway and --ip-range outside, --aux-address; HEAD's ValidateIPAM."""
    refuses(400, CONFIG + words, World().net, "x", PoolWish(**pool))


def test_several_errors_are_a_list():
    """HEAD's multierror."""
    wishes = (PoolWish(subnet="10.9.0.1/24", gateway="x"), PoolWish(subnet="y"))
    words = (
        "* invalid subnet 10.9.0.1/24: it should be 10.9.0.0/24\n* invalid gateway x: invalid address\n"
        "* invalid subnet y: invalid CIDR block notation"
    )
    refuses(400, CONFIG + words, World().net, "x", *wishes)


def test_empty_entries_mean_nothing():
    """What docker-py and Compose send where nothing is wanted: IPAM.Config [{}]."""
    world = World()
    world.net("a", PoolWish())
    assert subnets(world, "a") == ["172.18.0.0/16"]


def test_any_subnet_of_a_size():
    """DOCKER.md 1.2: 0.0.0.0/24 (HEAD) is any pool of this size; 1.4: the default pools' order."""
    world = World()
    for name, wanted, got in (
        ("a", "0.0.0.0/24", "172.18.0.0/24"),
        ("b", "0.0.0.0/24", "172.18.1.0/24"),
        ("c", "0.0.0.0/14", "172.20.0.0/14"),
        ("d", "0.0.0.0/30", "172.18.2.0/30"),
    ):
        world.net(name, wanted)
        assert subnets(world, name) == [got]
    world.net("e")
    assert subnets(world, "e") == ["172.19.0.0/16"]
    refuses(500, "all predefined address pools have been fully subnetted", world.net, "f", "0.0.0.0/12")
    world.net("six", "::/80", enable_ipv6=True)
    assert [ip_network(one).prefixlen for one in subnets(world, "six")] == [16, 80]
    assert ip_network(subnets(world, "six")[1]).is_private


def test_ipv6_pools_are_unique_local_and_the_daemons_own():
    """DOCKER.md 1.2: ULA auto-pool for v6 derived from the host; two daemons have different ones."""
    one, other = World(Surroundings(daemon="one")), World(Surroundings(daemon="other"))
    for world in (one, other):
        world.net("a", enable_ipv6=True)
        world.net("b", enable_ipv6=True, enable_ipv4=False)
    mine = [subnets(one, "a")[1], subnets(one, "b")[0]]
    assert all(ip_network(text).prefixlen == 64 and ip_network(text).network_address.packed[0] == 0xFD for text in mine)
    assert not {*mine} & {subnets(other, "a")[1], subnets(other, "b")[0]}
    assert subnets(one, "b") == mine[1:]
    again = World(Surroundings(daemon="one"))
    again.net("a", enable_ipv6=True)
    assert subnets(again, "a") == subnets(one, "a")


def test_a_subnet_of_a_family_that_is_off_is_not_used():
    """DOCKER.md 1.2: --ipv4 (28+), --ipv6."""
    world = World()
    world.net("a", "fd00::/64")
    assert subnets(world, "a") == ["172.18.0.0/16"]
    assert world.warning == "the subnet fd00::/64 is not used: the network has no IPv6"
    world.net("b", "10.0.0.0/24", enable_ipv4=False, enable_ipv6=True)
    assert [ip_network(one).version for one in subnets(world, "b")] == [6]
    world.net("c", options={"com.docker.network.enable_ipv6": "true"})
    assert len(subnets(world, "c")) == 2


@pytest.mark.parametrize("subnet", ["127.0.0.0/24", "224.0.0.0/24", "10.0.0.0/32", "0.0.0.0/0"])
def test_subnets_that_no_interface_can_be_on(subnet):
    with pytest.raises(Refused):
        World().net("x", subnet)


# -- addresses ----------------------------------------------------------------------------------------------------------


def test_the_gateway_first_then_the_lowest_free():
    """DOCKER.md 1.4, order: gateway first (lowest free), then lowest free; a released one is reused at once."""
    world = World()
    world.net("n", "10.0.0.0/29")
    assert str(world.network("n").pools[0].gateway) == "10.0.0.1"
    got = []
    for name in ("c1", "c2", "c3"):
        world.run(name, "n")
        got.append(world.ip(name, "n"))
    assert got == ["10.0.0.2", "10.0.0.3", "10.0.0.4"]
    world.stop("c2")
    world.run("c4", "n")
    assert world.ip("c4", "n") == "10.0.0.3"


def test_what_is_reserved():
    """DOCKER.md 1.4, reserved: network address, IPv4 broadcast, v6 subnet-router anycast; /31 reserves nothing."""
    world = World()
    world.net("n", "10.0.0.0/29", "fd00::/125", enable_ipv6=True)
    for number in range(5):
        world.run(f"c{number}", "n")
    used = {world.ip(f"c{number}", "n") for number in range(5)}
    assert not used & {"10.0.0.0", "10.0.0.7", "10.0.0.1"}
    assert "fd00::" not in {str(world.at(f"c{number}", "n").endpoint.ipv6) for number in range(5)}
    words = f"no available IPv4 addresses on this network's address pools: n ({world.network('n').id})"
    refuses(500, words, world.run, "c9", "n")
    world.net("p", "10.1.0.0/31")
    world.run("d1", "p")
    assert (str(world.network("p").pools[0].gateway), world.ip("d1", "p")) == ("10.1.0.0", "10.1.0.1")


def test_a_range_is_for_dynamic_addresses_only():
    """DOCKER.md 1.2, --ip-range: dynamic addresses only from here; static may be outside, inside the subnet."""
    world = World()
    world.net("n", PoolWish(subnet="10.0.0.0/24", ip_range="10.0.0.64/29", gateway="10.0.0.1"))
    world.run("c1", "n")
    world.run("c2", "n", {"n": endpoint("10.0.0.200")})
    assert (world.ip("c1", "n"), world.ip("c2", "n")) == ("10.0.0.64", "10.0.0.200")
    for number in range(7):
        world.run(f"d{number}", "n")
    words = f"no available IPv4 addresses on this network's address pools: n ({world.network('n').id})"
    refuses(500, words, world.run, "c9", "n")


@pytest.mark.parametrize(
    ("gateway", "aux", "words"),
    [
        ("10.0.0.0", {}, "failed to allocate gateway (10.0.0.0): Address already in use"),
        ("10.0.0.255", {}, "failed to allocate gateway (10.0.0.255): Address already in use"),
        ("10.0.0.1", {"r": "10.0.0.1"}, "failed to allocate secondary ip address (r:10.0.0.1): Address already in use"),
        ("", {"r": "10.0.0.255"}, "failed to allocate secondary ip address (r:10.0.0.255): Address already in use"),
        ("", {"r": "10.0.0.5", "s": "10.0.0.5"}, "failed to allocate secondary ip address (s:10.0.0.5): Address already in use"),
    ],
)  # fmt: skip
def test_gateways_and_auxiliary_addresses_that_are_taken(gateway, aux, words):
    """Docker's words, which say what the address was for."""
    refuses(500, words, World().net, "n", PoolWish(subnet="10.0.0.0/24", gateway=gateway, aux_addresses=aux))


def test_auxiliary_addresses_are_nobodys():
    """DOCKER.md 1.2: --aux-address, reserved in IPAM."""
    world = World()
    world.net("n", PoolWish(subnet="10.0.0.0/29", aux_addresses={"a": "10.0.0.2", "b": "10.0.0.4"}))
    world.run("c1", "n")
    world.run("c2", "n")
    assert (world.ip("c1", "n"), world.ip("c2", "n")) == ("10.0.0.3", "10.0.0.5")
    refuses(403, "Address already in use", world.run, "c3", "n", {"n": endpoint("10.0.0.2")})


def test_addresses_of_ones_choice():
    """DOCKER.md 1.4, errors: Address already in use; 1.8, --ip (HEAD: it must be inside a subnet)."""
    world = World()
    world.net("n", "10.0.0.0/24")
    world.run("c1", "n", {"n": endpoint("10.0.0.77")})
    assert world.ip("c1", "n") == "10.0.0.77"
    words = "Address already in use"
    for taken in ("10.0.0.77", "10.0.0.1", "10.0.0.0", "10.0.0.255"):
        refuses(403, words, world.run, f"d{taken}", "n", {"n": endpoint(taken)})
    world.run("c2")
    refuses(403, "Address already in use", world.connect, "n", "c2", endpoint("10.0.0.77"))
    world.stop("c1")
    world.connect("n", "c2", endpoint("10.0.0.77"))
    assert world.ip("c2", "n") == "10.0.0.77"


def test_an_automatic_pool_takes_addresses_of_ones_choice_too():
    """DOCKER.md 1.3, --ip: HEAD asks only that it is inside a subnet."""
    world = World()
    world.net("n")
    world.run("c1", "n", {"n": endpoint("172.18.9.9")})
    assert world.ip("c1", "n") == "172.18.9.9"


def test_addresses_are_held_only_while_it_runs():
    """DOCKER.md 1.4, when held: only while the container runs; a restarted one may get another."""
    world = World()
    world.run("c1")
    world.run("c2")
    assert (world.ip("c1"), world.ip("c2")) == ("172.17.0.2", "172.17.0.3")
    world.stop("c1")
    world.stop("c2")
    assert not world.state.endpoints
    world.start("c2")
    world.start("c1")
    assert (world.ip("c1"), world.ip("c2")) == ("172.17.0.3", "172.17.0.2")


# -- properties ---------------------------------------------------------------------------------------------------------

texts = st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){1,4}/[0-9]{1,3}", fullmatch=True) | st.text(max_size=20)


@given(
    st.lists(st.builds(PoolWish, subnet=texts, ip_range=texts | st.just(""), gateway=texts | st.just("")), max_size=4),
    st.booleans(),
)
def test_whatever_is_written_is_read_or_refused(wishes, ipv6):
    """No other error, and what is read is inside what it is part of."""
    try:
        found = pools.read(wishes, ipv6=ipv6)
    except Refused as refused:
        assert refused.http == 400
        assert refused.what.startswith(CONFIG)
        return
    for pool in found:
        assert pool.gateway is None or pool.gateway in pool.subnet
        assert pool.ip_range is None or pool.ip_range.subnet_of(pool.subnet)


blocks = st.builds(
    lambda number, length: IPv4Network((number & ~((1 << 32 - length) - 1) & 0xFFFFFFFF, length)),
    st.integers(0xAC100000, 0xAC1FFFFF) | st.integers(0xC0A80000, 0xC0A8FFFF),
    st.integers(12, 28),
)


@given(st.lists(blocks, max_size=8), st.integers(14, 22))
def test_a_subnet_of_a_size_is_the_first_that_is_free(routes, length):
    """Against the plain search: every part of the default pools' blocks in order."""
    host = Surroundings(routes=tuple(("eth0", one) for one in routes))
    every = (part for block in pools.BLOCKS if length >= block.prefixlen for part in block.subnets(new_prefix=length))
    plain = next((one for one in every if not any(one.overlaps(route) for route in routes)), None)
    written = pools.read([PoolWish(subnet=f"0.0.0.0/{length}")], ipv6=False)
    try:
        (got,) = pools.decided(written, {4: True, 6: False}, (), host)
    except Refused as refused:
        assert plain is None
        assert refused.http == 500
    else:
        assert got.subnet == plain


@given(st.lists(blocks, max_size=20))
def test_automatic_pools_never_overlap_anything(routes):
    host = Surroundings(routes=tuple(("eth0", one) for one in routes))
    taken = []
    for _ in range(8):
        try:
            (got,) = pools.decided((), {4: True, 6: False}, taken, host)
        except Refused:
            left = [one for one in default_pools() if not any(one.overlaps(other) for other in [*taken, *routes])]
            assert not left
            return
        assert not any(got.subnet.overlaps(other) for other in [*taken, *routes])
        taken.append(got.subnet)


@given(
    st.sampled_from(["10.0.0.0/28", "10.0.0.0/30", "10.0.0.0/31", "fd00::/124", "fd00::/127"]),
    st.lists(st.tuples(st.booleans(), st.integers(0, 17)), max_size=60),
)
def test_leases_follow_a_plain_set(subnet, steps):
    """Taken is the lowest that is not held; held ones are exactly those of the members."""
    network = ip_network(subnet)
    pool = pools.with_gateway(pools.read([PoolWish(subnet=subnet)], ipv6=True)[0], wanted=True)
    reserved = set()
    if network.num_addresses > 2:
        reserved = {network.network_address} | ({network.broadcast_address} if network.version == 4 else set())
    reserved.add(pool.gateway)
    held: list = []
    for take, number in steps:
        if take:
            free = [address for address in network if address not in reserved and address not in held]
            try:
                got = pools.take(pools.leases([pool], held), network.version, "n")
            except Refused as refused:
                assert not free
                assert refused.what == f"no available IPv{network.version} addresses on this network's address pools: n"
            else:
                assert got == free[0]
                held.append(got)
        elif held:
            held.pop(number % len(held))
