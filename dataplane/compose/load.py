"""A Compose file, text or dict -> Topology: the one way in."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypedDict, Unpack

from dataplane.compose.envfile import parse
from dataplane.compose.extends import extended
from dataplane.compose.files import exists, find, read_text
from dataplane.compose.findings import Findings
from dataplane.compose.interpolate import interpolated
from dataplane.compose.names import from_folder, lab_name
from dataplane.compose.nodes import At, Node
from dataplane.compose.plain_nodes import from_plain
from dataplane.compose.substitution import Substitution
from dataplane.compose.topology import topology
from dataplane.compose.yaml_nodes import read
from dataplane.model import Topology

UNNAMED = "lab"
"""The name of a lab that comes as text or dict and does not say one: there is no folder to take it from."""
OVERRIDES = ("compose.override.yaml", "compose.override.yml", "docker-compose.override.yml", "docker-compose.override.yaml")

Source = str | os.PathLike[str] | Mapping[str, object]


class Options(TypedDict, total=False):
    """How a file is read. None of them need be given."""

    name: str | None
    """The lab's name; else the file's ``name:``, else its folder's."""
    profiles: Sequence[str]
    """Else ``COMPOSE_PROFILES``."""
    environment: Mapping[str, str] | None
    """What variables are taken from, ``os.environ`` by default; ``.env`` beside the file stands below it."""
    text: bool
    """The source is YAML text, which it is also when it has more than one line."""
    run_commands: bool
    """Also run the commands of services with a ``build`` or an image."""


def load(source: Source, **options: Unpack[Options]) -> Topology:
    """The topology that ``source`` describes: the path of a file or of a folder that holds one, a dict, or YAML text.

    UserError names the first thing that is wrong, with file, line, key and mend; what is merely without effect is in ``warnings``.
    """
    return understood(source, **options)[1]


def understood(source: Source, **options: Unpack[Options]) -> tuple[Node, Topology]:
    """The file's tree with variables put in and ``extends`` carried out, and its topology; as ``load``."""
    environment = options.get("environment")
    outer = os.environ if environment is None else environment
    raw, beside = _open(source, options.get("text", False))
    variables = _variables(beside, outer)
    findings = Findings()
    lab = _name(raw, options.get("name"), Substitution(variables.get))
    substitution = Substitution({**variables, "COMPOSE_PROJECT_NAME": lab}.get)

    def read_other(path: Path, at: At) -> Node:
        other = read(read_text(path, at.wrong("").where), str(path), str(path.parent))
        return interpolated(other, substitution)

    root = extended(interpolated(raw, substitution), read_other)
    findings.unset |= substitution.unset
    if beside is not None:
        findings.remarks += _overrides(beside)
    chosen = tuple(options.get("profiles", ())) or tuple(filter(None, variables.get("COMPOSE_PROFILES", "").split(",")))
    return root, topology(root, lab, chosen, variables.get, findings, run_commands=options.get("run_commands", False))


def _open(source: Source, text: bool) -> tuple[Node, Path | None]:
    """The tree, and the file it came from."""
    if isinstance(source, Mapping):
        return from_plain(source, str(Path.cwd())), None
    if isinstance(source, str) and (text or "\n" in source):
        return read(source, "<text>", str(Path.cwd())), None
    path = Path(source)
    if exists(path) and path.is_dir():
        path = find(path)
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - Path.absolute keeps "..", Path.resolve follows links
    return read(read_text(path), str(path), str(absolute.parent)), absolute


def _variables(file: Path | None, outer: Mapping[str, str]) -> dict[str, str]:
    """``.env`` beside the file, below the environment."""
    beside = file.parent / ".env" if file else None
    if beside is None or not exists(beside):
        return dict(outer)
    return parse(read_text(beside), str(beside), outer.get) | dict(outer)


def _name(raw: Node, given: str | None, substitution: Substitution) -> str:
    """The lab's name: given, written, the folder's."""
    if given is not None:
        return lab_name(given, "")
    written = At(raw).get("name") if isinstance(raw.value, Mapping) else None
    if written is not None and isinstance(written.value, str):
        return lab_name(At(interpolated(written.node, substitution), written.path).text(), written.wrong("").where)
    return from_folder(raw.place.folder, raw.place.file) if not raw.place.file.startswith("<") else UNNAMED


def _overrides(file: Path) -> list[str]:
    """Compose would lay an override file over this one; we read one file, and say so."""
    found = [name for name in OVERRIDES if exists(file.parent / name)]
    return [f"{name} beside the file is not read: give one file" for name in found]
