"""``extends``: a service that begins as a copy of another, of this file or of another one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from dataplane.compose.keys import unknown
from dataplane.compose.merge import merged
from dataplane.compose.nodes import MAX_NODES, At, Node

MAX_CHAIN = 32
ReadFile = Callable[[Path, At], Node]
"""The root of another file, its variables substituted; the At is where it was asked for."""


def extended(root: Node, read: ReadFile) -> Node:
    """``root`` with every ``extends`` resolved and every ``!reset`` done. UserError for circles and services that are not there."""
    services = At(root).get("services") if isinstance(root.value, Mapping) else None
    if services is None or not isinstance(services.value, Mapping):
        return cleared(root)
    resolver = _Resolver(read)
    resolved = {name: resolver.service(root, entry, name, ()) for name, entry in services.items()}
    entries = {**root.value, "services": replace(services.node, value=resolved)} if isinstance(root.value, Mapping) else {}
    return cleared(replace(root, value=entries))


class _Resolver:
    def __init__(self, read: ReadFile) -> None:
        self.read = read
        self.files: dict[Path, Node] = {}
        self.values = 0

    def service(self, root: Node, at: At, name: str, chain: tuple[tuple[str, str], ...]) -> Node:
        """The service at ``at`` of ``root``, laid over what it extends. ``chain``: the (file, service) pairs on the way here."""
        if not isinstance(at.value, Mapping):
            return at.node
        extends = at.get("extends")
        if extends is None:
            return at.node
        link = (root.place.file, name)
        if link in chain:
            circle = " -> ".join(service for _, service in (*chain[chain.index(link) :], link))
            raise extends.wrong(f"services extend each other in a circle: {circle}", "take one extends out of the circle")
        if len(chain) == MAX_CHAIN:
            raise extends.wrong(f"more than {MAX_CHAIN} services extend one another", "extend the last one directly")
        other, base, base_name = self.base(root, extends)
        below = self.service(other, base, base_name, (*chain, link))
        own = {key: node for key, node in at.value.items() if key != "extends"}
        over = replace(at.node, value=own)
        self.values += count(below)
        if self.values > MAX_NODES:
            raise extends.wrong(f"what the services extend comes to more than {MAX_NODES:,} values", "extend smaller services")
        return merged(below, over, at.path) if below.value is not None else over

    def base(self, root: Node, extends: At) -> tuple[Node, At, str]:
        """The file, the place and the name of what is extended."""
        if isinstance(extends.value, Mapping):
            for key, entry in extends.items():
                if key not in ("service", "file"):
                    raise unknown(entry, key, ("service", "file"), False)
            service, file = extends.get("service"), extends.get("file")
            if service is None:
                raise extends.wrong('"service" is missing', "write service: NAME under it")
        else:
            service, file = extends, None
        name = service.text()
        if file is not None:
            root = self.file(file)
        services = At(root).get("services")
        base = services.get(name) if services is not None and isinstance(services.value, Mapping) else None
        if base is None:
            names = (
                ", ".join(key for key, _ in services.items())
                if services is not None and isinstance(services.value, Mapping)
                else "none"
            )
            raise service.wrong(f'there is no service "{name}" in {root.place.file} to extend', f"services there: {names}")
        return root, base, name

    def file(self, at: At) -> Node:
        """The root of the file that is named at ``at``, relative to the file that names it."""
        path = Path(at.node.place.folder, at.text())
        if path not in self.files:
            self.files[path] = self.read(path, at)
        return self.files[path]


def count(node: Node) -> int:
    """Values in ``node``, itself included."""
    match node.value:
        case tuple() as nodes:
            return 1 + sum(map(count, nodes))
        case Mapping() as entries:
            return 1 + sum(map(count, entries.values()))
    return 1


def cleared(node: Node) -> Node:
    """``node`` without the values that ``!reset`` takes away."""
    done: dict[int, object] = {}

    def visit(node: Node) -> Node:
        value = node.value
        if not isinstance(value, tuple | Mapping):
            return node
        if id(value) not in done:
            done[id(value)] = (
                tuple(visit(child) for child in value if child.tag != "reset")
                if isinstance(value, tuple)
                else {key: visit(child) for key, child in value.items() if child.tag != "reset"}
            )
        return replace(node, value=done[id(value)])  # type: ignore[arg-type]

    return visit(node)
