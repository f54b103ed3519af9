"""Published ports of a running lab: claimed, kept or given back, and Docker's words when one is taken."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Callable
from contextlib import closing
from ipaddress import IPv4Interface, ip_address

import pytest

from dataplane.errors import UserError
from dataplane.hostnet.rules import HostRules, Way
from dataplane.hostnet.sockets import Port, RefusedError
from dataplane.live import ports as ports_module
from dataplane.live.ports import HeldPorts, explained
from dataplane.model import Plan, Published, Topology


def rules(*ways: Way) -> HostRules:
    return HostRules(lab="t", tap="dp-t", router4=IPv4Interface("127.0.0.1/8"), ways=ways)


def way(first: int, last: int = 0, at: str = "127.0.0.1", protocol: str = "tcp") -> Way:
    host_ip = ip_address(at) if at else None
    return Way(protocol=protocol, first=first, last=last or first, transfer=first, host_ip=host_ip)


def taken(number: int, address: str = "127.0.0.1") -> bool:
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, number))
            probe.listen()
        except OSError:
            return True
        return False


@pytest.fixture
def number() -> int:
    """The first of ten free ports, below those that others are given by chance (net.ipv4.ip_local_port_range)."""
    while True:
        first = random.randrange(23_000, 32_000)
        if not any(taken(first + n) for n in range(10)):
            return first


def with_ports(work: Callable[[HeldPorts], None]) -> None:
    async def within() -> None:
        held = HeldPorts("t")
        try:
            work(held)
        finally:
            await held.close()

    asyncio.run(within())


def test_what_is_claimed_and_kept_is_held_until_the_plan_leaves_it_out(number: int) -> None:
    def work(held: HeldPorts) -> None:
        held.claim(rules(way(number), way(number + 1)), None)
        held.keep(rules(way(number), way(number + 1)))
        assert taken(number)
        assert taken(number + 1)
        held.claim(rules(way(number + 1)), None)
        assert taken(number), "until the change is made"
        held.keep(rules(way(number + 1)))
        assert not taken(number)
        assert taken(number + 1)

    with_ports(work)
    assert not taken(number + 1)


def test_what_is_given_back_leaves_all_as_it_was(number: int) -> None:
    def work(held: HeldPorts) -> None:
        held.claim(rules(way(number)), None)
        held.keep(rules(way(number)))
        held.claim(rules(way(number + 1)), None)
        held.give_back(None)
        assert taken(number)
        assert not taken(number + 1)

    with_ports(work)


def test_one_that_is_taken_leaves_nothing_of_the_others(number: int) -> None:
    def work(held: HeldPorts) -> None:
        with closing(socket.create_server(("127.0.0.1", number + 5))):
            with pytest.raises(RefusedError) as refused:
                held.claim(rules(way(number, number + 9)), None)
            assert refused.value.port.number == number + 5
        assert held.ports == ()
        assert not taken(number)

    with_ports(work)


def test_a_port_moves_to_another_address_though_the_old_one_covers_it(number: int) -> None:
    """Ours must not be in our own way; and if the move fails it is back."""

    def work(held: HeldPorts) -> None:
        every, one = rules(way(number, at="")), rules(way(number))
        held.claim(every, None)
        held.keep(every)
        held.claim(one, None)
        held.keep(one)
        assert taken(number)
        assert not taken(number, "127.0.0.2")
        with closing(socket.create_server(("127.0.0.2", number))), pytest.raises(RefusedError):
            held.claim(every, None)
        assert taken(number)
        assert not taken(number, "127.0.0.2")

    with_ports(work)


def plan() -> Plan:
    topology = Topology(name="t", folder="/", source="t", networks={}, services={})
    one = Published(protocol="tcp", first=8080, last=8089, instance="web", endpoint="web.front", target=80, transfer=8080)
    return Plan(name="t", topology=topology, networks={}, instances={}, published=(one,))


@pytest.mark.parametrize(
    ("port", "number", "words"),
    [
        (Port("tcp", ip_address("0.0.0.0"), 8081), 98, "failed to bind host port 0.0.0.0:8081/tcp: address already in use"),
        (Port("tcp", ip_address("::"), 8081), 98, "failed to bind host port [::]:8081/tcp: address already in use"),
        (
            Port("tcp", ip_address("192.0.2.7"), 8080),
            99,
            "failed to bind host port 192.0.2.7:8080/tcp: cannot assign requested address",
        ),
    ],
)
def test_a_failing_bind_is_dockers_text(monkeypatch: pytest.MonkeyPatch, port: Port, number: int, words: str) -> None:
    monkeypatch.setattr(ports_module, "other_labs", lambda _lab: [])
    error = explained("t", RefusedError(port, number), plan(), 1)
    assert isinstance(error, UserError)
    assert error.what == f"driver failed programming external connectivity on endpoint web: {words}"
    assert error.mend


def test_a_port_of_another_lab_is_allocated_already(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports_module.record, "owner", lambda _folders, _port, _inode: "shop")
    monkeypatch.setattr(ports_module, "other_labs", lambda _lab: [])
    error = explained("t", RefusedError(Port("tcp", ip_address("0.0.0.0"), 8080), 98), plan(), 1)
    assert error.what.endswith("endpoint web: Bind for 0.0.0.0:8080 failed: port is already allocated")
    assert "lab shop publishes it" in error.mend
