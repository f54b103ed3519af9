"""The checked tree of a file -> `model.Topology`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from dataplane.compose.attachments import DEFAULT, networks_used
from dataplane.compose.context import Context
from dataplane.compose.dependencies import settled
from dataplane.compose.environment import Lookup
from dataplane.compose.findings import Findings
from dataplane.compose.keys import OURS
from dataplane.compose.keys_file import FILE
from dataplane.compose.netmode import check_shared
from dataplane.compose.network import check_networks, network
from dataplane.compose.nodes import At, Node, kind
from dataplane.compose.overlay import check_overlays
from dataplane.compose.portnames import check_names
from dataplane.compose.replicas import MOST
from dataplane.compose.service import service
from dataplane.compose.statics import check_statics
from dataplane.compose.underlay import underlay
from dataplane.compose.uplink import check_nat, nat, uplink
from dataplane.compose.values import texts
from dataplane.errors import UserError
from dataplane.model import Network, Topology
from dataplane.overlays import too_large, unreached
from dataplane.underlay import Underlay

PROFILE = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*", re.ASCII)
EVERY = "*"
WIRED = ("bridge", "overlay", "macvlan", "ipvlan")
"""Drivers whose networks have a wiring; services use the others by network_mode."""


def topology(root: Node, name: str, profiles: Sequence[str], lookup: Lookup, findings: Findings, *, run_commands: bool) -> Topology:
    """The lab ``name`` that ``root`` describes. UserError for the first thing that is wrong, unknown or not yet possible."""
    file = At(root)
    if not isinstance(root.value, Mapping):
        raise file.wrong(f"{kind(root)} stands where the file's mapping belongs", "begin with services:")
    written = file.get("services")
    every = dict(written.items()) if written else {}
    active = {key: at for key, at in every.items() if _active(at, profiles)}
    FILE.check(_with_services(file, active), findings, "")
    if not every:
        raise file.wrong("the file has no services", "write at least: services: {web: {image: host}}")
    if not active:
        raise file.wrong("no service is left: every one has profiles, and none is active", "activate one with --profile")
    ours = file.get(OURS)
    below = underlay(ours.get("underlay") if ours else None)
    networks = _networks(file, name, active, below)
    context = Context(
        lookup=lookup,
        findings=findings,
        networks=networks,
        services=every,
        containers=_containers(active, name),
        run_commands=run_commands,
    )
    services = settled({key: service(key, at, context, active) for key, at in active.items()}, active)
    if sum(one.replicas for one in services.values()) > MOST:
        raise file.wrong(f"the lab has more than {MOST} instances", "lower scale or replicas")
    check_shared(services, active)
    check_overlays(file, networks, services, below)
    check_names(services, networks, active)
    check_statics(services, active)
    way, translation = uplink(ours.get("uplink") if ours else None), nat(ours.get("nat") if ours else None)
    check_nat(ours or file, way, translation)
    done = Topology(
        name=name,
        folder=root.place.folder,
        source=root.place.file,
        networks=MappingProxyType({key: one for key, one in networks.items() if one.driver in WIRED}),
        services=MappingProxyType(services),
        warnings=findings.sentences(),
        uplink=way,
        nat=translation,
        underlay=below,
    )
    return replace(done, warnings=(*done.warnings, *_unfit(done)))


def _with_services(file: At, active: dict[str, At]) -> At:
    """The file without the services that no profile brings in: they are as if they were not written."""
    services = file.get("services")
    if services is None or not isinstance(file.value, Mapping):
        return file
    left = replace(services.node, value={key: at.node for key, at in active.items()})
    return At(replace(file.node, value={**file.value, "services": left}), file.path)


def _active(at: At, profiles: Sequence[str]) -> bool:
    """Services without profiles always are (Compose Specification, 15-profiles)."""
    written = at.get("profiles") if isinstance(at.value, Mapping) else None
    for entry in written.elements() if written else ():
        if not PROFILE.fullmatch(entry.text()):
            raise entry.wrong(
                f'"{entry.text()}" cannot be a profile', 'use letters, digits, "_", "." and "-", beginning with a letter or digit'
            )
    wanted = texts(written)
    return not wanted or EVERY in profiles or any(profile in profiles for profile in wanted)


def _networks(file: At, lab: str, active: dict[str, At], below: Underlay | None) -> dict[str, Network]:
    """The file's networks, and ``default`` when a service joins it though nobody wrote it."""
    written = file.get("networks")
    found = {key: network(key, at, lab, below) for key, at in written.items()} if written else {}
    if DEFAULT not in found and any(DEFAULT in networks_used(at) for at in active.values()):
        found[DEFAULT] = network(DEFAULT, None, lab)
    check_networks(found, written or file)
    return found


def _containers(active: dict[str, At], lab: str) -> dict[str, str]:
    """Container names, written or Compose's own ``LAB-SERVICE-1``, each with its service. UserError when two services write one."""
    found: dict[str, str] = {}
    for key, at in active.items():
        written = at.get("container_name")
        name = written.text() if written else f"{lab}-{key}-1"
        if written and name in found:
            raise written.wrong(f'the services "{found[name]}" and "{key}" have one container name, "{name}"', "change one of them")
        found[name] = key
    return found


def _unfit(done: Topology) -> tuple[str, ...]:
    """Warnings about overlays; what is wrong with their options is said when they are planned."""
    try:
        return (*too_large(done), *unreached(done))
    except UserError:
        return ()
