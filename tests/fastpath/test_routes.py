"""The routing table against a plain model: the longest prefix of all that fit."""

import ipaddress
import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastpath.routes import TestRoutes as Routes

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
    began = time.monotonic()
    while len(model) < 100_000:
        network = ipaddress.ip_network((chance.getrandbits(32), chance.choice([16, 20, 22, 24, 24, 24, 32])), strict=False)
        model[network] = chance.randrange(4)
        routes.put(str(network), model[network])
    assert time.monotonic() - began < 30
    assert len(routes) == len(model)
    by_length = sorted({network.prefixlen for network in model}, reverse=True)
    for network in chance.sample(list(model), 2000):
        address = network.network_address + chance.randrange(network.num_addresses)
        for bits in by_length:
            best = ipaddress.ip_network((int(address), bits), strict=False)
            if best in model:
                break
        assert routes.find(str(address)) == (f"{best.network_address}/{bits + 96}", model[best])
    for network in list(model)[:50_000]:
        assert routes.remove(str(network))
    assert len(routes) == len(model) - 50_000
