"""``volumes`` of a service: Docker's short form and Compose's long one. The words of errors are Docker's."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dataplane.compose.nodes import At
from dataplane.compose.sizes import memory
from dataplane.compose.tmpfs import mode
from dataplane.compose.values import flag, mount_target
from dataplane.mounts import MODES

SHARED = frozenset({"shared", "rshared"})
TARGET = "write where it is to be seen, from the root: /srv/data"
FORMS = 'write "./FOLDER:/TARGET", "/PATH:/TARGET:ro" or "NAME:/TARGET"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """An entry. ``kind``: as ``type`` has it. ``source``: of a bind the whole path; else what is written, "" where nothing is.
    ``make``: a path that is not there becomes a folder. ``options``: of a tmpfs. ``modes``: what the short form adds to it."""

    at: At
    kind: str
    source: str
    target: str
    read_only: bool = False
    make: bool = False
    options: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()


def volumes(at: At | None) -> tuple[Volume, ...]:
    """Every entry, in order."""
    return tuple(_long(entry) if isinstance(entry.value, Mapping) else _short(entry) for entry in at.elements()) if at else ()


def path(at: At, text: str) -> str:
    """A path of the host, whole: relative ones start at the file that has them, ``~`` is the home of who asks."""
    if text.startswith("~") and text[1:2] not in {"", "/"}:
        raise at.wrong(f'"{text}" is not a path', "write it from the root, or with ~/ from your own home")
    home = os.path.expanduser("~") + text[1:] if text.startswith("~") else text  # noqa: PTH111
    return os.path.normpath(os.path.join(at.node.place.folder, home))  # noqa: PTH118 - Path keeps ".."


def unkept(one: Volume) -> Iterator[str]:
    """What a bind asks for and does not get: mounts that reach the host, or other than all below it."""
    bind = one.at.get("bind") if isinstance(one.at.value, Mapping) else None
    propagation, recursive = (bind.get("propagation"), bind.get("recursive")) if bind else (None, None)
    if SHARED & {*one.modes, propagation.text() if propagation else ""}:
        yield "volumes.bind.propagation"
    if recursive is not None and recursive.text() in {"disabled", "readonly"}:
        yield "volumes.bind.recursive"


def _short(at: At) -> Volume:
    """``[SOURCE:]TARGET[:MODE,…]``; a source that begins like a path is one."""
    text = at.text()
    parts = text.split(":")
    if len(parts) > 3 or not all(parts[:2]):
        raise at.wrong(f"invalid volume specification: '{text}'", FORMS)
    source, where = ("", parts[0]) if len(parts) == 1 else (parts[0], parts[1])
    modes = tuple(parts[2].split(",")) if len(parts) == 3 else ()
    if unknown := next((mode for mode in modes if mode not in MODES), None):
        raise at.wrong(f"invalid volume specification: '{text}': invalid mode: {unknown}", "write ro, or nothing")
    bind = source.startswith((".", "/", "~"))
    return Volume(
        at=at,
        kind="bind" if bind else "volume",
        source=path(at, source) if bind else source,
        target=mount_target(at, where, TARGET),
        read_only="ro" in modes,
        make=bind,
        modes=modes,
    )


def _long(at: At) -> Volume:
    kind, source, where = (at.get(key) for key in ("type", "source", "target"))
    assert kind is not None  # its shape has been checked
    if where is None:
        raise at.wrong('"target" is missing', "write target: /PATH, where it is to be seen")
    if kind.text() == "bind" and (source is None or not source.text()):
        raise at.wrong("field Source must not be empty", "write source: ./FOLDER, or /PATH of this host")
    if kind.text() == "tmpfs" and source is not None:
        raise source.wrong("a file system in memory has no source", "remove source, or write type: bind")
    bind = at.get("bind")
    return Volume(
        at=at,
        kind=kind.text(),
        source="" if source is None else path(source, source.text()) if kind.text() == "bind" else source.text(),
        target=mount_target(where, where.text(), TARGET),
        read_only=flag(at, "read_only"),
        make=bind is not None and flag(bind, "create_host_path"),
        options=_memory(at.get("tmpfs")),
    )


def _memory(at: At | None) -> tuple[str, ...]:
    octets, bits = (at.get("size"), at.get("mode")) if at else (None, None)
    return (*((f"size={memory(octets)}",) if octets else ()), *((f"mode={mode(bits):o}",) if bits else ()))
