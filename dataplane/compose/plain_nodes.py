"""Python dicts and lists -> Nodes, for callers who build the topology in code; and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dataplane.compose.nodes import MAX_DEPTH, MAX_NODES, UNFIT, Node, Place, unfit
from dataplane.errors import UserError


def from_plain(value: object, folder: str) -> Node:
    """The tree of ``value``: mappings with text keys, lists, texts, numbers, truth values and None. UserError for anything else."""
    builder = _Builder(Place("<dict>", 0, folder))
    return builder.node(value, "", 0)


def plain(node: Node) -> object:
    """The tree without its places."""
    if isinstance(node.value, Mapping):
        return {key: plain(child) for key, child in node.value.items()}
    if isinstance(node.value, tuple):
        return [plain(child) for child in node.value]
    return node.value


class _Builder:
    def __init__(self, place: Place) -> None:
        self.place = place
        self.count = 0

    def node(self, value: object, path: str, depth: int) -> Node:
        self.count += 1
        if depth > MAX_DEPTH or self.count > MAX_NODES:
            raise self.wrong(path, f"the topology is nested more than {MAX_DEPTH} deep or holds more than {MAX_NODES:,} values")
        match value:
            case str():
                return Node(self.text(value, path), self.place)
            case None | bool() | int() | float():
                return Node(value, self.place)
            case Mapping():
                entries = {
                    self.key(key, path): self.node(child, f"{path}.{key}" if path else str(key), depth + 1)
                    for key, child in value.items()
                }
                return Node(entries, self.place)
            case Sequence() if not isinstance(value, bytes | bytearray | memoryview):
                return Node(tuple(self.node(item, f"{path}[{i}]", depth + 1) for i, item in enumerate(value)), self.place)
        raise self.wrong(path, f"a {type(value).__name__} is no value of a Compose file")

    def key(self, key: object, path: str) -> str:
        if not isinstance(key, str):
            raise self.wrong(path, f'the key "{key}" is not a text')
        return self.text(key, path)

    def text(self, text: str, path: str) -> str:
        if unfit(text):
            raise self.wrong(path, UNFIT)
        return text

    def wrong(self, path: str, what: str) -> UserError:
        return UserError(what, where=f"{self.place}: {path}" if path else str(self.place))
