"""Pools and leases against Docker's rules, and against a plain model."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataplane.errors import UserError
from dataplane.ipam import AddressSpace, Leases, default_pools, ula_pools
from dataplane.model import Pool


def leases(subnet: str, **kwargs) -> Leases:
    return Leases(Pool(subnet=ip_network(subnet), **kwargs))


def all_of(lease: Leases) -> list[str]:
    taken = []
    while True:
        try:
            taken.append(str(lease.take()))
        except UserError:
            return taken


def test_default_pools_are_dockers_31_in_its_order():
    pools = [str(p) for p in default_pools()]
    assert len(pools) == 31
    assert pools[:4] == ["172.17.0.0/16", "172.18.0.0/16", "172.19.0.0/16", "172.20.0.0/16"]
    assert pools[14:17] == ["172.31.0.0/16", "192.168.0.0/20", "192.168.16.0/20"]
    assert pools[-1] == "192.168.240.0/20"


def test_chosen_pools_skip_the_host_routes_and_the_files_own():
    space = AddressSpace("lab", [ip_network("172.17.3.0/24"), ip_network("172.16.0.0/13"), ip_network("fd00::/8")])
    space.claim(ip_network("172.24.9.0/24"))
    assert space.choose_ipv4() == IPv4Network("172.25.0.0/16")
    assert space.choose_ipv4() == IPv4Network("172.26.0.0/16")


def test_a_full_space_says_so_in_dockers_words():
    space = AddressSpace("lab", [ip_network("0.0.0.0/0")])
    with pytest.raises(UserError, match="all predefined address pools have been fully subnetted"):
        space.choose_ipv4()
    space = AddressSpace("lab", [ip_network("fc00::/7")])
    with pytest.raises(UserError, match="all predefined address pools have been fully subnetted"):
        space.choose_ipv6()


@pytest.mark.parametrize("second", ["10.0.0.0/8", "10.1.2.0/25", "10.1.0.0/16"])
def test_claimed_pools_may_not_overlap(second):
    space = AddressSpace("lab")
    space.claim(ip_network("10.1.2.0/24"))
    space.claim(ip_network("fd01::/64"))
    with pytest.raises(UserError, match="Pool overlaps with other one on this address space"):
        space.claim(ip_network(second))


def test_ipv6_pools_are_unique_local_64s_that_depend_on_the_name_only():
    first, other = AddressSpace("shop"), AddressSpace("lab")
    pools = [first.choose_ipv6() for _ in range(3)]
    assert pools == [AddressSpace("shop").choose_ipv6(), *pools[1:]]
    assert all(p.prefixlen == 64 and p.subnet_of(IPv6Network("fd00::/8")) for p in pools)
    assert len({p.supernet(new_prefix=48) for p in pools}) == 1
    assert len(set(pools)) == 3
    assert other.choose_ipv6().supernet(new_prefix=48) != pools[0].supernet(new_prefix=48)
    assert next(ula_pools("shop")) == pools[0]


@pytest.mark.parametrize(
    ("subnet", "gateway", "rest"),
    [
        ("10.0.0.0/29", "10.0.0.1", ["10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"]),
        ("10.0.0.0/30", "10.0.0.1", ["10.0.0.2"]),
        ("10.0.0.0/31", "10.0.0.0", ["10.0.0.1"]),
        ("10.0.0.7/32", "10.0.0.7", []),
        ("fd00::/126", "fd00::1", ["fd00::2", "fd00::3"]),
        ("fd00::/127", "fd00::", ["fd00::1"]),
    ],
)
def test_network_broadcast_and_anycast_are_reserved_and_the_gateway_comes_first(subnet, gateway, rest):
    lease = leases(subnet)
    assert str(lease.gateway) == gateway
    assert all_of(lease) == rest


def test_a_given_gateway_and_auxiliary_addresses_are_kept_free():
    lease = leases("10.0.0.0/29", gateway=IPv4Address("10.0.0.6"), aux_addresses={"router": IPv4Address("10.0.0.1")})
    assert all_of(lease) == ["10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5"]


def test_an_auxiliary_address_where_the_gateway_would_be_moves_the_gateway():
    assert str(leases("10.0.0.0/29", aux_addresses={"router": IPv4Address("10.0.0.1")}).gateway) == "10.0.0.2"


def test_dynamic_addresses_come_from_the_range_static_ones_from_anywhere():
    lease = leases("10.0.0.0/24", ip_range=IPv4Network("10.0.0.128/30"), gateway=IPv4Address("10.0.0.254"))
    lease.claim(IPv4Address("10.0.0.9"))
    lease.claim(IPv4Address("10.0.0.129"))
    assert all_of(lease) == ["10.0.0.128", "10.0.0.130", "10.0.0.131"]
    lease.release(IPv4Address("10.0.0.9"))
    with pytest.raises(UserError, match="no available addresses on this pool"):
        lease.take()


@pytest.mark.parametrize(
    ("kwargs", "words"),
    [
        ({"gateway": IPv4Address("10.98.0.1")}, "no matching subnet for gateway 10.98.0.1"),
        ({"ip_range": IPv4Network("10.98.0.0/24")}, "no matching subnet for range 10.98.0.0/24"),
        ({"ip_range": IPv4Network("10.0.0.0/8")}, "no matching subnet for range 10.0.0.0/8"),
        ({"aux_addresses": {"a": IPv4Address("10.98.0.1")}}, "no matching subnet for aux-address 10.98.0.1"),
        ({"gateway": IPv4Address("10.0.0.0")}, "Address already in use"),
        ({"gateway": IPv4Address("10.0.0.1"), "aux_addresses": {"a": IPv4Address("10.0.0.1")}}, "Address already in use"),
    ],
)
def test_what_does_not_fit_the_subnet_is_refused_in_dockers_words(kwargs, words):
    with pytest.raises(UserError, match=words):
        leases("10.0.0.0/24", **kwargs)


@pytest.mark.parametrize("text", ["10.0.1.5", "fd00::1"])
def test_an_address_outside_is_out_of_range(text):
    with pytest.raises(UserError, match="requested address is out of range"):
        leases("10.0.0.0/24").claim(ip_address(text))


@pytest.mark.parametrize("text", ["10.0.0.0", "10.0.0.1", "10.0.0.255", "10.0.0.77"])
def test_an_address_taken_or_reserved_is_in_use(text):
    lease = leases("10.0.0.0/24")
    lease.claim(IPv4Address("10.0.0.77"))
    assert lease.is_taken(IPv4Address(text))
    with pytest.raises(UserError, match="Address already in use"):
        lease.claim(IPv4Address(text))


def test_a_released_address_is_reused_at_once():
    lease = leases("10.0.0.0/24")
    row = [lease.take() for _ in range(5)]
    lease.release(row[3])
    lease.release(row[1])
    assert [lease.take() for _ in range(3)] == [row[1], row[3], IPv4Address("10.0.0.7")]
    with pytest.raises(KeyError):
        lease.release(IPv4Address("10.0.0.200"))


@given(
    st.sampled_from(["10.1.0.0/28", "10.1.0.0/31", "fd07::/124"]),
    st.lists(st.tuples(st.sampled_from(["take", "claim", "release"]), st.integers(0, 17))),
)
def test_leases_agree_with_a_plain_set(subnet, steps):
    net = ip_network(subnet)
    lease = Leases(Pool(subnet=net))
    everything = list(net)
    free = set(everything)
    if len(everything) > 2:
        free -= {everything[0]} | ({everything[-1]} if net.version == 4 else set())
    assert lease.gateway == min(free)
    free.remove(lease.gateway)
    for verb, offset in steps:
        address = net.network_address + offset
        if verb == "take":
            if free:
                assert lease.take() == min(free)
                free.remove(min(free))
            else:
                with pytest.raises(UserError, match="no available"):
                    lease.take()
        elif verb == "claim":
            if address in free:
                assert lease.claim(address) == address
                free.remove(address)
            else:
                with pytest.raises(UserError):
                    lease.claim(address)
        elif address in net and address not in free and address not in {everything[0], everything[-1]}:
            lease.release(address)
            free.add(address)
        assert all(lease.is_taken(a) == (a not in free) for a in everything)


@settings(max_examples=20)
@given(st.lists(st.integers(0, 2**64 - 1), unique=True, max_size=20))
def test_a_64_is_no_larger_than_a_24(offsets):
    lease = leases("fd42::/64")
    for offset in offsets:
        if offset > 1:
            lease.claim(IPv6Address("fd42::") + offset)
    taken = {int(lease.take()) for _ in range(10)}
    assert len(taken) == 10
    assert not taken & {int(IPv6Address("fd42::")) + offset for offset in offsets}


def test_a_16_gives_every_address_once_and_then_says_so():
    lease = leases("172.17.0.0/16")
    assert len({lease.take() for _ in range(65_533)}) == 65_533
    with pytest.raises(UserError, match=r"no available addresses on this pool: 172\.17\.0\.0/16"):
        lease.take()
