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
HOSTS = frozenset({"extra_hosts", "build.extra_hosts"})


def merged(base: Node, over: Node, path: str = "") -> Node:
    """``over`` laid over ``base``; ``path`` counts from the service. UserError when a mapping meets a list."""
    if over.tag == "override":
        return over
    if path in REPLACED:
        return over
    for paths, convert in CONVERSIONS:
        if path in paths:
            base, over = convert(base), convert(over)
    if over.value is None:
        return base
    match base.value, over.value:
        case tuple() as first, tuple() as second:
            return replace(over, value=(*first, *(node for node in second if not any(same(node, other) for other in first))))
        case Mapping() as first, Mapping() as second:
            if path == "logging" and _driver(first) not in (None, _driver(second)) and _driver(second) is not None:
                return over
            return replace(over, value=_merged_entries(first, second, path))
        case (tuple() | Mapping(), _) | (_, tuple() | Mapping()) if base.value is not None and not path.startswith("ulimits."):
            raise wrong(
                over,
                path,
                f"{kind(over)} cannot be merged over {kind(base)} of the extended service ({base.place})",
                "write both alike",
            )
    return over


def _merged_entries(first: Mapping[str, Node], second: Mapping[str, Node], path: str) -> dict[str, Node]:
    entries = dict(first)
    for key, node in second.items():
        if node.tag == "reset":
            entries.pop(key, None)
        elif key in entries:
            entries[key] = merged(entries[key], node, f"{path}.{key}" if path else key)
        else:
            entries[key] = node
    return entries


def same(one: Node, other: Node) -> bool:
    """Whether two values are equal, wherever they are written."""
    match one.value, other.value:
        case tuple() as first, tuple() as second:
            return len(first) == len(second) and all(map(same, first, second))
        case Mapping() as first, Mapping() as second:
            return first.keys() == second.keys() and all(same(first[key], second[key]) for key in first)
        case first, second:
            return type(first) is type(second) and first == second


def _driver(logging: Mapping[str, Node]) -> object:
    return logging["driver"].value if "driver" in logging else None


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
