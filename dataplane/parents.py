"""What macvlan and ipvlan networks say of their parent interface, and the parents decided. Pure.

Options of a network (``driver_opts``), those of Docker's drivers:

    parent                     an interface of the host; eth0.10: VLAN 10 on eth0. Without one, or in an internal network, there is
                               no outside: endpoints reach one another as the mode has it, and nobody else
    macvlan_mode               bridge (default), private, vepa, passthru
    ipvlan_mode                l2 (default), l3, l3s
    ipvlan_flag                bridge (default), private, vepa

and ours, where the host does not tell (Lab, replay) or is not to be believed:

    dataplane.parent_netns     the namespace that the parent is in; else the lab's own
    dataplane.parent_mac       the parent's MAC, which ipvlan's endpoints share; else the host's, or a hash of the parent's name
    dataplane.parent_address   ipvlan l3: the parent's addresses with their prefixes, blank between them
    dataplane.parent_gateway   ipvlan l3: its next hops, at most one a family
    dataplane.neighbors        ipvlan l3: ADDRESS=MAC of hosts that are not asked for, blank between them
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from dataplane.errors import UserError
from dataplane.model import Endpoint, Instance, IPAddress, Network, Plan
from dataplane.options import integer
from dataplane.parent import Parent, Seen, parent_port

MACVLAN, IPVLAN = "macvlan", "ipvlan"
DRIVERS = (MACVLAN, IPVLAN)
MTU = "com.docker.network.driver.mtu"
INTERFACE, FLAG = "parent", "ipvlan_flag"
MODE = {MACVLAN: "macvlan_mode", IPVLAN: "ipvlan_mode"}
NETNS = "dataplane.parent_netns"
MAC = "dataplane.parent_mac"
ADDRESS = "dataplane.parent_address"
GATEWAY = "dataplane.parent_gateway"
NEIGHBORS = "dataplane.neighbors"
MODES = {MACVLAN: ("bridge", "private", "vepa", "passthru"), IPVLAN: ("l2", "l3", "l3s")}
FLAGS = ("bridge", "private", "vepa")
_TAGGED = re.compile(r"(?P<name>[^/\s]+)\.(?P<identifier>[0-9]+)", re.ASCII)
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}", re.ASCII)

Place = tuple[str, str]
"""A namespace's path, "" for the lab's own, and an interface there."""
Facts = Mapping[Place, Seen]
NOTHING: Facts = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a network asks of its parent. ``interface`` "": there is none."""

    interface: str
    vlan: int
    netns: str
    mode: str
    flag: str

    @property
    def place(self) -> Place:
        """Where the interface is."""
        return self.netns, self.interface

    @property
    def l3(self) -> bool:
        """Its endpoints have no link layer of their own."""
        return self.mode in {"l3", "l3s"}


def is_parented(network: Network) -> bool:
    """It has a parent instead of a gateway of ours."""
    return network.driver in DRIVERS


def wish(network: Network) -> Wish:
    """Read its options. Errors: UserError, in Docker's words where it has some."""
    options, driver = network.options, network.driver
    mode = options.get(MODE[driver]) or MODES[driver][0]
    if mode not in MODES[driver]:
        raise UserError(
            f"requested {driver} mode '{mode}' is not valid, '{MODES[driver][0]}' mode is the {driver} driver default",
            mend=f"{MODE[driver]} is one of {', '.join(MODES[driver])}",
        )
    flag = (options.get(FLAG) or FLAGS[0]) if driver == IPVLAN else ""
    if flag and flag not in FLAGS:
        raise UserError(
            f"requested ipvlan flag '{flag}' is not valid, 'bridge' is the ipvlan driver default",
            mend=f"{FLAG} is one of {', '.join(FLAGS)}",
        )
    written = "" if network.internal else options.get(INTERFACE, "")
    interface, vlan = _interface(written, driver)
    return Wish(interface=interface, vlan=vlan, netns=options.get(NETNS, ""), mode=mode, flag=flag)


def _interface(written: str, driver: str) -> tuple[str, int]:
    """The name and the VLAN. A name that ends in a dot and digits means a VLAN, whether or not the host has such a device."""
    if written == "lo":
        raise UserError(f"loopback interface is not a valid {driver} parent link", mend="name an interface that leads somewhere")
    found = _TAGGED.fullmatch(written)
    if found is None:
        return written, 0
    vlan = int(found["identifier"])
    if not 1 <= vlan <= 4094:
        raise UserError(f"vlan id must be between 1-4094, received: {vlan}", mend="write parent: eth0.10 for VLAN 10 on eth0")
    return found["name"], vlan


