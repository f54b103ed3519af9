"""Records in the shapes of ``model``, which drivers, gateways and published ports know. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from dataplane.desired.kinds import network_of
from dataplane.desired.records import ContainerRecord, EndpointRecord, NetworkRecord
from dataplane.gateways import MODE, default_routes
from dataplane.macs import gateway_mac
from dataplane.model import Instance, Network, PortBinding, Service

MODES = ("host", "none")


def plan_network(record: NetworkRecord) -> Network:
    """Decided, with the MAC of its gateway, and known by its name. Docker's gateways translate IPv6 too where nothing is said
    (a lab's route it: gateways.md)."""
    network = network_of(record)
    if record.driver != "bridge":
        return network
    return replace(network, gateway_mac=gateway_mac(network), options=MappingProxyType({MODE[6]: "nat", **network.options}))


def plan_instance(record: ContainerRecord, endpoints: Iterable[EndpointRecord], networks: Mapping[str, Network]) -> Instance:
    """The container as an instance: known by its short id. `networks`: by id."""
    rows = tuple(
        replace(one.endpoint, instance=record.short, network=networks[one.network].key)
        for one in endpoints
        if one.network in networks
    )
    by_key = {networks[one.network].key: networks[one.network] for one in endpoints if one.network in networks}
    return Instance(name=record.short, service=_service(record), index=1, endpoints=rows, routes=default_routes(rows, by_key))


def _service(record: ContainerRecord) -> Service:
    mode = record.network_mode
    if mode.startswith("container:"):
        mode = f"container:{mode.removeprefix('container:')[:12]}"
    return Service(
        name=record.name,
        network_mode=mode if mode in MODES or mode.startswith("container:") else "",
        process=record.process,
        hostname=record.hostname or None,
        extra_hosts=record.extra_hosts,
        sysctls=record.sysctls,
        expose=record.expose,
        dns=record.dns,
        dns_search=record.dns_search,
        dns_opt=record.dns_opt,
        labels=record.labels,
        restart=record.restart,
        healthcheck=record.healthcheck,
        ports=bindings(record),
    )


def bindings(record: ContainerRecord) -> tuple[PortBinding, ...]:
    """What it publishes: that which is written, and with `-P` each exposed port that is not."""
    if not record.publish_all:
        return record.ports
    written = {(one.protocol, port) for one in record.ports for port in range(one.target, one.target_last + 1)}
    more = [
        PortBinding(target=port, target_last=port, protocol=protocol)
        for protocol, port in exposed(record)
        if (protocol, port) not in written
    ]
    return (*record.ports, *more)


def exposed(record: ContainerRecord) -> tuple[tuple[str, int], ...]:
    """(protocol, port) of `--expose`: ``80``, ``80/tcp``, ``8000-8010/udp``. Docker's order: by number, tcp before udp."""
    found = set()
    for text in record.expose:
        ports, _, protocol = text.partition("/")
        first, _, last = ports.partition("-")
        found |= {(protocol or "tcp", port) for port in range(int(first), int(last or first) + 1)}
    return tuple(sorted(found, key=lambda one: (one[1], one[0])))
