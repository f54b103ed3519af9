"""``networks`` of a service -> `model.Attachment`s, in the file's order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from difflib import get_close_matches
from ipaddress import IPv4Address, IPv6Address
from typing import TypeVar

from dataplane.compose.addresses import interface, ipv4, ipv6, mac, no_host
from dataplane.compose.context import Context
from dataplane.compose.hosts import alias
from dataplane.compose.nodes import At
from dataplane.compose.values import options
from dataplane.model import Attachment, Network

DEFAULT = "default"
A = TypeVar("A", IPv4Address, IPv6Address)


def attachments(service: At, mode: str, context: Context) -> tuple[Attachment, ...]:
    """The service's interfaces. Without ``networks`` and ``network_mode`` it joins ``default``."""
    written = service.get("networks")
    found: list[Attachment] = []
    if mode not in ("none", "host") and written is not None and written.value:
        found += [_attachment(key, at, service, context) for key, at in _entries(written)]
    elif mode == "":
        found.append(_attachment(DEFAULT, At(replace(service.node, value=None), service.path), service, context))
    if written is not None:
        _distinct_interfaces(found, written)
    return _with_service_mac(tuple(found), service)


def networks_used(service: At) -> Iterator[str]:
    """The networks a service joins by name, and ``default`` when it names none and has no ``network_mode``."""
    written = service.get("networks")
    if written is not None and written.value:
        yield from (key for key, _ in _entries(written))
    elif service.get("network_mode") is None and service.get("provider") is None:
        yield DEFAULT


def _entries(written: At) -> Iterator[tuple[str, At]]:
    if isinstance(written.value, tuple):
        seen: set[str] = set()
        for element in written.elements():
            if element.text() not in seen:
                seen.add(element.text())
                yield element.text(), At(replace(element.node, value=None), element.path)
    else:
        yield from written.items()


def _attachment(key: str, at: At, service: At, context: Context) -> Attachment:
    network = context.networks.get(key)
    if network is None:
        near = get_close_matches(key, context.networks, 1)
        raise at.wrong(
            f'there is no network "{key}"', f'did you mean "{near[0]}"?' if near else f"write it under networks: at the top: {key}:"
        )
    v4, v6, given, name, priority = (
        at.get(k) for k in ("ipv4_address", "ipv6_address", "mac_address", "interface_name", "gw_priority")
    )
    container = service.get("container_name")
    return Attachment(
        network=key,
        aliases=tuple(alias(one) for source in (container, at.get("aliases")) if source for one in source.elements()),
        ipv4_address=_static(v4, ipv4(v4), network) if v4 else None,
        ipv6_address=_static(v6, ipv6(v6), network) if v6 else None,
        mac_address=mac(given) if given else None,
        gw_priority=priority.integer() if priority else 0,
        interface_name=interface(name) if name else None,
        driver_opts=options(at.get("driver_opts")),
    )


def _static(at: At, address: A, network: Network) -> A:
    """``address`` when the network can give it: inside a configured subnet, and not reserved there."""
    pool = next((pool for pool in network.pools if pool.subnet.version == address.version), None)
    if pool is None:
        wanted = "10.0.0.0/24" if address.version == 4 else "fd00::/64"
        raise at.wrong(
            f'the network "{network.key}" has no IPv{address.version} subnet of its own to take {address} from',
            f"write ipam: {{config: [{{subnet: {wanted}}}]}} on the network",
        )
    if address not in pool.subnet:
        raise at.wrong(
            f'{address} is outside the subnet {pool.subnet} of the network "{network.key}"', "choose an address inside it"
        )
    if address == pool.gateway:
        raise at.wrong(f'{address} is the gateway of the network "{network.key}"', "choose another address")
    for name, reserved in pool.aux_addresses.items():
        if address == reserved:
            raise at.wrong(
                f'{address} is reserved on the network "{network.key}" as aux_addresses.{name}', "choose another address"
            )
    if address in no_host(pool.subnet):
        raise at.wrong(f"{address} is the subnet's own or its broadcast address", "choose another address")
    return address


def _distinct_interfaces(found: list[Attachment], written: At) -> None:
    names: set[str] = set()
    for attachment in found:
        name = attachment.interface_name
        if name in names:
            raise written.wrong(f'two interfaces would be called "{name}"', "give each interface_name once")
        if name:
            names.add(name)


def _with_service_mac(found: tuple[Attachment, ...], service: At) -> tuple[Attachment, ...]:
    """``mac_address`` of the service itself is the first interface's."""
    written = service.get("mac_address")
    if written is None:
        return found
    address = mac(written)
    if not found:
        raise written.wrong("the service has no interface that could have this MAC", "remove mac_address, or network_mode")
    if found[0].mac_address not in (None, address):
        raise written.wrong(
            f'the first interface has two MACs, this one and {found[0].mac_address} on "{found[0].network}"', "keep one of the two"
        )
    return (replace(found[0], mac_address=address), *found[1:])