def no_such_parent(written: str) -> UserError:
    """For an interface that the host has not, in Docker's words."""
    found = _TAGGED.fullmatch(written)
    if found is not None:
        return UserError(f"-o parent interface was not found on the host: {found['name']}", mend="see: ip link", status=1)
    return UserError(f"invalid subinterface vlan name {written}, example formatting is eth0.10", mend="see: ip link", status=1)


def segment_mac(network: Network, facts: Facts = NOTHING) -> str | None:
    """The MAC that all endpoints of an ipvlan network have, which is its parent's; None of any other network."""
    return _mac(network, wish(network), facts) if network.driver == IPVLAN else None


def _mac(network: Network, asked: Wish, facts: Facts) -> str:
    written = network.options.get(MAC, "").lower()
    if written:
        if not _MAC.fullmatch(written) or int(written[:2], 16) & 1 or not written.strip("0:"):
            raise UserError(f"{MAC} is {written!r}, and no interface has such an address", mend=f"{MAC}: 02:42:ac:00:00:01")
        return written
    seen = facts.get(asked.place)
    if seen is not None:
        return seen.mac
    name = f"{asked.netns} {asked.interface}" if asked.interface else f"network {network.name}"
    return f"02:42:{hashlib.sha256(f'dataplane parent {name}'.encode()).digest()[:4].hex(':')}"


def with_mtu(network: Network, facts: Facts = NOTHING) -> Network:
    """The network with its parent's MTU, where it says none of its own."""
    seen = facts.get(wish(network).place)
    if seen is None or MTU in network.options or seen.mtu == 1500:
        return network
    return replace(network, options=MappingProxyType({**network.options, MTU: str(min(seen.mtu, 65535))}))


def parents(networks: Mapping[str, Network], endpoints: Iterable[Endpoint], facts: Facts = NOTHING) -> Mapping[str, Parent]:
    """The real parents that endpoints are on, by the names of their ports, in the networks' order.

    `facts`: what the host has. Errors: UserError where networks cannot be on one parent, or endpoints in one network."""
    by_network: dict[str, list[Endpoint]] = {key: [] for key, network in networks.items() if is_parented(network)}
    for endpoint in endpoints:
        if endpoint.network in by_network:
            by_network[endpoint.network].append(endpoint)
    wishes = {key: wish(networks[key]) for key in by_network}
    require_shareable(networks, wishes)
    for key, row in by_network.items():
        _require_one(networks[key], wishes[key], row)
    found: dict[Place, list[str]] = {}
    for key, asked in wishes.items():
        if asked.interface and by_network[key]:
            found.setdefault(asked.place, []).append(key)
    return MappingProxyType(
        {
            parent_port(keys[0]): _parent(place, {key: networks[key] for key in keys}, by_network, facts)
            for place, keys in found.items()
        }
    )


def placed(plan: Plan, facts: Facts) -> Plan:
    """The plan with its parents; endpoints of ipvlan get their parent's MAC, networks that say none its MTU. Errors: UserError."""
    used = {endpoint.network for endpoint in plan.endpoints() if is_parented(plan.networks[endpoint.network])}
    if not used:
        return plan
    networks = {key: with_mtu(network, facts) if key in used else network for key, network in plan.networks.items()}
    macs = {key: segment_mac(networks[key], facts) for key in used}

    def shared(instance: Instance) -> Instance:
        rows = tuple(replace(one, mac=mac) if (mac := macs.get(one.network)) is not None else one for one in instance.endpoints)
        return instance if rows == instance.endpoints else replace(instance, endpoints=rows)

    instances = {name: shared(instance) for name, instance in plan.instances.items()}
    endpoints = (endpoint for instance in instances.values() for endpoint in instance.endpoints)
    return replace(
        plan,
        networks=MappingProxyType(networks),
        instances=MappingProxyType(instances),
        parents=parents({key: networks[key] for key in networks if key in used}, endpoints, facts),
    )


