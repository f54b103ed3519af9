"""``ports`` become published ports: which endpoint each leads to, which host port it gets where the file leaves that open. Pure.

What the file fixes is claimed before anything is chosen. A collision within the lab is an error in Docker's words; what the host
itself has taken is found when the port is bound, and comes back as `taken`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain

from dataplane.errors import UserError
from dataplane.gateways import Gateway, gateway, leads_out
from dataplane.model import Endpoint, Instance, IPAddress, Network, PortBinding, Published
from dataplane.uplink import Uplink, uplink_port

EPHEMERAL = (32768, 60999)  # net.ipv4.ip_local_port_range as it is by default, and as Docker has it
TRANSFER = (61000, 65535)  # for bindings to different host addresses that share a number
Taken = Collection[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class _Way:
    """A default route of an instance: through this endpoint, whose network's gateway is that."""

    endpoint: Endpoint
    gateway: Gateway
    version: int

    @property
    def address(self) -> IPAddress | None:
        """The endpoint's address of the route's family."""
        return self.endpoint.ipv4 if self.version == 4 else self.endpoint.ipv6


@dataclass(slots=True)
class _Ports:
    """Who has which number of which protocol, at which addresses; and what the host refused.

    `cursors`: where the search for a free one goes on, since numbers are never given back."""

    taken: Taken
    uplinks: Mapping[str, Uplink]
    owners: dict[tuple[object, ...], list[Published]] = field(default_factory=dict)
    cursors: dict[tuple[object, ...], int] = field(default_factory=dict)

    def in_the_way(self, wanted: Published) -> Published | None:
        for port in range(wanted.first, wanted.last + 1):
            for other in self.owners.get((self._world(wanted), wanted.protocol, port), ()):
                if _clash(wanted.host_ip, other.host_ip):
                    return other
        return None

    def claim(self, wanted: Published) -> Published:
        for port in range(wanted.first, wanted.last + 1):
            self.owners.setdefault((self._world(wanted), wanted.protocol, port), []).append(wanted)
        return wanted

    def _world(self, wanted: Published) -> object:
        """Where its numbers are taken: on a host, which may have several uplinks; else at its uplink's own addresses."""
        uplink = self.uplinks.get(wanted.uplink)
        return (uplink.netns,) if uplink is not None and uplink.kind == "tap" else wanted.uplink


def published(
    instances: Iterable[Instance],
    networks: Mapping[str, Network],
    uplinks: Mapping[str, Uplink],
    source: str,
    *,
    previous: Iterable[Published] = (),
    taken: Taken = (),
    others: Iterable[Published] = (),
) -> tuple[Published, ...]:
    """In the file's order. `others`: what is published besides, and stays as it is. Errors: UserError for a port that two want, and
    where a range has no free one."""
    ports, rows, others = _Ports(taken, uplinks), tuple(instances), tuple(others)
    for one in others:
        ports.claim(one)
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
    return tuple(_transferred([found[number] for number in sorted(found)], others))


def _drafts(instance: Instance, networks: Mapping[str, Network]) -> Iterator[tuple[PortBinding, Published]]:
    """What an instance publishes, on the networks of its default routes only, and never on an internal one."""
    by_port = {endpoint.port: endpoint for endpoint in instance.endpoints}
    ways = [
        _Way(by_port[route.port], gateway(networks[by_port[route.port].network]), route.gateway.version)
        for route in instance.routes
        if leads_out(networks[by_port[route.port].network])
    ]
    for binding in instance.service.ports if ways else ():
        host_ip = binding.host_ip
        if host_ip is None and ways[0].version == 4:
            host_ip = ways[0].gateway.binding
        # By one uplink: what another leads to is not reached where this one is.
        by = _uplink(ways[0], networks)
        ways = [way for way in ways if _uplink(way, networks) == by]
        targets = _targets(ways, host_ip)
        draft = Published(
            protocol=binding.protocol,
            first=binding.first,
            last=binding.last,
            instance=instance.name,
            endpoint=ways[0].endpoint.port,
            target=binding.target,
            host_ip=host_ip,
            ipv4=ways[0].endpoint.ipv4 if 4 in targets else None,
            ipv6=ways[-1].endpoint.ipv6 if 6 in targets else None,
            opened=tuple(_opened(ways, host_ip)),
            count=binding.target_last - binding.target + 1,
            uplink=by,
        )
        if binding.first and binding.last - binding.first == binding.target_last - binding.target:
            yield binding, draft
        else:
            for target in range(binding.target, binding.target_last + 1):
                yield binding, replace(draft, target=target, count=1, chosen=True)


