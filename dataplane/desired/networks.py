"""Networks: the three that a fresh daemon has; made, removed, pruned. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from types import MappingProxyType

from dataplane.desired import kinds, pools, templates
from dataplane.desired.changing import with_network, without
from dataplane.desired.records import PREDEFINED, NetworkRecord, State
from dataplane.desired.references import members
from dataplane.desired.refused import Refused
from dataplane.desired.surroundings import Surroundings
from dataplane.desired.ways import with_way_out
from dataplane.desired.wishes import NetworkWish
from dataplane.model import IPNetwork, Options, Pool
from dataplane.options import FALSE, TRUE

DEFAULT = "bridge"
"""The network of containers that name none. Its rules are special: no names, no aliases, no addresses of one's choice."""
DEFAULT_OPTIONS: Options = MappingProxyType(
    {
        "com.docker.network.bridge.default_bridge": "true",
        "com.docker.network.bridge.enable_icc": "true",
        "com.docker.network.bridge.enable_ip_masquerade": "true",
        "com.docker.network.bridge.host_binding_ipv4": "0.0.0.0",
        "com.docker.network.bridge.name": "docker0",
        "com.docker.network.driver.mtu": "1500",
    }
)
ENABLE = {4: "com.docker.network.enable_ipv4", 6: "com.docker.network.enable_ipv6"}


def fresh(around: Surroundings, *, ids: Sequence[str], now: int) -> State:
    """What a daemon has that starts for the first time. `ids`: three. Refused 500: no subnet is free."""
    state = State()
    drivers = ("bridge", "host", "null")
    for name, driver, key in zip(PREDEFINED, drivers, ids, strict=True):
        record = NetworkRecord(id=key, name=name, created=now, driver=driver)
        if driver == "bridge":
            found = pools.decided((), {4: True, 6: False}, (), around)
            record = replace(record, pools=(pools.with_gateway(found[0], wanted=True),), options=DEFAULT_OPTIONS)
        state = with_network(state, record)
    return state


def is_default(record: NetworkRecord) -> bool:
    """It is the default bridge, whose rules are special."""
    return record.name == DEFAULT


def operstate(state: State, network_id: str) -> str:
    """Of a network's bridge, as the kernel has it (RFC 2863): UP while an endpoint is on it, else DOWN."""
    return "UP" if next(members(state, network_id), None) is not None else "DOWN"


def create(state: State, wish: NetworkWish, around: Surroundings, *, id: str, now: int) -> tuple[State, str]:
    """With the network, and a warning or "". `id`: 64 hexadecimal digits that nobody has. Refused in Docker's words."""
    name, driver = wish.name, wish.driver or "bridge"
    _require_name(name)
    if wish.config_only or wish.config_from:
        templates.require_alone(wish)
    if wish.config_from:
        wish = templates.filled(state, wish)
    families = _families(wish)
    written = pools.read(wish.pools, ipv6=families[6])
    _require_new(state, name)
    record = NetworkRecord(
        id=id,
        name=name,
        created=now,
        driver=driver,
        internal=wish.internal,
        attachable=wish.attachable,
        enable_ipv4=families[4],
        enable_ipv6=families[6],
        config_only=wish.config_only,
        config_from=wish.config_from,
        pools=written,
        ipam_driver=wish.ipam_driver or "default",
        ipam_options=wish.ipam_options,
        options=wish.options,
        labels=wish.labels,
    )
    if wish.config_only:
        return with_network(state, replace(record, driver="null")), ""
    kinds.require_driver(driver, around)
    _require_local(wish)
    record = _addressed(state, record, written, families, around)
    kinds.require_possible(state, record, around)
    warning = "; ".join([*pools.warnings(record.pools, around, joined=kinds.joined(record)), *_unused(wish, families)])
    made = with_network(state, record)
    return with_way_out(made, around) if made.uplinks else made, warning


def remove(state: State, network_id: str) -> State:
    """Without it; containers that are stopped forget it. Refused 403: it is one of the three, or in use."""
    record = state.networks[network_id]
    if record.predefined:
        raise Refused(403, f"{record.name} is a pre-defined network and cannot be removed")
    held = _in_use(state, record)
    if held:
        raise Refused(403, f"error while removing network: {held}")
    containers = {
        key: replace(one, attachments=without(one.attachments, network_id)) if network_id in one.attachments else one
        for key, one in state.containers.items()
    }
    changed = any(one is not state.containers[key] for key, one in containers.items())
    return replace(
        state,
        networks=without(state.networks, network_id),
        containers=MappingProxyType(containers) if changed else state.containers,
    )


