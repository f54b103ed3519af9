"""Tokens become nodes (text/template/parse)."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from dataplane.gotemplate.errors import TemplateError
from dataplane.gotemplate.functions import NAMES
from dataplane.gotemplate.lexer import Token, tokens
from dataplane.gotemplate.nodes import Action, Block, Call, Chain, Constant, Dot, Field, Node, Operand, Pipe, Text, Variable

BLOCKS = {"if", "with", "range"}
UNSUPPORTED = {"define", "template", "block", "break", "continue"}
CONSTANTS = {"true": True, "false": False, "nil": None}


def parse(text: str) -> tuple[Node, ...]:
    """The whole template. TemplateError in Go's words."""
    parser = _Parser(tokens(text))
    nodes, end = parser.nodes()
    if end is not None:
        raise parser.wrong(end, f"unexpected {{{{{end.text}}}}}")
    return nodes


class _Parser:
    def __init__(self, source: Iterator[Token]) -> None:
        self._source = source
        self._peeked: list[Token] = []
        self._line = 1
        self._known = ["$"]

    def wrong(self, token: Token | None, what: str) -> TemplateError:
        return TemplateError(f"template: :{token.line if token else self._line}: {what}")

    def _next(self) -> Token | None:
        if self._peeked:
            return self._peeked.pop()
        token = next(self._source, None)
        if token is not None:
            self._line = token.line
        return token

    def _peek(self) -> Token | None:
        token = self._next()
        if token is not None:
            self._peeked.append(token)
        return token

    def _inside(self) -> Token:
        token = self._next()
        assert token is not None  # the lexer has seen the closing delimiter
        return token

    def nodes(self) -> tuple[tuple[Node, ...], Token | None]:
        """Nodes up to the end, or to an ``{{end}}`` or ``{{else}}``, which is returned."""
        found: list[Node] = []
        while (token := self._next()) is not None:
            if token.kind == "text":
                found.append(Text(token.text))
                continue
            word = self._peek()
            if word is not None and word.kind == "word":
                if word.text in {"end", "else"}:
                    return tuple(found), self._inside()
                if word.text in BLOCKS:
                    self._inside()
                    found.append(self._block(word))
                    continue
                if word.text in UNSUPPORTED:
                    raise self.wrong(word, f"{word.text} is not supported here")
            found.append(Action(self._pipe("command", "close")))
        return tuple(found), None

    def _block(self, word: Token) -> Block:
        """Behind the word, up to and with its ``{{end}}``."""
        depth = len(self._known)
        pipe = self._pipe(word.text, "close")
        body, end = self.nodes()
        otherwise: tuple[Node, ...] = ()
        if end is not None and end.text == "else":
            again = self._inside()
            if again.kind == "word" and again.text in {"if", "with"}:
                otherwise = (self._block(again),)
                del self._known[depth:]
                return Block(word.text, pipe, body, otherwise)
            if again.kind != "close":
                raise self.wrong(again, f'unexpected "{again.text}" in else')
            otherwise, end = self.nodes()
            if end is not None and end.text == "else":
                raise self.wrong(end, "expected end; found {{else}}")
        if end is None:
            raise self.wrong(None, "unexpected EOF")
        close = self._inside()
        if close.kind != "close":
            raise self.wrong(close, f'unexpected "{close.text}" in end')
        del self._known[depth:]
        return Block(word.text, pipe, body, otherwise)

    def _pipe(self, where: str, end: str) -> Pipe:
        names, declares = self._declared(where)
        commands = [self._command(where, end)]
        while True:
            token = self._inside()
            if token.kind == end:
                break
            if token.kind != "|":
                raise self.wrong(token, f'unexpected "{token.text}" in {where}')
            commands.append(self._command(where, end))
        for number, command in enumerate(commands):
            if not command:
                raise self.wrong(None, f"missing value for {where}" if number == 0 else "missing value for command")
            if number and isinstance(command[0], Dot | Constant):
                raise self.wrong(None, f"non executable command in pipeline stage {number + 1}")
        if declares:
            self._known.extend(names)
        return Pipe(tuple(commands), names, declares)

    def _declared(self, where: str) -> tuple[tuple[str, ...], bool]:
        """``$x :=``, ``$x =``, ``$i, $x :=`` at the beginning of a pipeline."""
        ahead: list[Token] = []

        def back() -> None:
            self._peeked.extend(reversed(ahead))

        names: list[str] = []
        while (token := self._next()) is not None:
            ahead.append(token)
            if token.kind != "variable":
                break
            names.append(token.text)
            sign = self._inside()
            ahead.append(sign)
            if sign.kind in {":=", "="}:
                if len(names) > 1 and where != "range":
                    raise self.wrong(sign, f"too many declarations in {where}")
                return tuple(names), sign.kind == ":="
            if sign.kind != ",":
                break
        back()
        return (), True

    def _command(self, where: str, end: str) -> tuple[Operand, ...]:
        found: list[Operand] = []
        while True:
            token = self._peek()
            assert token is not None
            if token.kind in {"|", end}:
                return tuple(found)
            if token.kind in {"close", ")"}:
                raise self.wrong(token, "unclosed left paren" if token.kind == "close" else "unexpected right paren")
            if found and not token.spaced:
                raise self.wrong(token, f'unexpected "{token.text}" in operand')
            found.append(self._operand(self._inside(), where))

    def _operand(self, token: Token, where: str) -> Operand:  # noqa: PLR0911 a kind each
        place = (token.line, token.column)
        if token.kind == ".":
            return Dot()
        if token.kind == "string":
            return Constant(_unquoted(token.text))
        if token.kind == "number":
            return Constant(_number(token.text))
        if token.kind == "word":
            if token.text in CONSTANTS:
                return Constant(CONSTANTS[token.text])
            if token.text not in NAMES:
                raise self.wrong(token, f'function "{token.text}" not defined')
            return Call(token.text, *place)
        if token.kind == "field":
            more, place = self._fields(place)
            return Field((token.text[1:], *more), *place)
        if token.kind == "variable":
            if token.text not in self._known:
                raise self.wrong(token, f'undefined variable "{token.text}"')
            more, place = self._fields(place)
            return Variable(token.text, more, *place)
        if token.kind == "(":
            pipe = self._pipe("parenthesized pipeline", ")")
            more, place = self._fields(place)
            return Chain(pipe, more, *place) if more else pipe
        raise self.wrong(token, f'unexpected "{token.text}" in {where}')

    def _fields(self, place: tuple[int, int]) -> tuple[tuple[str, ...], tuple[int, int]]:
        """Fields that stand right behind an operand, and where errors of all see it: at the first of them."""
        names: list[str] = []
        while (token := self._peek()) is not None and token.kind == "field" and not token.spaced:
            if not names:
                place = (token.line, token.column)
            names.append(self._inside().text[1:])
        return tuple(names), place


def _unquoted(text: str) -> str | int:
    """A Go string; a rune is its number."""
    if text.startswith("`"):
        return text[1:-1]
    value = ast.literal_eval(text)
    assert isinstance(value, str)
    return ord(value) if text.startswith("'") and len(value) == 1 else value


def _number(text: str) -> int | float:
    try:
        return int(text, 0)
    except ValueError:
        return int(text) if text.lstrip("+-").isdecimal() else float(text)
