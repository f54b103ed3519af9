"""A daemon begins with what the host has now: the rest is left out, and said."""

from __future__ import annotations

import asyncio
from types import MappingProxyType

import pytest

from dataplane.daemon.hostside import PortTakenError
from dataplane.daemon.resuming import possible
from dataplane.desired.records import ContainerRecord, EndpointRecord, NetworkRecord, State
from dataplane.desired.refused import Refused
from dataplane.model import Endpoint, Published


def state() -> State:
    """Two containers with a port each, on a bridge, on a macvlan and on an overlay."""
    drivers = {"b": "bridge", "m": "macvlan", "o": "overlay"}
    networks = {key: NetworkRecord(id=key, name=f"net-{key}", created=1, driver=driver) for key, driver in drivers.items()}
    containers = {key: ContainerRecord(id=key, name=f"con-{key}", created=1) for key in ("x", "y")}
    endpoints = {
        (container, network): EndpointRecord(
            id="e",
            network=network,
            container=container,
            endpoint=Endpoint(port=f"{container}.{network}", instance=container, network=network, interface="eth0", mac=""),
        )
        for container in containers
        for network in networks
    }
    row = Published(protocol="tcp", first=1, last=1, instance="x", endpoint="x.b", target=1)
    return State(
        networks=MappingProxyType(networks),
        containers=MappingProxyType(containers),
        endpoints=MappingProxyType(endpoints),
        published=MappingProxyType(dict.fromkeys(containers, (row,))),
    )


def begun(missing: set[str], taken: set[str]) -> tuple[State, list[str], list[State]]:
    """With these networks impossible, and the ports of these containers another's."""
    said: list[str] = []
    claimed: list[State] = []

    async def plan(wanted: State) -> str:
        for _, network in wanted.endpoints:
            if network in missing:
                raise Refused(400, f"{network} is gone")
        return "planned"

    def claim(_planned: str, wanted: State) -> None:
        for container in wanted.published:
            if container in taken:
                raise PortTakenError("port taken", "", ("tcp", 1), chosen=False, container=container)
        claimed.append(wanted)

    found, planned = asyncio.run(possible(state(), plan, claim, said.append))
    assert planned == "planned"
    return found, said, claimed


def test_where_nothing_is_amiss_nothing_is_left_out() -> None:
    """And ports are claimed once."""
    found, said, claimed = begun(set(), set())
    assert found == state()
    assert said == []
    assert claimed == [found]


def test_a_port_of_others_costs_that_container_its_ports() -> None:
    """The other keeps its own; both run."""
    found, said, claimed = begun(set(), {"x"})
    assert set(found.published) == {"y"}
    assert found.endpoints == state().endpoints
    assert len(said) == 1
    assert "con-x is not published: port taken" in said[0]
    assert claimed == [found]


@pytest.mark.parametrize("missing", [{"m"}, {"o"}, {"m", "o"}])
def test_a_network_whose_ground_is_gone_costs_its_endpoints(missing: set[str]) -> None:
    """No other, and no more than that."""
    found, said, claimed = begun(missing, {"y"})
    assert {network for _, network in found.endpoints} == {"b", "m", "o"} - missing
    assert set(found.containers) == {"x", "y"}
    assert set(found.published) == {"x"}
    assert len(said) == 2
    assert claimed == [found]


def test_what_is_not_the_hosts_fault_is_an_error() -> None:
    """A bridge that cannot be is no reason to go on without it."""
    with pytest.raises(Refused, match="b is gone"):
        begun({"b"}, set())
