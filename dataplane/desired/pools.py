"""Subnets of a network that is made: read, checked as Docker checks them, and chosen where they are left open. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from ipaddress import IPv4Network, IPv6Network
from types import MappingProxyType

from dataplane.desired.refused import Refused
from dataplane.desired.surroundings import Surroundings
from dataplane.desired.wishes import PoolWish
from dataplane.errors import UserError
from dataplane.ipam import Leases, default_pools, overlapping, ula_pools
from dataplane.model import IPAddress, IPNetwork, Pool

BLOCKS = tuple(
    IPv4Network(text)
    for text in (
        "172.17.0.0/16",
        "172.18.0.0/16",
        "172.19.0.0/16",
        "172.20.0.0/14",
        "172.24.0.0/14",
        "172.28.0.0/14",
        "192.168.0.0/16",
    )
)
"""What Docker's default pools are cut from."""
FULL = "all predefined address pools have been fully subnetted"
OVERLAPS = "invalid pool request: Pool overlaps with other one on this address space"


def read(wishes: Iterable[PoolWish], *, ipv6: bool) -> tuple[Pool, ...]:
    """As written; a subnet of 0.0.0.0 or :: stands for any of its size. Refused 400: all that is wrong, a line each."""
    pools, wrong = list[Pool](), list[str]()
    for wish in wishes:
        if wish == PoolWish():
            continue
        subnet = _prefix(wish.subnet)
        if subnet is None:
            wrong.append(f"invalid subnet {wish.subnet}: invalid CIDR block notation")
            continue
        if subnet.version == 6 and not ipv6:
            continue
        if _host_bits(wish.subnet):
            wrong.append(f"invalid subnet {wish.subnet}: it should be {subnet}")
        wrong += _wrong_range(wish.ip_range, subnet)
        for role, text in [("gateway " + wish.gateway, wish.gateway)] if wish.gateway else []:
            wrong += [f"invalid {role}: {why}" for why in _wrong_address(text, subnet)]
        for name, text in wish.aux_addresses.items():
            wrong += [f"invalid auxiliary address {name}: {why}" for why in _wrong_address(text, subnet)]
        if not wrong:
            pools.append(_pool(wish, subnet))
    if wrong:
        raise Refused(400, f"invalid network config:\n{joined(wrong)}")
    return tuple(pools)


def joined(wrong: list[str]) -> str:
    """Several errors as Docker shows them: one as it is, more as a list."""
    return wrong[0] if len(wrong) == 1 else "\n".join("* " + one.replace("\n", "\n\t") for one in wrong)


def _pool(wish: PoolWish, subnet: IPNetwork) -> Pool:
    return Pool(
        subnet=subnet,
        gateway=ipaddress.ip_address(wish.gateway) if wish.gateway else None,
        ip_range=_prefix(wish.ip_range) if wish.ip_range else None,
        aux_addresses=MappingProxyType({name: ipaddress.ip_address(text) for name, text in wish.aux_addresses.items()}),
    )


def _prefix(text: str) -> IPNetwork | None:
    """None: it is not one. As in Docker the length is digits only, and a zone has no place in it."""
    _, slash, length = text.partition("/")
    if not slash or not length.isdigit() or not length.isascii() or "%" in text or (len(length) > 1 and length[0] == "0"):
        return None
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _host_bits(text: str) -> bool:
    written, network = ipaddress.ip_interface(text), ipaddress.ip_network(text, strict=False)
    return written.ip != network.network_address


def _wrong_range(text: str, subnet: IPNetwork) -> Iterator[str]:
    if not text:
        return
    found = _prefix(text)
    if found is None:
        yield f"invalid ip-range {text}: invalid CIDR block notation"
        return
    if found.version != subnet.version:
        yield f"invalid ip-range {text}: parent subnet is an IPv{subnet.version} block"
        return
    if found.prefixlen < subnet.prefixlen:
        yield f"invalid ip-range {text}: CIDR block is bigger than its parent subnet {subnet}"
    if _host_bits(text):
        yield f"invalid ip-range {text}: it should be {found}"
    if not overlapping(found, subnet):
        yield f"invalid ip-range {text}: parent subnet {subnet} doesn't contain ip-range"


