"""Files of variables: ``.env``, ``env_file`` and ``label_file``.

The form of Compose's own reader: ``KEY=value``, ``KEY: value``, ``export KEY=value``, a bare ``KEY`` that takes its value from
outside, comments, single quotes (as written), double quotes (escapes and variables, over several lines), ``value # comment``.
``raw``: every line ``KEY=VALUE`` to the letter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from dataplane.compose.substitution import Substitution, SubstitutionError
from dataplane.errors import UserError

BLANK = re.compile(r"(?:\s|#[^\n]*)*")
KEY = re.compile(r"(?:export[ \t]+)?(?P<key>[\w.\[\]-]+)[ \t\r]*(?P<end>[=:\n]|$)")
SINGLE = re.compile(r"'((?:[^'\\]|\\.)*)'", re.DOTALL)
DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
ESCAPE = re.compile(r'\\(?:([abcfnrtv$"\\])|0([0-7]{0,3}))')
LETTERS = {"a": "\a", "b": "\b", "c": "c", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "$": "$$", '"': '"', "\\": "\\"}
Lookup = Callable[[str], str | None]


def parse(text: str, file: str, lookup: Lookup) -> dict[str, str]:
    """The variables in ``text``. Values may use what ``lookup`` knows and, below that, variables further up in the file.

    A bare KEY that ``lookup`` does not know is left out. UserError with file and line for anything else.
    """
    found: dict[str, str] = {}

    def known(name: str) -> str | None:
        outside = lookup(name)
        return found.get(name) if outside is None else outside

    substitute = Substitution(known)
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    position, line, counted = 0, 1, 0
    while (position := _after(BLANK, text, position)) < len(text):
        line += text.count("\n", counted, position)
        counted = position
        where = f"{file}:{line}"
        match = KEY.match(text, position)
        if match is None:
            begin = text[position : position + 60].split("\n", 1)[0]
            raise UserError(f'"{begin}" is not a variable', where=where, mend="write KEY=value, or begin the line with #")
        position = match.end()
        if match["end"] in ("\n", ""):
            value = lookup(match["key"])
            if value is not None:
                found[match["key"]] = value
            continue
        try:
            found[match["key"]], position = _value(text, position, substitute, where)
        except SubstitutionError as error:
            raise UserError(error.what, where=where, mend=error.mend) from None
    return _sound(found, file)


def _after(pattern: re.Pattern[str], text: str, position: int) -> int:
    match = pattern.match(text, position)
    return match.end() if match else position


def _value(text: str, position: int, substitute: Substitution, where: str) -> tuple[str, int]:
    while position < len(text) and text[position] in " \t":
        position += 1
    quote = text[position : position + 1]
    if quote in ("'", '"') and quote:
        match = (SINGLE if quote == "'" else DOUBLE).match(text, position)
        if match is None:
            raise UserError("a quote is opened here and never closed", where=where, mend=f"close it with {quote}")
        if quote == "'":
            return match[1].replace("\\'", "'"), match.end()
        return substitute(ESCAPE.sub(_unescaped, match[1])), match.end()
    end = text.find("\n", position)
    line = text[position : end if end >= 0 else len(text)]
    return substitute(line.partition(" #")[0].rstrip()), position + len(line)


def _unescaped(match: re.Match[str]) -> str:
    return LETTERS[match[1]] if match[1] else chr(int(match[2] or "0", 8) & 0xFF)


def parse_raw(text: str, file: str, lookup: Lookup) -> dict[str, str]:
    """The variables in ``text``, to the letter: no quotes, no variables, ``#`` only at the beginning of a line."""
    found: dict[str, str] = {}
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        key, equals, value = line.lstrip().partition("=")
        if not key or any(letter.isspace() for letter in key):
            raise UserError(f'"{line[:60]}" is not a variable', where=f"{file}:{number}", mend="write KEY=value")
        inherited = value if equals else lookup(key)
        if inherited is not None:
            found[key] = inherited
    return _sound(found, file)


FORMATS: Mapping[str, Callable[[str, str, Lookup], dict[str, str]]] = {"": parse, "raw": parse_raw}


def _sound(variables: dict[str, str], file: str) -> dict[str, str]:
    for key, value in variables.items():
        if "\0" in key or "\0" in value:
            raise UserError(f"the variable {key!r} holds a NUL, which no program can be given", where=file, mend="remove it")
    return variables