def prune(state: State, chosen: Callable[[NetworkRecord], bool]) -> tuple[State, list[str]]:
    """Without those that have no endpoint, are not one of the three, and are ``chosen``; their names."""
    names = []
    for record in list(state.networks.values()):
        if record.predefined or not chosen(record) or _in_use(state, record):
            continue
        state = remove(state, record.id)
        names.append(record.name)
    return state, names


def _in_use(state: State, record: NetworkRecord) -> str:
    """Docker's words for who holds it, "" for nobody."""
    found = [f'name:"{state.containers[one.container].name}" id:"{one.container[:12]}"' for one in members(state, record.id)]
    if found:
        return f"network {record.name} has active endpoints ({', '.join(found)})"
    if record.config_only and any(one.config_from == record.name for one in state.networks.values()):
        return f'configuration network "{record.name}" is in use'
    return ""


def _require_name(name: str) -> None:
    if not name.strip():
        raise Refused(400, "invalid network name: name is empty", mend="give it a name")
    if name in PREDEFINED or name == "default" or name.startswith("container:"):
        raise Refused(403, f"operation is not permitted on predefined {name} network", mend="choose another name")


def _require_new(state: State, name: str) -> None:
    if any(one.name == name for one in state.networks.values()):
        raise Refused(409, f"network with name {name} already exists", mend=f"choose another name, or remove it: network rm {name}")


def _families(wish: NetworkWish) -> dict[int, bool]:
    """By IP version, whether the network has it: as said, else as an option says, else Docker's defaults."""
    found = {4: wish.enable_ipv4, 6: wish.enable_ipv6}
    for version, default in ((4, True), (6, False)):
        text = wish.options.get(ENABLE[version])
        if found[version] is None and text is not None and text not in TRUE | FALSE:
            raise Refused(400, f'driver-opt "{ENABLE[version]}" is not a valid bool', mend="write true or false")
        if found[version] is None:
            found[version] = default if text is None else text in TRUE
    return {version: bool(value) for version, value in found.items()}


def _require_local(wish: NetworkWish) -> None:
    """Nothing here spans a swarm."""
    if wish.ingress:
        raise Refused(403, "Ingress network can only be global scope network", mend="leave ingress out: there is no swarm here")
    if wish.scope == "swarm":
        raise Refused(403, "cannot create a swarm scoped network when swarm is not active", mend="leave the scope out")
    if wish.scope not in {"", "local"}:
        raise Refused(400, f"invalid network scope: {wish.scope}", mend="leave the scope out")


def _addressed(
    state: State, record: NetworkRecord, written: Sequence[Pool], families: dict[int, bool], around: Surroundings
) -> NetworkRecord:
    if record.driver == "bridge" and not any(families.values()):
        raise Refused(400, "IPv4 or IPv6 must be enabled", mend="leave --ipv4=false out, or add --ipv6")
    if record.ipam_driver == "null":
        return _unaddressed(record, written, families)
    if record.ipam_driver != "default":
        raise Refused(404, f'plugin "{record.ipam_driver}" not found', mend="the IPAM drivers are default and null")
    taken: list[IPNetwork] = [pool.subnet for one in state.networks.values() if not one.config_only for pool in one.pools]
    found = pools.decided(tuple(written), families, taken, around)
    return replace(
        record, pools=tuple(pools.with_gateway(pool, wanted=kinds.has_gateway(record, pool.subnet.version)) for pool in found)
    )


def _unaddressed(record: NetworkRecord, written: Sequence[Pool], families: dict[int, bool]) -> NetworkRecord:
    """Its endpoints have no addresses of ours. Docker: none but its layer 2 drivers do without, and those without IPv4 only."""
    if written:
        raise Refused(400, "null ipam driver does not handle specific address pool requests", mend="leave the subnet out")
    if families[6]:
        raise Refused(400, "null ipam driver does not handle IPv6 address pool pool requests", mend="leave --ipv6 out")
    if families[4]:
        raise Refused(400, "ipv4 pool is empty", mend="add --ipv4=false")
    return record


def _unused(wish: NetworkWish, families: dict[int, bool]) -> list[str]:
    """A sentence for each subnet of a family that the network does not have."""
    return [
        f"the subnet {one.subnet} is not used: the network has no IPv{version}"
        for one in wish.pools
        for version in [6 if ":" in one.subnet else 4]
        if one.subnet and not families[version]
    ]