def _wrong_address(text: str, subnet: IPNetwork) -> Iterator[str]:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        yield "invalid address"
        return
    if address.version != subnet.version:
        yield f"parent subnet is an IPv{subnet.version} block"
    elif address not in subnet:
        yield f"parent subnet {subnet} doesn't contain this address"


# -- chosen -------------------------------------------------------------------------------------------------------------


def decided(
    written: tuple[Pool, ...], families: Mapping[int, bool], taken: Iterable[IPNetwork], around: Surroundings
) -> tuple[Pool, ...]:
    """With a subnet for each of the `families` that are on. `taken`: subnets of other networks. Refused 403: they overlap;
    500: no subnet is free."""
    mine, pools = list(taken), list[Pool]()
    for pool in written:
        if families[pool.subnet.version] and not _open(pool.subnet):
            other = next((one for one in mine if overlapping(pool.subnet, one)), None)
            if other is not None:
                raise Refused(403, OVERLAPS, mend=f"{pool.subnet} overlaps {other}: give one of the two networks another subnet")
            _require_usable(pool.subnet)
            mine.append(pool.subnet)
    avoid = [*mine, *_occupied(around)]
    for pool in written:
        if not families[pool.subnet.version]:
            continue
        if _open(pool.subnet):
            pool = Pool(subnet=_of_size(pool.subnet, avoid, around.daemon))  # noqa: PLW2901 - the same wish, decided
            avoid.append(pool.subnet)
        pools.append(pool)
    for version, wanted in families.items():
        if wanted and not any(pool.subnet.version == version for pool in pools):
            subnet = _usual(version, avoid, around.daemon)
            avoid.append(subnet)
            pools.append(Pool(subnet=subnet))
    return tuple(sorted(pools, key=lambda pool: pool.subnet.version))


def with_gateway(pool: Pool, *, wanted: bool) -> Pool:
    """With the lowest free address for its gateway, where one is `wanted` and none is given. Refused 400; 500 in Docker's words: an
    address is not free."""
    try:
        bare = Leases(Pool(subnet=pool.subnet, ip_range=pool.ip_range), gateway=False)
    except UserError as error:
        raise refused(error) from None
    if pool.gateway is not None:
        _reserve(bare, pool.gateway, f"failed to allocate gateway ({pool.gateway})")
    for name, address in pool.aux_addresses.items():
        _reserve(bare, address, f"failed to allocate secondary ip address ({name}:{address})")
    try:
        leases = Leases(pool, gateway=wanted)
    except UserError as error:
        raise _failed("failed to allocate gateway ()", refused(error)) from None
    return Pool(subnet=pool.subnet, gateway=leases.gateway, ip_range=pool.ip_range, aux_addresses=pool.aux_addresses)


def _reserve(found: Leases, address: IPAddress, failure: str) -> None:
    try:
        found.claim(address)
    except UserError as error:
        raise _failed(failure, refused(error)) from None


def _failed(failure: str, why: Refused) -> Refused:
    return Refused(500, f"{failure}: {why.what}", mend=why.mend)


def refused(error: UserError) -> Refused:
    """IPAM's words, of which Docker says the first part, and the rest becomes the mend."""
    if isinstance(error, Refused):
        return error
    for words in ("Address already in use", "no available addresses on this pool", "requested address is out of range"):
        if error.what.startswith(words):
            return Refused(403, words, mend=f"{error.what.removeprefix(words).removeprefix(': ')}: {error.mend}")
    return Refused(400, error.what, mend=error.mend)


def warnings(pools: Iterable[Pool], around: Surroundings, *, joined: str) -> list[str]:
    """A sentence for each route of the host that a subnet hides, or is hidden by. Not for those by the interface ``joined``, whose
    network it is meant to be a part of."""
    return [
        f"the subnet {pool.subnet} overlaps the host's route {route}{f' dev {interface}' if interface else ''}: "
        "containers on this network and what is behind that route may not reach one another"
        for pool in pools
        for interface, route in around.routes
        if route.prefixlen and overlapping(pool.subnet, route) and not (joined and interface == joined)
    ]


