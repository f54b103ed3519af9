"""How Go's fmt prints values: ``%v`` and the verbs of Printf."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

VERB = re.compile(r"%([-+# 0]*)(\*|\d+)?(?:\.(\d+))?(.)?", re.DOTALL)


def plain(value: Any, *, nil: str = "<nil>") -> str:
    """``%v``: maps by key, slices in brackets."""
    if value is None:
        return nil
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _general(value)
    if isinstance(value, Mapping):
        return f"map[{' '.join(f'{plain(key)}:{plain(value[key])}' for key in sorted(value))}]"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{' '.join(plain(one) for one in value)}]"
    return str(value)


def line(values: Sequence[Any]) -> str:
    """Println: blanks between all."""
    return " ".join(plain(value) for value in values) + "\n"


def joined(values: Sequence[Any]) -> str:
    """Print: blanks between two neighbours neither of which is a string."""
    out = ""
    for number, value in enumerate(values):
        if number and not isinstance(value, str) and not isinstance(values[number - 1], str):
            out += " "
        out += plain(value)
    return out


def formatted(layout: str, values: Sequence[Any]) -> str:
    """Printf, with Go's complaints inside the text for verbs and values that do not fit."""
    left = list(values)

    def one(match: re.Match[str]) -> str:
        flags, width, precision, verb = match.groups()
        if verb is None:
            return "%!(NOVERB)"
        if verb == "%":
            return "%"
        wide = left.pop(0) if width == "*" and left else width
        if not left:
            return f"%!{verb}(MISSING)"
        return _padded(_verb(verb, left.pop(0), flags, precision), flags, int(wide or 0), verb)

    text = VERB.sub(one, layout)
    if left:
        text += "%!(EXTRA " + ", ".join(f"{type_name(value)}={plain(value)}" for value in left) + ")"
    return text


def _verb(verb: str, value: Any, flags: str, precision: str | None) -> str:
    whole = isinstance(value, int) and not isinstance(value, bool)
    text = None
    if verb == "v":
        text = plain(value)
    elif verb == "T":
        text = type_name(value)
    elif verb == "t" and isinstance(value, bool):
        text = plain(value)
    elif verb == "s" and isinstance(value, str):
        text = value if precision is None else value[: int(precision)]
    elif verb == "q" and isinstance(value, str):
        text = json.dumps(value, ensure_ascii=False)
    elif verb in "sq" and isinstance(value, Sequence | Mapping):
        text = plain([json.dumps(one) for one in value] if verb == "q" else value)
    elif verb in "dxXobc" and whole:
        text = chr(value) if verb == "c" else format(value, verb)
    elif verb in "xX" and isinstance(value, str):
        text = value.encode().hex() if verb == "x" else value.encode().hex().upper()
    elif verb in "feEgG" and isinstance(value, float):
        text = format(value, f".{precision or 6}{verb}") if verb in "feE" or precision else _general(value)
    if text is None:
        return f"%!{verb}({type_name(value)}={plain(value)})" if value is not None else f"%!{verb}(<nil>)"
    return f"+{text}" if "+" in flags and (whole or isinstance(value, float)) and not text.startswith("-") else text


def _padded(text: str, flags: str, width: int, verb: str) -> str:
    if "-" in flags:
        return text.ljust(width)
    return text.zfill(width) if "0" in flags and verb not in "sqvT" else text.rjust(width)


def _general(value: float) -> str:
    """Shortest; with an exponent from 1e21 on and below 1e-4, as %v has it."""
    if value == int(value) and abs(value) < 1e21:
        return str(int(value))
    return re.sub(r"e([+-])(\d)$", r"e\g<1>0\2", repr(value))


def type_name(value: Any) -> str:
    """What Go calls the type of a value that came from JSON."""
    for kind, name in ((bool, "bool"), (int, "int"), (float, "float64"), (str, "string"), (Mapping, "map[string]interface {}")):
        if isinstance(value, kind):
            return name
    return "<nil>" if value is None else "[]interface {}"
