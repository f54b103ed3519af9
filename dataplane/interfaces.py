"""What an instance's interfaces are called. Pure."""

from __future__ import annotations

from dataplane.errors import UserError
from dataplane.model import Attachment, Service, Topology

PREFIX = "com.docker.network.container_iface_prefix"  # option of a network
IFNAME = "com.docker.network.endpoint.ifname"  # driver_opts of an attachment
LONGEST = 15  # IFNAMSIZ less the final zero


def place(topology: Topology, service: Service, network: str) -> str:
    """Where in the file an attachment stands."""
    return f"{topology.source}: services.{service.name}.networks.{network}"


def interface_names(topology: Topology, service: Service) -> list[tuple[Attachment, str]]:
    """Attachments with their interface names: the given ones, else the next free eth0, eth1 … in the file's order."""
    given: dict[str, str] = {}
    for attachment in service.attachments:
        name = attachment.interface_name or attachment.driver_opts.get(IFNAME)
        if name is None:
            continue
        where = place(topology, service, attachment.network)
        if not 0 < len(name) <= LONGEST or name in {".", "..", "lo"} or any(c in "/:%" or c.isspace() for c in name):
            raise UserError(
                f"{name!r} cannot be the name of an interface",
                where=where,
                mend=f"1 to {LONGEST} characters, without spaces, slashes, colons and percent signs, and not lo",
            )
        if name in given.values():
            raise UserError(f"two interfaces of {service.name!r} are called {name!r}", where=where, mend="rename one of them")
        given[attachment.network] = name
    rows = []
    used = set(given.values())
    for attachment in service.attachments:
        interface = given.get(attachment.network)
        if interface is None:
            prefix = topology.networks[attachment.network].options.get(PREFIX, "eth")
            number = 0
            while f"{prefix}{number}" in used:
                number += 1
            interface = f"{prefix}{number}"
            used.add(interface)
        rows.append((attachment, interface))
    return rows
