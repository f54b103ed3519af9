"""A daemon's state, changed by a word each: every call is one of ``dataplane.desired``'s functions, and the state is kept."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest

from dataplane.desired import connecting, containers, fates, networks, planning, ports, references
from dataplane.desired.records import ContainerRecord, Fate, State
from dataplane.desired.refused import Refused
from dataplane.desired.surroundings import Surroundings
from dataplane.desired.ways import with_way_out
from dataplane.desired.wishes import ContainerWish, EndpointWish, NetworkWish, PoolWish
from dataplane.model import Plan, PortBinding

PRIORITY = "com.docker.network.bridge"


def key(text: str) -> str:
    """An id that is always the same for the same text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def around(*routes: str, **more) -> Surroundings:
    """The host, with routes as `192.0.2.0/24` or `eth0 192.0.2.0/24`."""
    split = [route.rpartition(" ") for route in routes]
    return Surroundings(routes=tuple((name or "eth0", ip_network(net)) for name, _, net in split), **more)


def bind(target, first=0, last=0, ip=None, protocol="tcp", to=0) -> PortBinding:
    return PortBinding(
        target=target,
        target_last=to or target,
        first=first,
        last=last or first,
        host_ip=ip_address(ip) if ip else None,
        protocol=protocol,
    )


def endpoint(ip="", ip6="", **more) -> EndpointWish:
    return EndpointWish(ipv4=ip_address(ip) if ip else None, ipv6=ip_address(ip6) if ip6 else None, **more)


class World:
    """``state`` is the last one. `references` are names; `now` counts up."""

    def __init__(self, surroundings: Surroundings | None = None, *, out: bool = True) -> None:
        self.around = surroundings or Surroundings()
        self.now = 1
        self.state: State = networks.fresh(self.around, ids=[key(name) for name in ("bridge", "host", "none")], now=0)
        if out:
            self.state = with_way_out(self.state, self.around)
        self.warning = ""
        self.warnings: list[str] = []

    def _tick(self) -> int:
        self.now += 1
        return self.now

    def net(self, name: str, *subnets: str | PoolWish, **wish):
        """`network create`; a subnet may be a PoolWish."""
        pools = tuple(one if isinstance(one, PoolWish) else PoolWish(subnet=one) for one in subnets)
        self.state, self.warning = networks.create(
            self.state, NetworkWish(name=name, pools=pools, **wish), self.around, id=key(f"net {name} {self._tick()}"), now=self.now
        )
        return self.network(name)

    def network(self, name: str):
        return references.network(self.state, name)

    def container(self, name: str):
        return references.container(self.state, name)

    def create(self, name: str, mode: str = "", nets=None, links=(), **record):
        """`container create`."""
        wish = ContainerWish(
            record=ContainerRecord(id="", name="", created=0, **record),
            name=name,
            network_mode=mode,
            networks=nets or {},
            links=tuple(links),
        )
        self.state, made, self.warnings = containers.create(
            self.state, wish, id=key(f"container {name} {self._tick()}"), now=self.now
        )
        return made

    def run(self, name: str, mode: str = "", nets=None, taken=(), **record):
        """`container create` and start."""
        made = self.create(name, mode, nets, **record)
        self.start(made.id, taken)
        return self.state.containers[made.id]

    def start(self, reference: str, taken=()) -> None:
        self.state = fates.started(self.state, self.container(reference).id, now=self._tick(), taken=taken)

    def stop(self, reference: str, state: str = "exited") -> None:
        record = self.container(reference)
        self.state = fates.ended(self.state, record.id, replace(record.fate, state=state, finished=self._tick()))

    def remove(self, reference: str) -> None:
        self.state = containers.remove(self.state, self.container(reference).id)

    def rename(self, reference: str, name: str) -> None:
        self.state = containers.rename(self.state, self.container(reference).id, name)

    def connect(self, net: str, reference: str, wish: EndpointWish | None = None) -> None:
        self.state = connecting.connect(
            self.state, self.network(net).id, self.container(reference).id, wish or EndpointWish(), now=self._tick()
        )

    def disconnect(self, net: str, reference: str, force: bool = False) -> None:
        self.state = connecting.disconnect(self.state, self.network(net).id, self.container(reference).id, force=force)

    def rm(self, net: str) -> None:
        """`network rm`."""
        self.state = networks.remove(self.state, self.network(net).id)

    def prune(self, chosen=lambda _: True) -> list[str]:
        self.state, names = networks.prune(self.state, chosen)
        return names

    def at(self, reference: str, net: str):
        """The endpoint of a container on a network."""
        return self.state.endpoints[self.container(reference).id, self.network(net).id]

    def ip(self, reference: str, net: str = "bridge") -> str:
        return str(self.at(reference, net).endpoint.ipv4)

    def ports(self, reference: str) -> list[tuple]:
        """(endpoint's port, host's address, first, last, target) of what a container publishes."""
        rows = self.state.published.get(self.container(reference).id, ())
        return [(one.endpoint, str(one.host_ip or "*"), one.first, one.last, one.target) for one in rows]

    def interfaces(self, reference: str) -> list[str]:
        return [one.endpoint.interface for one in references.endpoints_of(self.state, self.container(reference).id)]

    def plan(self) -> Plan:
        return planning.plan_of(self.state)

    def routes(self, reference: str) -> list[tuple[str, str]]:
        """(interface, gateway) of a container's default routes."""
        return [(one.interface, str(one.gateway)) for one in self.plan().instances[self.container(reference).short].routes]


def refuses(http: int, words: str, call, *arguments, **more) -> Refused:
    """The call is refused with this status and exactly these words."""
    with pytest.raises(Refused) as caught:
        call(*arguments, **more)
    assert (caught.value.http, caught.value.what) == (http, words)
    return caught.value


__all__ = ["Fate", "World", "around", "bind", "endpoint", "key", "ports", "refuses"]