def require_shareable(networks: Mapping[str, Network], wishes: Mapping[str, Wish]) -> None:
    """Networks on one parent and VLAN are stations of one segment: of one driver, and none of them in mode passthru; those of
    ipvlan have one mode and one flag. Errors: UserError, in Docker's words."""
    owners: dict[tuple[Place, int], str] = {}
    for key, asked in wishes.items():
        if not asked.interface:
            continue
        owner = owners.setdefault((asked.place, asked.vlan), key)
        if owner == key:
            continue
        network, other, theirs = networks[key], networks[owner], wishes[owner]
        name = f"{asked.interface}.{asked.vlan}" if asked.vlan else asked.interface
        what = ""
        if network.driver != other.driver:
            what = f"failed to create the {network.driver} port: device or resource busy"
        elif asked.mode == "passthru":
            what = f"cannot use mode passthru, macvlan network {other.name} is already using parent interface {name}"
        elif theirs.mode == "passthru":
            what = f"macvlan network {other.name} is already using parent interface {name} in mode passthru"
        elif network.driver == IPVLAN and (asked.mode, asked.flag) != (theirs.mode, theirs.flag):
            what = f"network {other.name} is already using parent interface {name}"
        if what:
            mend = f"another parent or VLAN than that of network {other.name}, or the same driver and mode"
            raise UserError(what, where=f"networks.{key}.driver_opts", mend=mend)


def _require_one(network: Network, asked: Wish, endpoints: list[Endpoint]) -> None:
    if asked.mode == "passthru" and len(endpoints) > 1:
        raise UserError(
            "failed to create the macvlan port: invalid argument",
            where=endpoints[1].port,
            mend="in mode passthru one endpoint has the parent for itself; write another macvlan_mode",
        )
    given = next((endpoint for endpoint in endpoints if endpoint.given_mac), None)
    if network.driver == IPVLAN and given is not None:
        raise UserError(
            "ipvlan interfaces do not support custom mac address assignment",
            where=given.port,
            mend="remove mac_address, or macvlan",
        )


def _parent(place: Place, networks: Mapping[str, Network], endpoints: Mapping[str, list[Endpoint]], facts: Facts) -> Parent:
    keys, wishes = [*networks], {key: wish(network) for key, network in networks.items()}
    seen, first = facts.get(place, Seen(mac="")), networks[keys[0]]
    shared = [key for key in keys if networks[key].driver == IPVLAN]
    texts = {
        name: [word for network in networks.values() for word in network.options.get(name, "").split()]
        for name in (ADDRESS, GATEWAY, NEIGHBORS)
    }
    try:
        addresses = tuple(ipaddress.ip_interface(text) for text in texts[ADDRESS])
        gateways = tuple(ipaddress.ip_address(text) for text in texts[GATEWAY])
        neighbors = tuple(_neighbor(text) for text in texts[NEIGHBORS])
    except ValueError as error:
        raise UserError(str(error), where=f"networks.{keys[0]}.driver_opts", mend=f"{ADDRESS}: 192.0.2.1/24") from None
    macs = {endpoint.mac: None for key in keys for endpoint in endpoints[key]}
    return Parent(
        interface=place[1],
        netns=place[0] or None,
        networks=tuple(keys),
        vlans=tuple(wishes[key].vlan for key in keys),
        mac=_mac(networks[shared[0]] if shared else first, wishes[keys[0]], facts),
        mtu=max(integer(networks[key].options, MTU, 1500, low=68, high=65535) for key in keys),
        stations=tuple(macs),
        everything=any(wishes[key].mode == "passthru" for key in keys),
        addresses=addresses or seen.addresses,
        gateways=gateways or seen.gateways,
        neighbors=neighbors,
        shared=_addresses(shared, endpoints),
        # Frames with a tag are not the host's, unless it has a VLAN device of its own.
        hidden=_addresses([key for key in shared if not wishes[key].vlan], endpoints),
    )


def _neighbor(text: str) -> tuple[IPAddress, str]:
    address, _, mac = text.partition("=")
    if not _MAC.fullmatch(mac.lower()):
        raise ValueError(f"{text!r} is not ADDRESS=MAC")
    return ipaddress.ip_address(address), mac.lower()


def _addresses(keys: list[str], endpoints: Mapping[str, list[Endpoint]]) -> tuple[IPAddress, ...]:
    rows = (endpoint for key in keys for endpoint in endpoints[key])
    return tuple(address for row in rows for address in (row.ipv4, row.ipv6) if address is not None)