def _open(subnet: IPNetwork) -> bool:
    """It stands for any subnet of its size."""
    return subnet.network_address.is_unspecified and subnet.prefixlen > 0


def _require_usable(subnet: IPNetwork) -> None:
    if subnet.is_multicast or subnet.is_loopback or subnet.network_address.is_unspecified:
        raise Refused(
            400, f"invalid subnet {subnet}: no interface may have an address of it", mend="choose a private one: 10.0.0.0/24"
        )
    if subnet.prefixlen == subnet.max_prefixlen:
        raise Refused(403, "no available addresses on this pool", mend=f"{subnet} has room for one address only: make it larger")


def _occupied(around: Surroundings) -> Iterator[IPNetwork]:
    yield from (route for _, route in around.routes if route.prefixlen)
    yield from (ipaddress.ip_network(one) for one in around.resolvers)


def _usual(version: int, avoid: list[IPNetwork], daemon: str) -> IPNetwork:
    candidates: Iterable[IPNetwork] = default_pools() if version == 4 else ula_pools(daemon)
    for one in candidates:
        if not any(overlapping(one, other) for other in avoid):
            return one
    raise Refused(500, FULL, mend="remove a network, or give this one a subnet: --subnet 10.0.0.0/24")


def _of_size(wanted: IPNetwork, avoid: list[IPNetwork], daemon: str) -> IPNetwork:
    """The first free part of the default pools that is so large."""
    if isinstance(wanted, IPv4Network):
        blocks: tuple[IPNetwork, ...] = BLOCKS
    else:
        blocks = (next(ula_pools(daemon)).supernet(new_prefix=48),)
    for block in blocks:
        found = part(block, wanted.prefixlen, avoid)
        if found is not None:
            return found
    raise Refused(500, FULL, mend="remove a network, or ask for a smaller subnet")


def part(block: IPNetwork, length: int, avoid: Sequence[IPNetwork]) -> IPNetwork | None:
    """The first part of the block of this length that none of `avoid` overlaps, None where there is none.

    It steps over what is taken: the number of steps is that of what is taken, not of the parts."""
    if length < block.prefixlen:
        return None
    size, at, end = 1 << (block.max_prefixlen - length), int(block.network_address), int(block.broadcast_address)
    while at <= end:
        one = IPv4Network((at, length)) if isinstance(block, IPv4Network) else IPv6Network((at, length))
        other = next((other for other in avoid if overlapping(one, other)), None)
        if other is None:
            return one
        at = max(at + size, -(-(int(other.broadcast_address) + 1) // size) * size)
    return None


# -- addresses ----------------------------------------------------------------------------------------------------------


def leases(pools: Iterable[Pool], held: Iterable[IPAddress]) -> list[Leases]:
    """The addresses of these decided pools, those that are `held` taken."""
    found = [Leases(pool, gateway=False) for pool in pools]
    for address in held:
        lease = next((one for one in found if address in one), None)
        if lease is not None and not lease.is_taken(address):
            lease.claim(address)
    return found


def claim(found: list[Leases], address: IPAddress) -> IPAddress:
    """This very address. Refused 403: it is taken; 400: of none of the subnets."""
    for lease in found:
        if address in lease:
            try:
                return lease.claim(address)
            except UserError as error:
                raise refused(error) from None
    raise Refused(400, f"no configured subnet contains IP address {address}", mend=f"the subnets are {_named(found)}")


def take(found: list[Leases], version: int, network: str) -> IPAddress | None:
    """The lowest free address, of the first subnet of the family that has one; None where there is no such family. Refused 500:
    none is free on the `network`, which the message calls so."""
    family = [lease for lease in found if lease.subnet.version == version]
    for lease in family:
        with suppress(UserError):
            return lease.take()
    if not family:
        return None
    words = f"no available IPv{version} addresses on this network's address pools: {network}"
    subnets = ", ".join(str(lease.subnet) for lease in family)
    raise Refused(500, words, mend=f"{subnets}: remove containers, or give the network a larger subnet or IP range")


def _named(found: list[Leases]) -> str:
    return ", ".join(str(lease.subnet) for lease in found) or "none"
