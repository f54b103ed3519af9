"""Variables in the values of a tree. Keys are left alone, as in Compose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from dataplane.compose.nodes import Node, Value, wrong
from dataplane.compose.substitution import Substitution, SubstitutionError


def interpolated(root: Node, substitution: Substitution) -> Node:
    """``root`` with every text substituted. Values shared by aliases are visited once, so an alias bomb costs nothing here."""
    done: dict[int, Value] = {}

    def visit(node: Node, path: str) -> Node:
        value = node.value
        if isinstance(value, str):
            if "$" not in value:
                return node
            try:
                return replace(node, value=substitution(value))
            except SubstitutionError as error:
                raise wrong(node, path, error.what, error.mend) from None
        if not isinstance(value, tuple | Mapping):
            return node
        if id(value) not in done:
            done[id(value)] = (
                tuple(visit(child, f"{path}[{index}]") for index, child in enumerate(value))
                if isinstance(value, tuple)
                else {key: visit(child, f"{path}.{key}" if path else key) for key, child in value.items()}
            )
        return replace(node, value=done[id(value)])

    return visit(root, "")
