"""Small states for tests of names: containers and endpoints in a word each."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from ipaddress import ip_address, ip_network

from dataplane.desired.records import RUNNING, ContainerRecord, EndpointRecord, Fate, NetworkRecord, State
from dataplane.model import Attachment, Endpoint, Pool


def ident(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def network(name: str, subnet: str = "", **more: object) -> NetworkRecord:
    pools = ()
    if subnet:
        net = ip_network(subnet)
        pools = (Pool(subnet=net, gateway=net[1]),)
    return NetworkRecord(id=ident(f"network {name}"), name=name, created=1, pools=pools, **more)  # type: ignore[arg-type]


def state(*networks: NetworkRecord) -> State:
    return State(networks={one.id: one for one in networks})


def container(name: str, **more: object) -> ContainerRecord:
    return ContainerRecord(id=ident(f"container {name}"), name=name, created=1, fate=Fate(state=RUNNING), **more)  # type: ignore[arg-type]


def add(
    before: State,
    record: ContainerRecord,
    joined: dict[str, Iterable[str]],
    *,
    aliases: dict[str, tuple[str, ...]] | None = None,
    priority: dict[str, int] | None = None,
    links: dict[str, tuple[tuple[str, str], ...]] | None = None,
) -> State:
    """``record`` on networks by name, with its addresses there."""
    by_name = {one.name: one for one in before.networks.values()}
    attachments, endpoints = {}, dict(before.endpoints)
    for order, (name, addresses) in enumerate(joined.items()):
        net = by_name[name]
        found = [ip_address(text) for text in addresses]
        extra = (aliases or {}).get(name, ())
        attachments[net.id] = Attachment(network=net.id, aliases=extra, links=(links or {}).get(name, ()))
        names = dict.fromkeys((record.name, *extra, record.short, *([record.hostname] if record.hostname else [])))
        endpoints[record.id, net.id] = EndpointRecord(
            id=ident(f"{record.name} on {name}"),
            network=net.id,
            container=record.id,
            endpoint=Endpoint(
                port=f"{record.name}.{name}",
                instance=record.id,
                network=net.id,
                interface=f"eth{order}",
                mac="02:42:00:00:00:01",
                ipv4=next((a for a in found if a.version == 4), None),
                ipv6=next((a for a in found if a.version == 6), None),
                gw_priority=(priority or {}).get(name, 0),
            ),
            names=tuple(names),
            order=order,
        )
    record = replace(record, attachments=attachments)
    return replace(before, containers={**before.containers, record.id: record}, endpoints=endpoints)


def three_tiers() -> State:
    """web on front, api on front and back, db on back alone; two workers called worker on back; idle, stopped, on back."""
    made = state(network("front", "172.18.0.0/16"), network("back", "172.19.0.0/16"), network("bridge", "172.17.0.0/16"))
    made = add(made, container("web", hostname="www"), {"front": ["172.18.0.2"]}, aliases={"front": ("site",)})
    made = add(made, container("api"), {"front": ["172.18.0.3"], "back": ["172.19.0.2"]}, aliases={"back": ("Inner.Api",)})
    made = add(made, container("db"), {"back": ["172.19.0.3", "fd00::3"]})
    for number in (1, 2, 3):
        made = add(made, container(f"worker-{number}"), {"back": [f"172.19.0.1{number}"]}, aliases={"back": ("worker",)})
    return made
