"""Why a name was not found: where it is known that the asker is not."""

from __future__ import annotations

from collections.abc import Mapping

from dataplane.desired.records import State
from dataplane.dns.view import View
from dataplane.dns.zone import Zone


def elsewhere(state: State, zones: Mapping[str, Zone], view: View, name: str) -> str:
    """A sentence for somebody who expected the name to be known, "" where nobody has it."""
    words = name.split(".")
    mine = {zone.network.id for zone in view.zones}
    for size in range(len(words), 0, -1):
        host, network = ".".join(words[:size]), ".".join(words[size:])
        others = [
            z
            for z in zones.values()
            if host in z.addresses and network in {"", z.network.name.lower()} and z.network.id not in mine
        ]
        if others:
            where = ", ".join(sorted(zone.network.name for zone in others))
            return f"{host} is on {where}, where this container is not: docker network connect {others[0].network.name} ..."
    for container in state.containers.values():
        names = {container.name.lower(), container.short, *(a.lower() for at in container.attachments.values() for a in at.aliases)}
        if words[0] in names:
            if not container.alive:
                return f"container {container.name} has that name, but it is {container.fate.state}: names hold while it runs"
            if any(state.networks[key].name == "bridge" for key in container.attachments if key in state.networks):
                return f"container {container.name} is on the default bridge, where no names are answered"
    return ""
