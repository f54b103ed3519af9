"""What an address costs: the whole of a /16, one after the other (aim: a median of 10 us)."""

from ipaddress import IPv4Network

from pytest_benchmark.fixture import BenchmarkFixture as Benchmark

from dataplane.ipam import Leases
from dataplane.model import Pool


def test_take(benchmark: Benchmark) -> None:
    leases = Leases(Pool(subnet=IPv4Network("172.17.0.0/16")))
    benchmark.pedantic(leases.take, rounds=65_000)
