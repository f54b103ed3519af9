"""``--subnet``, ``--ip-range``, ``--gateway`` and ``--aux-address`` become IPAM.Config, as Docker does it (28.2). Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

from dataplane.cli.verb import Failure


def pools(subnets: Sequence[str], ranges: Sequence[str], gateways: Sequence[str], aux: Mapping[str, str]) -> list[dict[str, Any]]:
    """An entry a subnet, in order. Failure in Docker's words where they do not fit together."""
    if len(subnets) < len(ranges) or len(subnets) < len(gateways):
        raise Failure("every ip-range or gateway must have a corresponding subnet")
    found: dict[str, dict[str, Any]] = {}
    for subnet in subnets:
        if any(_holds(subnet, other) or _holds(other, subnet) for other in found):
            raise Failure("multiple overlapping subnet configuration is not supported")
        found[subnet] = {"Subnet": subnet}
    for text in ranges:
        _network(text)
        _place(found, "IPRange", text, "range", word="on")
    for text in gateways:
        _place(found, "Gateway", text, "gateway", word="for")
    for name, address in aux.items():
        holders = [entry for subnet, entry in found.items() if _holds(subnet, address)]
        if not holders:
            raise Failure(f"no matching subnet for aux-address {address}")
        for entry in holders:
            entry.setdefault("AuxiliaryAddresses", {})[name] = address
    return list(found.values())


def _place(found: dict[str, dict[str, Any]], key: str, text: str, one: str, *, word: str) -> None:
    matched = False
    for subnet, entry in found.items():
        if not _holds(subnet, text):
            continue
        if key in entry:
            raise Failure(f"cannot configure multiple {one}s ({text}, {entry[key]}) {word} the same subnet ({subnet})")
        entry[key], matched = text, True
    if not matched:
        raise Failure(f"no matching subnet for {one} {text}")


def _holds(subnet: str, text: str) -> bool:
    """The address, or the first one of the prefix, lies in the subnet. What is no address lies in none."""
    network = _network(subnet)
    try:
        address = ipaddress.ip_interface(text).ip if "/" not in text else _network(text).network_address
    except ValueError:
        return False
    return address.version == network.version and address in network


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        if "/" not in text:
            raise ValueError(text)
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise Failure(f"invalid CIDR address: {text}") from None