def _targets(ways: list[_Way], host_ip: IPAddress | None) -> set[int]:
    """The families that are translated to. An address of the host that is of a family which the instance does not have leads to the
    other one: what comes there is relayed, as Docker's proxy does."""
    publish = {way.version for way in ways if way.gateway.publishes[way.version]}
    if host_ip is None or host_ip.version in {way.version for way in ways}:
        return {version for version in publish if _meets(host_ip, version)}
    return publish


def _uplink(way: _Way, networks: Mapping[str, Network]) -> str:
    network = networks[way.endpoint.network]
    return uplink_port(network.key if network.uplink is not None else "")


def _meets(host_ip: IPAddress | None, version: int) -> bool:
    return host_ip is None or host_ip.version == version


def _opened(ways: list[_Way], host_ip: IPAddress | None) -> Iterator[IPAddress]:
    """Where the network is routed; not for what is bound to the other family, or for this machine alone."""
    for way in ways:
        meant = _meets(host_ip, way.version) and not (host_ip is not None and host_ip.is_loopback)
        if meant and way.address is not None and way.gateway.modes[way.version] == "routed":
            yield way.address


def _chosen(draft: Published, binding: PortBinding, ports: _Ports, before: int | None, where: str) -> Published:
    """With the first number that is free in the lab and not refused by the host; the one it had before, if it still can."""
    first, last = (binding.first, binding.last) if binding.first else EPHEMERAL
    search = (draft.uplink, draft.protocol, draft.host_ip, first, last)
    begin = ports.cursors.get(search, first)
    for port in chain([before] if before is not None and first <= before <= last else [], range(begin, last + 1)):
        wanted = replace(draft, first=port, last=port)
        if (draft.protocol, port) not in ports.taken and ports.in_the_way(wanted) is None:
            if port != before:
                ports.cursors[search] = port + 1
            return wanted
    raise UserError(
        f"all ports are allocated: {first}-{last}/{draft.protocol}",
        where=where,
        mend="publish fewer, or out of a larger range",
    )


def apart(rows: Iterable[Published]) -> tuple[Published, ...]:
    """The same, each with a number on the uplink that no other has: for rows that were not published together."""
    return tuple(_transferred(list(rows), ()))


def _transferred(rows: list[Published], others: tuple[Published, ...]) -> Iterator[Published]:
    """With the number each has on the uplink: its own, unless another binding has that there already."""
    used = {(row.uplink, row.protocol, port) for row in rows if not _bound(row) for port in range(row.first, row.last + 1)}
    for row in others:
        start = row.transfer or row.first
        used |= {(row.uplink, row.protocol, port) for port in range(start, start + row.last - row.first + 1)}
    for row in rows:
        start = row.first
        if _bound(row):
            width = row.last - row.first + 1
            starts = (row.first, *range(TRANSFER[0], TRANSFER[1] + 2 - width))
            free = (at for at in starts if not any((row.uplink, row.protocol, port) in used for port in range(at, at + width)))
            start = next(free, 0)
            used |= {(row.uplink, row.protocol, port) for port in range(start, start + width)}
        yield replace(row, transfer=start)


def _bound(row: Published) -> bool:
    """To one of the host's addresses; or to all of a family that is not the target's, which only the host hands on."""
    if row.host_ip is None:
        return False
    other = row.ipv4 is None if row.host_ip.version == 4 else row.ipv6 is None
    return not row.host_ip.is_unspecified or (other and not row.opened)


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
