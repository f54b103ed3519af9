"""Reading a driver's options: text in the file, checked values here. Where Docker has words for a bad value, they are Docker's."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from dataplane.errors import UserError
from dataplane.model import Options

TRUE = frozenset({"1", "t", "T", "true", "TRUE", "True"})  # what Go's strconv.ParseBool takes
FALSE = frozenset({"0", "f", "F", "false", "FALSE", "False"})


def integer(options: Options, key: str, default: int, *, low: int, high: int) -> int:
    """The option as a whole number. Errors: UserError if it is none, or out of bounds."""
    text = options.get(key)
    if text is None:
        return default
    digits = text[1:] if text[:1] in {"+", "-"} else text
    if not (digits.isascii() and digits.isdigit()):
        raise _unparsed(key, text, "strconv.Atoi", f"a whole number from {low} to {high}")
    if not low <= int(text) <= high:
        raise UserError(f"{key} is {text}, and must be from {low} to {high}", mend=f"write {key}: {default}, or leave it out")
    return int(text)


def boolean(options: Options, key: str, default: bool) -> bool:
    """The option as true or false. Errors: UserError."""
    text = options.get(key)
    if text is None:
        return default
    if text not in TRUE | FALSE:
        raise _unparsed(key, text, "strconv.ParseBool", "true or false")
    return text in TRUE


def seconds(options: Options, key: str, default_ns: int) -> int:
    """The option, written in seconds, as nanoseconds; 0 to a million. Errors: UserError."""
    text = options.get(key)
    if text is None:
        return default_ns
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal(-1)
    if not value.is_finite() or not 0 <= value <= 1_000_000:
        raise UserError(f"{key} is {text!r}, which is not a number of seconds", mend=f'write {key}: "300" for five minutes')
    return int(value * 1_000_000_000)


def _unparsed(key: str, text: str, function: str, wanted: str) -> UserError:
    return UserError(
        f'failed to parse {key} value: {text} ({function}: parsing "{text}": invalid syntax)', mend=f"{key} takes {wanted}"
    )
