"""The routing table against a plain model: the longest prefix of all that fit."""

import ipaddress
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastpath.routetrial import TestRoutes as Routes

IPV4 = st.tuples(st.integers(0, 255), st.integers(0, 32)).map(
    lambda drawn: ipaddress.IPv4Network((drawn[0] << 24 | drawn[0] << 8 | drawn[0] & 3, drawn[1]), strict=False)
)
IPV6 = st.tuples(st.integers(0, 255), st.integers(0, 128)).map(
    lambda drawn: ipaddress.IPv6Network((0x20 << 120 | drawn[0] << 112 | drawn[0] << 60 | drawn[0] & 3, drawn[1]), strict=False)
)


def length(network) -> int:
    return network.prefixlen + (96 if network.version == 4 else 0)


def longest(model, address):
    fitting = [network for network in model if address.version == network.version and address in network]
    if not fitting:
        return None
    best = max(fitting, key=length)
    return f"{best.network_address}/{length(best)}", model[best]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.booleans(), IPV4 | IPV6, st.integers(0, 9)), max_size=60), st.integers(0, 2**64 - 1))
def test_it_does_what_the_model_does(steps, seed):
    routes, model = Routes(1000, seed), {}
    for put, network, interface in steps:
        if put:
            routes.put(str(network), interface)
            model[network] = interface
        else:
            assert routes.remove(str(network)) == (model.pop(network, None) is not None)
        assert len(routes) == len(model)
        for address in (network.network_address, network.broadcast_address):
            if getattr(address, "ipv4_mapped", None):
                continue  # no address of a packet: ip_read sees to that
            assert routes.find(str(address)) == longest(model, address)
    assert routes.find("1.2.3.4") == longest(model, ipaddress.ip_address("1.2.3.4"))


CLOSE = st.tuples(st.integers(0, 3), st.integers(0, 255), st.integers(0, 3), st.integers(0, 32)).map(
    lambda drawn: ipaddress.IPv4Network((drawn[0] << 25 | drawn[1] << 8 | drawn[2] << 6, drawn[3]), strict=False)
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([True, True, False]), CLOSE, st.integers(0, 9)), min_size=20, max_size=80))
def test_what_many_routes_are_looked_up_in_does_what_the_model_does(steps):
    """Prefixes within prefixes of all lengths come and go: the dense table says at each step what the longest one says."""
    routes, model = Routes(1000, dense_from=8), {}
    for put, network, interface in steps:
        if put:
            routes.put(str(network), interface)
            model[network] = interface
        else:
            assert routes.remove(str(network)) == (model.pop(network, None) is not None)
        assert routes.dense or len(model) < 8
        for address in (network.network_address, network.broadcast_address, network.network_address + (network.num_addresses >> 1)):
            found = longest(model, address)
            assert routes.find(str(address)) == found
            assert routes.hop(str(address)) == (found and found[1])
            beside = ipaddress.IPv4Address(int(address) ^ 0x100)
            assert routes.hop(str(beside)) == (longest(model, beside) or (None, None))[1]


def test_few_routes_have_no_second_table():
    """It comes with the 256th IPv4 route and goes when there are less than half as many; IPv6 routes do not count."""
    routes = Routes(1000)
    for n in range(255):
        routes.put(f"10.0.{n}.0/24", n)
        routes.put(f"2001:db8:{n:x}::/48", n)
    assert not routes.dense
    routes.put("0.0.0.0/0", 999)
    assert routes.dense
    assert (routes.hop("10.0.7.1"), routes.hop("10.1.0.0"), routes.hop("2001:db8:7::1"), routes.hop("2001:db9::")) == (
        7,
        999,
        7,
        None,
    )
    for n in range(128):
        assert routes.dense
        routes.remove(f"10.0.{n}.0/24")
    assert routes.dense
    routes.remove("10.0.128.0/24")
    assert not routes.dense
    assert (routes.hop("10.0.200.1"), routes.hop("10.0.7.1")) == (200, 999)


def test_more_long_prefixes_than_there_is_room_for():
    """Each /24 with a longer prefix in it takes one of 65,536 blocks: then the table goes, and all is found without."""
    routes = Routes(70_000)
    for n in range(65_536):
        routes.put(f"10.{n >> 8}.{n & 255}.0/25", n % 7)
    assert routes.dense
    routes.put("11.0.0.0/32", 9)
    assert not routes.dense
    assert (routes.hop("11.0.0.0"), routes.hop("10.1.2.3"), routes.hop("10.1.2.200")) == (9, 258 % 7, None)


def test_the_families_do_not_meet():
    """::/0 is no route for IPv4, although its addresses lie in ::ffff:0:0/96."""
    routes = Routes(10)
    routes.put("::/0", 6)
    assert routes.find("10.0.0.1") is None
    routes.put("0.0.0.0/0", 4)
    assert routes.find("10.0.0.1") == ("0.0.0.0/96", 4)
    assert routes.find("2001:db8::1") == ("::/0", 6)


def test_it_is_bounded():
    routes = Routes(3)
    for n in range(3):
        routes.put(f"10.{n}.0.0/16", n)
    routes.put("10.2.0.0/16", 7)
    with pytest.raises(OverflowError, match="full: 3 routes"):
        routes.put("10.3.0.0/16", 3)
    assert routes.find("10.3.0.1") is None
    routes.remove("10.0.0.0/16")
    routes.put("10.3.0.0/16", 3)
    assert routes.find("10.2.0.1") == ("10.2.0.0/112", 7)
    assert routes.find("10.3.0.1") == ("10.3.0.0/112", 3)


def test_a_hundred_thousand_routes():
    chance = random.Random(5)
    routes, model = Routes(131_072), {}
    while len(model) < 100_000:
        network = ipaddress.ip_network((chance.getrandbits(32), chance.choice([16, 20, 22, 24, 24, 24, 32])), strict=False)
        model[network] = chance.randrange(4)
        routes.put(str(network), model[network])
    assert len(routes) == len(model)
    by_length = sorted({network.prefixlen for network in model}, reverse=True)
    for network in chance.sample(list(model), 2000):
        address = network.network_address + chance.randrange(network.num_addresses)
        for bits in by_length:
            best = ipaddress.ip_network((int(address), bits), strict=False)
            if best in model:
                break
        assert routes.find(str(address)) == (f"{best.network_address}/{bits + 96}", model[best])
        assert routes.hop(str(address)) == model[best]
    for network in list(model)[:50_000]:
        assert routes.remove(str(network))
    assert len(routes) == len(model) - 50_000
    for network in chance.sample(list(model), 2000):
        address = str(network.network_address + chance.randrange(network.num_addresses))
        found = routes.find(address)
        assert routes.hop(address) == (found and found[1])
