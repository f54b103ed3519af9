"""How a service that extends another is laid over it (Compose Specification, 13-merge).

Mappings merge key by key, lists are joined, anything else is replaced. Exceptions are in the tables below. ``!reset`` removes
what was below, ``!override`` replaces it whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from dataplane.compose.nodes import Node, as_text, kind, wrong

REPLACED = frozenset({"command", "entrypoint", "healthcheck.test"})
PAIRS = frozenset(
    {
        "annotations",
        "build.additional_contexts",
        "build.args",
        "build.labels",
        "deploy.labels",
        "environment",
        "labels",
        "sysctls",
    }
)
"""``KEY=VALUE`` lists and mappings: merged as mappings, whichever way each is written."""
JOINED = frozenset({"dns", "dns_opt", "dns_search", "env_file", "label_file", "tmpfs"})
"""A text or a list of texts: joined as lists."""
NAMED = frozenset({"depends_on", "networks", "models"})
"""A list of names, or a mapping from names: merged as mappings."""
PLACED = frozenset({"devices", "tmpfs", "volumes"})
"""Lists of what has a place in the service's file system: of two at one place the later replaces the earlier."""
HOSTS = frozenset({"extra_hosts", "build.extra_hosts"})


def merged(base: Node, over: Node, owner: str, path: str = "") -> Node:
    """``over`` laid over ``base``; ``path`` counts from the service at ``owner``. UserError when a mapping meets a list."""
    if over.tag == "override" or path in REPLACED:
        return over
    for paths, convert in CONVERSIONS:
        if path in paths:
            base, over = convert(base), convert(over)
    return base if over.value is None else _laid(base, over, owner, path)


def _laid(base: Node, over: Node, owner: str, path: str) -> Node:
    """By the kinds of the two: mappings merge, lists join, anything else is replaced."""
    match base.value, over.value:
        case tuple() as first, tuple() as second if path in PLACED:
            replaced = set(map(_target, second))
            return replace(over, value=(*(node for node in first if _target(node) not in replaced), *second))
        case tuple() as first, tuple() as second:
            present = {identity(node) for node in first}
            return replace(over, value=(*first, *(node for node in second if identity(node) not in present)))
        case Mapping() as first, Mapping() as second:
            other_driver = (
                path == "logging" and {_driver(first), _driver(second)}.isdisjoint({None}) and _driver(first) != _driver(second)
            )
            return over if other_driver else replace(over, value=_merged_entries(first, second, owner, path))
        case None, _:
            return over
        case (tuple() | Mapping(), _) | (_, tuple() | Mapping()) if not path.startswith("ulimits."):
            what = f"{kind(over)} cannot be merged over {kind(base)} of the extended service ({base.place})"
            raise wrong(over, f"{owner}.{path}", what, "write both alike")
    return over


def _merged_entries(first: Mapping[str, Node], second: Mapping[str, Node], owner: str, path: str) -> dict[str, Node]:
    entries = dict(first)
    for key, node in second.items():
        if node.tag == "reset":
            entries.pop(key, None)
        elif key in entries:
            entries[key] = merged(entries[key], node, owner, f"{path}.{key}" if path else key)
        else:
            entries[key] = node
    return entries


def identity(node: Node) -> object:
    """Something hashable that two equal values share, wherever they are written."""
    match node.value:
        case tuple() as nodes:
            return tuple(map(identity, nodes))
        case Mapping() as entries:
            return frozenset((key, identity(entry)) for key, entry in entries.items())
        case scalar:
            return type(scalar), scalar


def _target(node: Node) -> object:
    """Where it is seen in the service: ``SOURCE:TARGET…``, ``TARGET…`` or a mapping."""
    match node.value:
        case Mapping() as entries:
            found = entries.get("target") or entries.get("source")
            return _target(found) if found else identity(node)
        case str() as text:
            first, _, rest = text.partition(":")
            return (rest.split(":")[0] if rest.startswith("/") else first).rstrip("/")
        case _:
            return identity(node)


def _driver(logging: Mapping[str, Node]) -> object:
    return identity(logging["driver"]) if "driver" in logging else None


def pairs(node: Node) -> Node:
    """A list of ``KEY=VALUE`` as the mapping it means; a bare ``KEY`` has the value null."""
    if not isinstance(node.value, tuple):
        return node
    entries: dict[str, Node] = {}
    for item in node.value:
        if isinstance(item.value, tuple | Mapping) or item.value is None:
            return node  # the wrong shape: the check of shapes says so
        key, equals, value = as_text(item.value).partition("=")
        entries[key] = replace(item, value=value if equals else None)
    return replace(node, value=entries)


def _listed(node: Node) -> Node:
    return node if isinstance(node.value, tuple | Mapping) or node.value is None else replace(node, value=(node,))


def _named(node: Node) -> Node:
    if not isinstance(node.value, tuple):
        return node
    entries: dict[str, Node] = {}
    for item in node.value:
        if not isinstance(item.value, str):
            return node  # the wrong shape: the check of shapes says so
        entries[item.value] = replace(item, value=None)
    return replace(node, value=entries)


def _dependencies(node: Node) -> Node:
    plain = _named(node)
    if plain is node or not isinstance(plain.value, Mapping):
        return node
    started = {
        name: replace(item, value={"condition": replace(item, value="service_started")}) for name, item in plain.value.items()
    }
    return replace(node, value=started)


def _hosts(node: Node) -> Node:
    if not isinstance(node.value, Mapping):
        return node
    lines: list[Node] = []
    for host, entry in node.value.items():
        addresses = entry.value if isinstance(entry.value, tuple) else (entry,)
        lines += [
            replace(address, value=f"{host}={as_text(address.value)}")
            for address in addresses
            if not isinstance(address.value, tuple | Mapping)
        ]
    return replace(node, value=tuple(lines))


def _build(node: Node) -> Node:
    return replace(node, value={"context": node}) if isinstance(node.value, str) else node


CONVERSIONS: tuple[tuple[frozenset[str], Callable[[Node], Node]], ...] = (
    (PAIRS, pairs),
    (JOINED, _listed),
    (frozenset({"depends_on"}), _dependencies),
    (NAMED, _named),
    (HOSTS, _hosts),
    (frozenset({"build"}), _build),
)
