"""The variables of a service's process, and its labels: files first, then what the service itself says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from dataplane.compose.envfile import FORMATS
from dataplane.compose.files import exists, read_text
from dataplane.compose.nodes import At
from dataplane.compose.values import frozen, optional_pairs
from dataplane.model import Options

Lookup = Callable[[str], str | None]


def environment(service: At, lookup: Lookup) -> Options:
    """``env_file`` below ``environment``. A bare key takes its value from ``lookup``, and is left out when that has none."""
    own = optional_pairs(service.get("environment"))
    resolved = {key: lookup(key) if value is None else value for key, value in own.items()}

    given = {key: value for key, value in resolved.items() if value is not None}
    variables = _from_files(service.get("env_file"), partial(_first, lookup, given))
    for key, value in resolved.items():
        if value is None:
            variables.pop(key, None)
        else:
            variables[key] = value
    return frozen(variables)


def labels(service: At, lookup: Lookup) -> Options:
    """``label_file`` below ``labels``."""
    own = {key: value or "" for key, value in optional_pairs(service.get("labels")).items()}
    return frozen(_from_files(service.get("label_file"), lookup) | own)


def _first(lookup: Lookup, below: Mapping[str, str], name: str) -> str | None:
    value = lookup(name)
    return below.get(name) if value is None else value


def _from_files(files: At | None, lookup: Lookup) -> dict[str, str]:
    found: dict[str, str] = {}
    for entry in files.elements() if files else ():
        named, required, form = entry, True, ""
        if isinstance(entry.value, Mapping):
            named = entry.get("path") or entry
            flag, format_ = entry.get("required"), entry.get("format")
            required = flag is None or flag.boolean()
            form = format_.text() if format_ else ""
            if format_ and form not in FORMATS:
                raise format_.wrong(f'there is no format "{form}"', "write format: raw, or leave it out")
        path = Path(named.node.place.folder, named.text())
        if not required and not exists(path):
            continue
        text = read_text(path, named.wrong("").where)
        found |= FORMATS[form](text, str(path), partial(_first, lookup, found))
    return found
