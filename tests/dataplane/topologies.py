"""Small topologies for tests, written in a line."""

from ipaddress import ip_address, ip_network

from dataplane.model import Attachment, Network, Pool, Service, Topology


def network(key: str, *subnets: str, **kwargs) -> Network:
    return Network(key=key, name=f"lab_{key}", pools=tuple(Pool(subnet=ip_network(s)) for s in subnets), **kwargs)


def attach(key: str, *addresses: str, **kwargs) -> Attachment:
    given = {f"ipv{ip_address(a).version}_address": ip_address(a) for a in addresses}
    return Attachment(network=key, **given, **kwargs)


def service(name: str, *attachments: Attachment | str, **kwargs) -> Service:
    return Service(name=name, attachments=tuple(attach(a) if isinstance(a, str) else a for a in attachments), **kwargs)


def topology(networks: list[Network], services: list[Service], name: str = "lab") -> Topology:
    return Topology(
        name=name,
        folder=".",
        source="lab.yaml",
        networks={n.key: n for n in networks},
        services={s.name: s for s in services},
    )
