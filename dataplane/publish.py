"""``ports`` become published ports: which endpoint each leads to, which host port it gets where the file leaves that open. Pure.

What the file fixes is claimed before anything is chosen. A collision within the lab is an error in Docker's words; what the host
itself has taken is found when the port is bound, and comes back as `taken`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from dataplane.errors import UserError
from dataplane.gateways import gateway
from dataplane.model import Endpoint, Instance, IPAddress, Network, PortBinding, Published

EPHEMERAL = (32768, 60999)  # net.ipv4.ip_local_port_range as it is by default, and as Docker has it
TRANSFER = (61000, 65535)  # for bindings to different host addresses that share a number
Taken = Collection[tuple[str, int]]


@dataclass(slots=True)
class _Ports:
    """Who has which number of which protocol, at which addresses; and what the host refused."""

    taken: Taken
    owners: dict[tuple[str, int], list[Published]] = field(default_factory=dict)

    def in_the_way(self, wanted: Published) -> Published | None:
        for port in range(wanted.first, wanted.last + 1):
            for other in self.owners.get((wanted.protocol, port), ()):
                if _clash(wanted.host_ip, other.host_ip):
                    return other
        return None

    def claim(self, wanted: Published) -> Published:
        for port in range(wanted.first, wanted.last + 1):
            self.owners.setdefault((wanted.protocol, port), []).append(wanted)
        return wanted


def published(
    instances: Iterable[Instance],
    networks: Mapping[str, Network],
    source: str,
    previous: Iterable[Published] = (),
    taken: Taken = (),
) -> tuple[Published, ...]:
    """In the file's order. Errors: UserError for a port that two want, and where a range has no free one."""
    ports, rows = _Ports(taken), tuple(instances)
    places = {instance.name: f"{source}: services.{instance.service.name}.ports" for instance in rows}
    before = {_key(one): one.first for one in previous if one.chosen}
    drafts = [(draft, binding) for instance in rows for binding, draft in _drafts(instance, networks)]
    found: dict[int, Published] = {}
    for number, (draft, _) in enumerate(drafts):
        if not draft.chosen:
            other = ports.in_the_way(draft)
            if other is not None:
                raise _allocated(draft, other, places[draft.instance])
            found[number] = ports.claim(draft)
    for number, (draft, binding) in enumerate(drafts):
        if draft.chosen:
            found[number] = ports.claim(_chosen(draft, binding, ports, before.get(_key(draft)), places[draft.instance]))
    return tuple(_transferred([found[number] for number in sorted(found)]))


def _drafts(instance: Instance, networks: Mapping[str, Network]) -> Iterator[tuple[PortBinding, Published]]:
    """What an instance publishes, on the networks of its default routes only, and never on an internal one."""
    by_port = {endpoint.port: endpoint for endpoint in instance.endpoints}
    ways: dict[int, Endpoint] = {route.gateway.version: by_port[route.port] for route in instance.routes}
    ways = {version: endpoint for version, endpoint in ways.items() if not networks[endpoint.network].internal}
    for binding in instance.service.ports if ways else ():
        host_ip = binding.host_ip
        if host_ip is None and 4 in ways:
            host_ip = gateway(networks[ways[4].network]).binding
        four, six = _target(ways, networks, host_ip, 4), _target(ways, networks, host_ip, 6)
        draft = Published(
            protocol=binding.protocol,
            first=binding.first,
            last=binding.last,
            instance=instance.name,
            endpoint=ways[min(ways)].port,
            target=binding.target,
            host_ip=host_ip,
            ipv4=four.ipv4 if four else None,
            ipv6=six.ipv6 if six else None,
            opened=tuple(_opened(ways, networks)),
            count=binding.target_last - binding.target + 1,
        )
        if binding.first and binding.last - binding.first == binding.target_last - binding.target:
            yield binding, draft
        else:
            for target in range(binding.target, binding.target_last + 1):
                yield binding, replace(draft, target=target, count=1, chosen=True)


def _target(
    ways: Mapping[int, Endpoint], networks: Mapping[str, Network], host_ip: IPAddress | None, version: int
) -> Endpoint | None:
    """The endpoint that a family's host addresses lead to."""
    endpoint = ways.get(version)
    if endpoint is None or (host_ip is not None and host_ip.version != version):
        return None
    return endpoint if gateway(networks[endpoint.network]).publishes[version] else None


def _opened(ways: Mapping[int, Endpoint], networks: Mapping[str, Network]) -> Iterator[IPAddress]:
    for version, endpoint in ways.items():
        address = endpoint.ipv4 if version == 4 else endpoint.ipv6
        if address is not None and gateway(networks[endpoint.network]).modes[version] == "routed":
            yield address


def _chosen(draft: Published, binding: PortBinding, ports: _Ports, before: int | None, where: str) -> Published:
    """With the first number that is free in the lab and not refused by the host; the one it had before, if it still can."""
    first, last = (binding.first, binding.last) if binding.first else EPHEMERAL
    numbers = range(first, last + 1)
    for port in ([before] if before is not None and before in numbers else []) + list(numbers):
        wanted = replace(draft, first=port, last=port)
        if (draft.protocol, port) not in ports.taken and ports.in_the_way(wanted) is None:
            return wanted
    raise UserError(
        f"all ports are allocated: {first}-{last}/{draft.protocol}",
        where=where,
        mend="publish fewer, or out of a larger range",
    )


def _transferred(rows: list[Published]) -> Iterator[Published]:
    """With the number each has on the uplink: its own, unless another binding has that there already."""
    used = {(row.protocol, port) for row in rows if not _bound(row) for port in range(row.first, row.last + 1)}
    for row in rows:
        start = row.first
        if _bound(row):
            width = row.last - row.first + 1
            starts = (row.first, *range(TRANSFER[0], TRANSFER[1] + 2 - width))
            free = (at for at in starts if not any((row.protocol, port) in used for port in range(at, at + width)))
            start = next(free, 0)
            used |= {(row.protocol, port) for port in range(start, start + width)}
        yield replace(row, transfer=start)


def _bound(row: Published) -> bool:
    return row.host_ip is not None and not row.host_ip.is_unspecified


def _clash(one: IPAddress | None, other: IPAddress | None) -> bool:
    """Two sockets of one number cannot both be bound to these."""
    if one is None or other is None:
        return True
    return one.version == other.version and (one == other or one.is_unspecified or other.is_unspecified)


def _key(row: Published) -> tuple[object, ...]:
    return row.instance, row.protocol, row.target, row.host_ip


def _allocated(wanted: Published, other: Published, where: str) -> UserError:
    address = "0.0.0.0" if wanted.host_ip is None else f"[{wanted.host_ip}]" if wanted.host_ip.version == 6 else wanted.host_ip
    port = next(port for port in range(wanted.first, wanted.last + 1) if other.first <= port <= other.last)
    return UserError(
        f"driver failed programming external connectivity on endpoint {wanted.instance}: "
        f"Bind for {address}:{port} failed: port is already allocated",
        where=where,
        mend=f"{other.instance} has it: publish another port, or one of a range: {port}-{min(port + 10, 65535)}:{wanted.target}",
    )
