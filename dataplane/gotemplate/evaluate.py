"""Nodes and data become text (text/template's exec.go)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from inspect import signature
from typing import Any

from dataplane.gotemplate import functions, printing
from dataplane.gotemplate.errors import TemplateError
from dataplane.gotemplate.nodes import Action, Call, Chain, Constant, Dot, Field, Node, Operand, Pipe, Text, Variable

Placed = Field | Variable | Chain | Call
NOTHING = object()
"""No final argument: the first command of a pipeline."""


def render(nodes: Sequence[Node], data: Any, *, headings: bool) -> str:
    """The text. TemplateError in Go's words."""
    return _Run(data, headings=headings).all(nodes, data)


class _Run:
    def __init__(self, data: Any, *, headings: bool) -> None:
        self._variables: list[tuple[str, Any]] = [("$", data)]
        self._functions = {**functions.OURS, **functions.GOS, **(functions.HEADINGS if headings else {})}
        self._headings = headings

    def all(self, nodes: Sequence[Node], dot: Any) -> str:
        return "".join(self._one(node, dot) for node in nodes)

    def _one(self, node: Node, dot: Any) -> str:
        if isinstance(node, Text):
            return node.text
        if isinstance(node, Action):
            value = self._pipe(node.pipe, dot)
            return "" if node.pipe.names else printing.plain(value, nil="<no value>")
        depth = len(self._variables)
        value = self._pipe(node.pipe, dot, ranging=node.word == "range")
        if node.word == "range":
            text = (
                "".join(self._round(node.pipe, node.body, pair) for pair in self._pairs(value, node.pipe))
                if functions.truth(value)
                else None
            )
        elif functions.truth(value):
            text = self.all(node.body, value if node.word == "with" else dot)
        else:
            text = None
        if text is None:
            text = self.all(node.otherwise, dot)
        del self._variables[depth:]
        return text

    def _round(self, pipe: Pipe, body: Sequence[Node], pair: tuple[Any, Any]) -> str:
        depth = len(self._variables)
        for name, value in zip(pipe.names, pair[-len(pipe.names) :], strict=True) if pipe.names else ():
            self._set(name, value, declares=pipe.declares)
        text = self.all(body, pair[1])
        del self._variables[depth:]
        return text

    def _pairs(self, value: Any, pipe: Pipe) -> Iterator[tuple[Any, Any]]:
        if isinstance(value, Mapping):
            yield from ((key, value[key]) for key in sorted(value))
        elif isinstance(value, Sequence) and not isinstance(value, str):
            yield from enumerate(value)
        elif isinstance(value, int) and not isinstance(value, bool):
            yield from ((number, number) for number in range(value))
        else:
            first = pipe.commands[0][0]
            what = f"range can't iterate over {printing.plain(value)}"
            raise _failed(first, _written(first), what) if isinstance(first, Placed) else TemplateError(f"template: :1: {what}")

    def _set(self, name: str, value: Any, *, declares: bool) -> None:
        if declares:
            self._variables.append((name, value))
            return
        for number in range(len(self._variables) - 1, -1, -1):
            if self._variables[number][0] == name:
                self._variables[number] = (name, value)
                return

    def _pipe(self, pipe: Pipe, dot: Any, *, ranging: bool = False) -> Any:
        value: Any = NOTHING
        for command in pipe.commands:
            value = self._command(command, dot, value)
        if not ranging:
            for name in pipe.names:
                self._set(name, value, declares=pipe.declares)
        return value

    def _command(self, command: Sequence[Operand], dot: Any, final: Any) -> Any:
        first, rest = command[0], command[1:]
        if isinstance(first, Call):
            return self._call(first, rest, dot, final)
        if isinstance(first, Field | Variable | Chain):
            arguments = [*(self._value(one, dot) for one in rest), *([] if final is NOTHING else [final])]
            if isinstance(first, Field):
                return self._fields(dot, first, arguments)
            start = self._variable(first.name) if isinstance(first, Variable) else self._pipe(first.of, dot)
            return self._fields(start, first, arguments)
        if rest or final is not NOTHING:
            raise TemplateError(f"template: :1: can't give argument to non-function {printing.plain(self._value(first, dot))}")
        return self._value(first, dot)

    def _value(self, operand: Operand, dot: Any) -> Any:
        if isinstance(operand, Dot):
            return dot
        if isinstance(operand, Constant):
            return operand.value
        if isinstance(operand, Pipe):
            return self._pipe(operand, dot)
        return self._command((operand,), dot, NOTHING)

    def _variable(self, name: str) -> Any:
        return next(value for known, value in reversed(self._variables) if known == name)

    def _call(self, call: Call, rest: Sequence[Operand], dot: Any, final: Any) -> Any:
        last = [] if final is NOTHING else [final]
        if call.name in functions.LAZY:
            if not rest and not last:
                raise _failed(call, call.name, f"wrong number of args for {call.name}: want at least 1 got 0")
            value: Any = None
            for operand in (*rest, *last):
                value = operand if last and operand is final else self._value(operand, dot)
                if functions.truth(value) is (call.name == "or"):
                    break
            return value
        arguments = [*(self._value(one, dot) for one in rest), *last]
        function = self._functions[call.name]
        wants = _count(function)
        if wants is not None and wants != len(arguments):
            raise _failed(call, call.name, f"wrong number of args for {call.name}: want {wants} got {len(arguments)}")
        try:
            return function(*arguments)
        except (TypeError, AttributeError):
            kinds = ", ".join(printing.type_name(one) for one in arguments)
            raise _failed(call, call.name, f"wrong type for value; {call.name} got {kinds}") from None
        except ValueError as error:
            raise _failed(call, " ".join([call.name, *map(_written, rest)]), f"error calling {call.name}: {error}") from None

    def _fields(self, value: Any, node: Field | Variable | Chain, arguments: list[Any]) -> Any:
        for number, name in enumerate(node.names):
            value = self._field(value, name, node, arguments if number == len(node.names) - 1 else [])
        return value

    def _field(self, value: Any, name: str, node: Field | Variable | Chain, arguments: list[Any]) -> Any:
        path = _written(node)
        if value is None:
            raise _failed(node, path, f"nil pointer evaluating interface {{}}.{name}")
        if not isinstance(value, Mapping):
            raise _failed(node, path, f"can't evaluate field {name} in type interface {{}}")
        if name not in value:
            kind = getattr(value, "type_name", None)
            if self._headings:
                return None
            what = f'map has no entry for key "{name}"' if kind is None else f"can't evaluate field {name} in type {kind}"
            raise _failed(node, path, what)
        found = value[name]
        if callable(found):
            try:
                return found(*arguments)
            except TypeError:
                raise _failed(node, path, f"wrong number of args for {name}: want 1 got {len(arguments)}") from None
        if arguments:
            raise _failed(node, path, f"{name} is not a method but has arguments")
        return found


def _count(function: Callable[..., Any]) -> int | None:
    """How many arguments it takes; None where that is open."""
    known = signature(function).parameters.values()
    return None if any(one.kind is one.VAR_POSITIONAL for one in known) else len(known)


def _written(operand: Operand) -> str:
    """An operand as it stands in the template, as errors quote it."""
    if isinstance(operand, Field):
        return "." + ".".join(operand.names)
    if isinstance(operand, Variable):
        return ".".join((operand.name, *operand.names))
    if isinstance(operand, Chain):
        return f"(…).{'.'.join(operand.names)}"
    if isinstance(operand, Constant):
        return f'"{operand.value}"' if isinstance(operand.value, str) else printing.plain(operand.value)
    return "." if isinstance(operand, Dot) else "(…)"


def _failed(node: Placed, quoted: str, what: str) -> TemplateError:
    return TemplateError(f'template: :{node.line}:{node.column}: executing "" at <{quoted}>: {what}')
