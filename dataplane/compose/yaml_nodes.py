"""YAML text -> Nodes.

Built from PyYAML's events, never from its constructors: no tag can make an object, every value keeps its line, a key written twice
is an error, and depth and size (aliases counted each time they are used) are bounded while reading.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NoReturn

import yaml

from dataplane.compose.nodes import MAX_DEPTH, MAX_NODES, UNFIT, Node, Place, Scalar, clipped, kind, unfit
from dataplane.compose.scalars import TAGS, plain
from dataplane.errors import UserError

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MERGE = "<<"
OURS = {"!reset": "reset", "!override": "override"}


def read(text: str, file: str, folder: str) -> Node:
    """The one document in ``text``. ``file`` and ``folder`` are what its Places say; UserError for anything but sound YAML."""
    reader = _Reader(file, folder)
    try:
        reader.events = yaml.parse(text, Loader=LOADER)
        return reader.document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{file}:{mark.line + 1}" if mark else file
        problem = error.problem or error.context or "no sense can be made of it"
        raise UserError(f"this is not YAML: {problem}", where=where, mend="check quotes, colons and indentation here") from None
    except (yaml.YAMLError, ValueError) as error:
        # A character YAML forbids; PyYAML names it in the first line.
        raise UserError(f"this is not YAML: {str(error).splitlines()[0]}", where=file, mend="save it as UTF-8 text") from None


class _Reader:
    def __init__(self, file: str, folder: str) -> None:
        self.file = file
        self.folder = folder
        self.events: Iterator[Any] = iter(())
        self.anchors: dict[str, Node] = {}
        self.sizes: dict[int, int] = {}
        """Values below a container's value, itself included, aliases expanded; by id, the anchors keep them alive."""
        self.keep: list[object] = []

    def wrong(self, event: Any, what: str, mend: str = "") -> NoReturn:
        raise UserError(clipped(what), where=f"{self.file}:{event.start_mark.line + 1}", mend=mend)

    def place(self, event: Any) -> Place:
        return Place(self.file, event.start_mark.line + 1, self.folder)

    def document(self) -> Node:
        root: Node | None = None
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    self.wrong(event, "a second YAML document begins here", "keep one document (---) in the file")
                self.anchors.clear()
                root = self.node(next(self.events), 0)
        if root is None:
            raise UserError("the file is empty", where=self.file, mend="write at least: services: {web: {image: host}}")
        return root

    def node(self, event: Any, depth: int) -> Node:
        if depth > MAX_DEPTH:
            self.wrong(event, f"values are nested more than {MAX_DEPTH} deep")
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self.anchors:
                self.wrong(
                    event,
                    f'the alias "*{event.anchor}" has no anchor above it',
                    f"write &{event.anchor} where the value is defined",
                )
            return replace(self.anchors[event.anchor], place=self.place(event))
        if isinstance(event, yaml.ScalarEvent):
            node = Node(self.scalar(event), self.place(event), OURS.get(event.tag or "", ""))
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self.sequence(event, depth)
        else:
            node = self.mapping(event, depth)
        if event.anchor:
            self.anchors[event.anchor] = node
        return node

    def scalar(self, event: Any) -> Scalar:
        text: str = event.value
        if unfit(text):
            self.wrong(event, UNFIT)
        if event.tag is None or event.tag in OURS:
            return text if event.style else plain(text)
        if event.tag not in TAGS and event.tag != "!":
            self.wrong(event, f'the tag "{event.tag}" means nothing here', "remove it")
        return TAGS.get(event.tag, str)(text)

    def tag(self, event: Any, builtin: str) -> str:
        if event.tag in (None, "!", f"tag:yaml.org,2002:{builtin}"):
            return ""
        if event.tag not in OURS:
            self.wrong(event, f'the tag "{event.tag}" means nothing here', "remove it")
        return OURS[event.tag]

    def sized(self, event: Any, value: Any, children: Iterator[Node]) -> None:
        size = 1 + sum(self.sizes.get(id(child.value), 1) for child in children)
        if size > MAX_NODES:
            self.wrong(event, f"the file expands to more than {MAX_NODES:,} values", "use fewer aliases, or split the file")
        self.sizes[id(value)] = size
        self.keep.append(value)

    def sequence(self, event: Any, depth: int) -> Node:
        nodes: list[Node] = []
        while not isinstance(item := next(self.events), yaml.SequenceEndEvent):
            nodes.append(self.node(item, depth + 1))
        value = tuple(nodes)
        self.sized(event, value, iter(value))
        return Node(value, self.place(event), self.tag(event, "seq"))

    def mapping(self, event: Any, depth: int) -> Node:
        own: dict[str, Node] = {}
        merged: dict[str, Node] = {}
        lines: dict[str, int] = {}
        while not isinstance(item := next(self.events), yaml.MappingEndEvent):
            key = self.key(item)
            if key in lines:
                self.wrong(item, f'the key "{key}" is written twice, first in line {lines[key]}', "keep one of the two")
            lines[key] = item.start_mark.line + 1
            node = self.node(next(self.events), depth + 1)
            if key == MERGE and not getattr(item, "style", ""):
                merged = self.merge(item, node)
            else:
                own[key] = replace(node, place=self.place(item))
        value = merged | own
        self.sized(event, value, iter(value.values()))
        return Node(value, self.place(event), self.tag(event, "map"))

    def key(self, event: Any) -> str:
        if isinstance(event, yaml.AliasEvent):
            value = self.node(event, 0).value
        elif isinstance(event, yaml.ScalarEvent):
            value = self.scalar(event)
            if event.anchor:
                self.anchors[event.anchor] = Node(value, self.place(event))
        else:
            self.wrong(event, "a list or mapping cannot be a key", "write a text before the colon")
        if not isinstance(value, str):
            self.wrong(event, f'the key "{getattr(event, "value", value)}" is not a text', "put it in quotes")
        return value

    def merge(self, event: Any, node: Node) -> dict[str, Node]:
        """What ``<<`` brings in: of a list of mappings the first that has a key gives it (https://yaml.org/type/merge.html)."""
        sources = node.value if isinstance(node.value, tuple) else (node,)
        merged: dict[str, Node] = {}
        for source in reversed(sources):
            if not isinstance(source.value, Mapping):
                self.wrong(event, f'"<<" merges mappings, and {kind(source)} stands here', "give it *alias or [*one, *two]")
            merged |= source.value
        return merged
