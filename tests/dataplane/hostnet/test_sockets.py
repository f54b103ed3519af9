"""Published ports are held by sockets: one for all addresses, refused by name, a thousand in milliseconds."""

from __future__ import annotations

import errno
import random
import socket
from contextlib import ExitStack, suppress
from ipaddress import ip_address

import pytest

from dataplane.errors import UserError
from dataplane.hostnet.rules import Way
from dataplane.hostnet.sockets import Port, RefusedError, bind, ports_of, require_descriptors

LOCAL = ip_address("127.0.0.1")


def free_port() -> int:
    """Of TCP and UDP, below those that others are given by chance (net.ipv4.ip_local_port_range)."""
    while True:
        number = random.randrange(10_000, 20_000)
        with suppress(OSError):
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                with socket.socket(socket.AF_INET6, kind) as probe:
                    probe.bind(("::", number))
            return number


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_one_socket_holds_a_port_of_every_address(protocol: str) -> None:
    number = free_port()
    held = bind(Port(protocol, None, number))
    assert held is not None
    with held:
        for address in ("0.0.0.0", "127.0.0.1", "::", "::1"):
            with pytest.raises(RefusedError) as refused:
                bind(Port(protocol, ip_address(address), number))
            assert refused.value.number == errno.EADDRINUSE
    with ExitStack() as stack:
        for address in ("127.0.0.1", "127.0.0.2", "::1"):
            one = bind(Port(protocol, ip_address(address), number))
            assert one is not None
            stack.enter_context(one)


def test_of_every_address_the_family_that_is_taken_is_blamed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(RefusedError) as refused:
        bind(Port("tcp", None, server.getsockname()[1]))
    assert str(refused.value.port).startswith("0.0.0.0:")
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as server, pytest.raises(RefusedError) as refused:
        bind(Port("tcp", None, server.getsockname()[1]))
    assert str(refused.value.port).startswith("[::]:")


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(RefusedError) as refused:
        bind(Port("tcp", ip_address("192.0.2.77"), 8080))
    assert (refused.value.number, str(refused.value.port)) == (errno.EADDRNOTAVAIL, "192.0.2.77:8080/tcp")


def test_a_thousand_ports_are_held() -> None:
    ports = ports_of([Way(protocol="tcp", first=21000, last=21999, transfer=61000, host_ip=LOCAL)])
    assert ports[Port("tcp", LOCAL, 21010)][1] == 61010
    require_descriptors(len(ports))
    held = [bind(port) for port in ports]
    assert {one.getsockname()[1] for one in held if one is not None} == set(range(21000, 22000))
    for one in held:
        assert one is not None
        one.close()


def test_more_ports_than_descriptors_are_refused_before_any_is_bound() -> None:
    with pytest.raises(UserError, match="open files"):
        require_descriptors(1 << 40)
