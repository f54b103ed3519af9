"""A container's networks as Docker's EndpointSettings."""

from __future__ import annotations

from collections.abc import Mapping

from dataplane.api.shown_network import endpoint_id, pool_of
from dataplane.api.versions import Version
from dataplane.desired.records import ContainerRecord, EndpointRecord, NetworkRecord, State
from dataplane.model import Attachment, IPAddress


def networks_of(state: State, container: ContainerRecord, version: Version) -> dict[str, dict[str, object]]:
    """By the network's name, a to z as Docker's objects are. `host` and `none` are networks too, with nothing in them."""
    found = {}
    for number, attachment in container.attachments.items():
        network = state.networks.get(number)
        if network is not None:
            found[network.name] = _settings(container, network, attachment, state.endpoints.get((container.id, number)), version)
    if container.network_mode in {"host", "none"}:
        network = next((one for one in state.networks.values() if one.name == container.network_mode), None)
        if network is not None:
            found.setdefault(network.name, _settings(container, network, Attachment(network=network.id), None, version))
            found[network.name]["EndpointID"] = endpoint_id(container, network) if container.alive else ""
    return dict(sorted(found.items()))


def _settings(
    container: ContainerRecord, network: NetworkRecord, attachment: Attachment, endpoint: EndpointRecord | None, version: Version
) -> dict[str, object]:
    inside = endpoint.endpoint if endpoint is not None else None
    ipv4, ipv6 = (inside.ipv4, inside.ipv6) if inside is not None else (None, None)
    named = not network.predefined
    aliases = list(attachment.aliases)
    if named and version < (1, 45):
        aliases += [name for name in (container.short, *_hostname(container, version)) if name not in aliases]
    links = [f"{target}:{alias}" for target, alias in attachment.links]
    body: dict[str, object] = {
        "IPAMConfig": _ipam(attachment), "Links": links or None, "Aliases": aliases or None,
        "MacAddress": inside.mac if inside is not None else (attachment.mac_address or ""),
        "DriverOpts": dict(attachment.driver_opts) or None,
    }  # fmt: skip
    if version >= (1, 48):
        body["GwPriority"] = attachment.gw_priority
    body |= {
        "NetworkID": network.id, "EndpointID": endpoint.id if endpoint is not None else "",
        "Gateway": _gateway(network, ipv4), "IPAddress": str(ipv4 or ""), "IPPrefixLen": _length(network, ipv4),
        "IPv6Gateway": _gateway(network, ipv6), "GlobalIPv6Address": str(ipv6 or ""), "GlobalIPv6PrefixLen": _length(network, ipv6),
    }  # fmt: skip
    if version >= (1, 44):
        body["DNSNames"] = list(endpoint.names) if endpoint is not None and named and endpoint.names else None
    return body


def _hostname(container: ContainerRecord, version: Version) -> tuple[str, ...]:
    """20.10 has it among the aliases; later versions only in DNSNames."""
    given = container.hostname and container.hostname != container.short
    return (container.hostname,) if given and version < (1, 44) else ()


def _ipam(attachment: Attachment) -> Mapping[str, object] | None:
    body: dict[str, object] = {}
    if attachment.ipv4_address is not None:
        body["IPv4Address"] = str(attachment.ipv4_address)
    if attachment.ipv6_address is not None:
        body["IPv6Address"] = str(attachment.ipv6_address)
    if attachment.link_local:
        body["LinkLocalIPs"] = [str(address) for address in attachment.link_local]
    return body or None


def _gateway(network: NetworkRecord, address: IPAddress | None) -> str:
    """That of the subnet which the address is from; none where its mode or driver has none."""
    pool = pool_of(network, address)
    if pool is None or pool.gateway is None or network.options.get("ipvlan_mode") in {"l3", "l3s"}:
        return ""
    mode = network.options.get(f"com.docker.network.bridge.gateway_mode_ipv{pool.subnet.version}")
    return "" if mode == "isolated" else str(pool.gateway)


def _length(network: NetworkRecord, address: IPAddress | None) -> int:
    pool = pool_of(network, address)
    return 0 if pool is None else pool.subnet.prefixlen
