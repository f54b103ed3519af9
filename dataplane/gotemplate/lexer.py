"""A template's text as tokens. ``Token.kind``: text, open, close, and inside an action field, variable, word, string, number, or
the sign itself."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass

from dataplane.gotemplate.errors import TemplateError

SPACE = " \t\r\n"
INSIDE = re.compile(
    r"""(?P<space>[ \t\r\n]+)
      | (?P<string>"(?:[^"\\\n]|\\.)*"|`[^`]*`|'(?:[^'\\\n]|\\.)+')
      | (?P<number>[+-]?(?:0[xX][0-9a-fA-F_]+|(?:[0-9][0-9_]*)?\.?[0-9]+(?:[eE][+-]?[0-9]+)?))
      | (?P<field>\.[^\W\d]\w*)
      | (?P<variable>\$\w*)
      | (?P<word>[^\W\d]\w*)
      | (?P<sign>:=|[.|(),=])""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text. ``spaced``: blanks stand in front of it. ``column``: from 0."""

    kind: str
    text: str
    line: int
    column: int
    spaced: bool = False


def tokens(text: str) -> Iterator[Token]:
    """All of them. TemplateError for what can be none."""
    at, trim = 0, False
    while True:
        begin = text.find("{{", at)
        plain = text[at:] if begin < 0 else text[at:begin]
        if trim:
            plain = plain.lstrip(SPACE)
        if begin < 0:
            if plain:
                yield Token("text", plain, *_place(text, at))
            return
        left = text.startswith("{{-", begin) and text[begin + 3 : begin + 4] in (*SPACE,)
        if left:
            plain = plain.rstrip(SPACE)
        if plain:
            yield Token("text", plain, *_place(text, at))
        start = begin + (3 if left else 2)
        at, trim = yield from _action(text, begin, start)


def _action(text: str, begin: int, at: int) -> Generator[Token, None, tuple[int, bool]]:
    """From behind ``{{`` to behind ``}}``; where it ended, and whether blanks behind it are trimmed."""
    bare = len(text[at:]) - len(text[at:].lstrip(SPACE))
    if text.startswith("/*", at + bare):
        return _comment(text, at + bare)
    yield Token("open", "{{", *_place(text, begin))
    spaced = False
    while True:
        if text.startswith("}}", at):
            yield Token("close", "}}", *_place(text, at), spaced)
            return at + 2, False
        if spaced and text.startswith("-}}", at):
            yield Token("close", "-}}", *_place(text, at), spaced)
            return at + 3, True
        if at >= len(text):
            raise _wrong(text, begin, "unclosed action")
        match = INSIDE.match(text, at)
        if match is None:
            sign = text[at]
            if sign in "\"'`":
                raise _wrong(text, at, "unterminated quoted string" if sign == '"' else "unterminated raw quoted string")
            raise _wrong(text, at, f"bad character U+{ord(sign):04X} '{sign}'")
        kind = str(match.lastgroup)
        if kind == "space":
            spaced = True
        else:
            found = match[0]
            yield Token(found if kind == "sign" else kind, found, *_place(text, at), spaced)
            spaced = False
        at = match.end()


def _comment(text: str, at: int) -> tuple[int, bool]:
    end = text.find("*/", at)
    if end < 0:
        raise _wrong(text, at, "unclosed comment")
    behind = re.compile(r"([ \t\r\n]-)?\}\}").match(text, end + 2)
    if behind is None:
        raise _wrong(text, at, "comment ends before closing delimiter")
    return behind.end(), behind[1] is not None


def _place(text: str, at: int) -> tuple[int, int]:
    return text.count("\n", 0, at) + 1, len(text[text.rfind("\n", 0, at) + 1 : at].encode())


def _wrong(text: str, at: int, what: str) -> TemplateError:
    return TemplateError(f"template: :{_place(text, at)[0]}: {what}")
