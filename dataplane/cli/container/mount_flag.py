"""The words of ``--mount`` and ``-v``. Those of errors are Docker's (28.2)."""

from __future__ import annotations

import os
from typing import Any

from dataplane.cli.container import sizes

_NAMES = {
    "type": "Type", "source": "Source", "src": "Source", "target": "Target", "dst": "Target", "destination": "Target",
    "consistency": "Consistency",
}  # fmt: skip
_TRUE, _FALSE = {"", "1", "t", "true"}, {"0", "f", "false"}


def mount(text: str) -> dict[str, Any]:
    """``type=bind,source=/a,target=/b,readonly``."""
    found: dict[str, Any] = {"Type": "volume"}
    for word in text.split(","):
        key, sign, value = word.partition("=")
        name = key.strip().lower()
        if name in {"readonly", "ro"}:
            if value.lower() not in _TRUE | _FALSE:
                raise ValueError(f"invalid value for {name}: {value}")
            found["ReadOnly"] = value.lower() in _TRUE
        elif not sign:
            raise ValueError(f"invalid field '{word}' must be a key=value pair")
        elif name in _NAMES:
            found[_NAMES[name]] = value.lower() if name == "type" else _path(value) if name in {"source", "src"} else value
        elif name == "bind-propagation":
            found.setdefault("BindOptions", {})["Propagation"] = value.lower()
        elif name == "tmpfs-size":
            found.setdefault("TmpfsOptions", {})["SizeBytes"] = sizes.size(value)
        elif name == "tmpfs-mode":
            found.setdefault("TmpfsOptions", {})["Mode"] = _octal(value)
        else:
            raise ValueError(f"unknown option '{key}' in '{word}'")
    if not found.get("Target"):
        raise ValueError("target is required")
    return found


def bind(text: str) -> str:
    """A source that begins with a dot is a path from here."""
    source, _, rest = text.partition(":")
    return f"{_path(source)}:{rest}"


def _path(source: str) -> str:
    return os.path.abspath(source) if source.startswith(".") else source  # noqa: PTH100 it need not exist


def _octal(text: str) -> int:
    try:
        return int(text, 8)
    except ValueError:
        raise ValueError(f"invalid value for tmpfs-mode: {text}") from None
