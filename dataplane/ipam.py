"""Address management: which subnet a network gets, and which address in it an endpoint gets. Pure; the words are Docker's.

An `AddressSpace` hands out subnets that overlap neither one another nor what the host routes already. A `Leases` hands out the
addresses of one subnet: the lowest free one first, in constant time, whatever the size of the subnet.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from heapq import heappop, heappush
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from dataplane.errors import UserError
from dataplane.model import IPAddress, IPNetwork, Pool

ULA_PREFIX = 48  # of one lab; RFC 4193, 3.2: 8 bits fd, 40 bits global id


def default_pools() -> Iterator[IPv4Network]:
    """Docker's local pools in Docker's order: 172.17.0.0/16 to 172.31.0.0/16, then 192.168.0.0/16 cut to /20."""
    for second in range(17, 32):
        yield IPv4Network((f"172.{second}.0.0", 16))
    yield from IPv4Network("192.168.0.0/16").subnets(new_prefix=20)


def ula_pools(name: str) -> Iterator[IPv6Network]:
    """The /64s of the Unique Local /48 that belongs to `name`: always the same for the same name (RFC 4193)."""
    number = int.from_bytes(b"\xfd" + hashlib.sha256(f"dataplane ula {name}".encode()).digest()[:5], "big")
    base = number << (128 - ULA_PREFIX)
    for subnet in range(1 << 16):
        yield IPv6Network((base | subnet << 64, 64))


def overlapping(one: IPNetwork, other: IPNetwork) -> bool:
    """The two have an address in common; networks of different families never have."""
    if isinstance(one, IPv4Network):
        return isinstance(other, IPv4Network) and one.overlaps(other)
    return isinstance(other, IPv6Network) and one.overlaps(other)


class AddressSpace:
    """The subnets of one lab. `name` fixes its IPv6 prefix; `occupied` is what automatic pools keep clear of (host routes)."""

    def __init__(self, name: str, occupied: Iterable[IPNetwork] = ()) -> None:
        self._name = name
        self._occupied = tuple(occupied)
        self._taken: list[IPNetwork] = []

    def claim(self, subnet: IPNetwork) -> None:
        """The file asks for this subnet. Errors: UserError if it overlaps one claimed or chosen before."""
        for other in self._taken:
            if overlapping(subnet, other):
                raise UserError(
                    f"invalid pool request: Pool overlaps with other one on this address space ({subnet} and {other})",
                    mend="give the two networks subnets that have no address in common",
                )
        self._taken.append(subnet)

    def reuse(self, subnet: IPNetwork) -> bool:
        """Take again what was chosen earlier, whatever the host routes by now; False if the file's own subnets are in the way."""
        if any(overlapping(subnet, other) for other in self._taken):
            return False
        self._taken.append(subnet)
        return True

    def choose_ipv4(self) -> IPv4Network:
        """The first of Docker's default pools that is free. Errors: UserError when none is."""
        for subnet in default_pools():
            if self._free(subnet):
                self._taken.append(subnet)
                return subnet
        raise UserError(
            "all predefined address pools have been fully subnetted",
            mend="choose its subnet: --subnet, or ipam.config.subnet in a file",
        )

    def choose_ipv6(self) -> IPv6Network:
        """The first free /64 of the lab's Unique Local prefix."""
        for subnet in ula_pools(self._name):
            if self._free(subnet):
                self._taken.append(subnet)
                return subnet
        raise UserError(
            "all predefined address pools have been fully subnetted",
            mend="choose its subnet: --subnet, or ipam.config.subnet in a file",
        )

    def _free(self, subnet: IPNetwork) -> bool:
        return not any(overlapping(subnet, other) for other in (*self._taken, *self._occupied))


class Leases:
    """The addresses of one subnet.

    Taken are from the start: network address and IPv4 broadcast (IPv6: the subnet-router anycast address, RFC 4291, 2.6.1; a
    subnet of one or two addresses has neither, RFC 3021 and 6164), the auxiliary addresses and the gateway, which is the lowest
    free one unless given (with `gateway` False there is none but a given one). Dynamic addresses come from `ip_range` where there
    is one, static ones from the whole subnet.

    Below `_cursor` all dynamic addresses are taken, but for those on the heap of returned ones.
    """

    def __init__(self, pool: Pool, *, gateway: bool = True) -> None:
        subnet, dynamic = pool.subnet, pool.ip_range or pool.subnet
        self.pool = pool
        self.subnet = subnet
        self._first = int(subnet.network_address)
        self._last = int(subnet.broadcast_address)
        self._cursor = int(dynamic.network_address)
        self._start = self._cursor
        self._end = int(dynamic.broadcast_address)
        self._taken: set[int] = set()
        self._returned: list[int] = []
        if not self._first <= self._start <= self._end <= self._last:
            raise UserError(f"no matching subnet for range {dynamic}", mend=f"ip_range must lie within {subnet}")
        if self._last - self._first > 1:
            self._taken.add(self._first)
            if isinstance(subnet, IPv4Network):
                self._taken.add(self._last)
        if pool.gateway is not None:
            self._require_inside(pool.gateway, "gateway")
            self.claim(pool.gateway)
        for address in pool.aux_addresses.values():
            self._require_inside(address, "aux-address")
            self.claim(address)
        self.gateway: IPAddress | None = pool.gateway if pool.gateway is not None or not gateway else self.take()

    def _require_inside(self, address: IPAddress, role: str) -> None:
        if address not in self:
            raise UserError(f"no matching subnet for {role} {address}", mend=f"it must lie within {self.subnet}")

    def __contains__(self, address: IPAddress) -> bool:
        return address.version == self.subnet.version and self._first <= int(address) <= self._last

    def is_taken(self, address: IPAddress) -> bool:
        """Leased or reserved now."""
        return int(address) in self._taken

    def take(self) -> IPAddress:
        """The lowest free dynamic address. Errors: UserError when there is none."""
        while self._returned:
            number = heappop(self._returned)
            if number not in self._taken:  # else it was claimed meanwhile
                return self._keep(number)
        while self._cursor in self._taken:
            self._cursor += 1
        if self._cursor > self._end:
            raise UserError(
                f"no available addresses on this pool: {self.subnet}",
                mend="give it a larger subnet or IP range, or fewer members",
            )
        self._cursor += 1
        return self._keep(self._cursor - 1)

    def claim(self, address: IPAddress) -> IPAddress:
        """This very address. Errors: UserError if it is taken or lies outside the subnet."""
        if address not in self:
            raise UserError(f"requested address is out of range: {address} is not in {self.subnet}", mend="choose one that is")
        if int(address) in self._taken:
            raise UserError(f"Address already in use: {address}", mend=f"choose a free one in {self.subnet}")
        return self._keep(int(address))

    def release(self, address: IPAddress) -> None:
        """The address is free again, and the next to be taken if it is the lowest. Errors: KeyError if it was not taken."""
        number = int(address)
        self._taken.remove(number)
        if self._start <= number < self._cursor:
            heappush(self._returned, number)

    def _keep(self, number: int) -> IPAddress:
        self._taken.add(number)
        return IPv4Address(number) if self.subnet.version == 4 else IPv6Address(number)
