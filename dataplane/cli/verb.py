"""Verbs that Docker has as well: flags, wrong words and failures are what Docker's command line makes of them (28.2)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import click

from dataplane.cli.said import Said, refused
from dataplane.client.refusal import Refusal

WRONG_FLAG = 125
TRUE, FALSE = ("1", "t", "T", "true", "TRUE", "True"), ("0", "f", "F", "false", "FALSE", "False")
"""What Go's strconv.ParseBool takes."""


class Verb(click.Command):
    """A command whose words behind the flags are one argument, ``words``: from ``least`` to ``most`` (None: any number) of them.

    ``implied``: the first word where ``--`` stands before any: `run -- CMD` is `run host CMD`. ``said_by_us``: failures are told as
    ``dataplane: …``, with a line that names the help, and status 125: `run`, `create`."""

    def __init__(
        self,
        *args: Any,
        least: int = 0,
        most: int | None = None,
        interspersed: bool = True,
        said_by_us: bool = False,
        implied: str = "",
        **more: Any,
    ) -> None:
        self.least, self.most, self.said_by_us, self.implied = least, most, said_by_us, implied
        settings = {
            "help_option_names": ["--help"],
            "allow_interspersed_args": interspersed,
            "terminal_width": 80,
            "max_content_width": 80,
        }
        super().__init__(*args, **{**more, "context_settings": settings})

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Click's, but that a switch may be told ``=false``; wrong words become Docker's messages."""
        try:
            left = super().parse_args(ctx, self._plain_switches(ctx, args))
        except click.UsageError as error:
            what = _reason(error, args)
            if what == "unknown flag: --json" and any("--format" in one.opts for one in self.params):
                what += "\n  mend:  write --format json"
            raise self._wrong_flag(ctx, what) from None
        words = ctx.params.get("words", ())
        if not ctx.resilient_parsing and not (self.least <= len(words) and (self.most is None or len(words) <= self.most)):
            raise Said(self._count(ctx), status=1)
        return left

    def invoke(self, ctx: click.Context) -> Any:
        """What the verb returns; a refusal is told in Docker's shape."""
        try:
            return super().invoke(ctx)
        except Refusal as refusal:
            self.fail(refused(refusal), ctx)
        except Failure as failure:
            self.fail(failure.what, ctx)

    def fail(self, what: str, ctx: click.Context) -> NoReturn:
        """Raise it in the shape of this verb."""
        if self.said_by_us:
            raise Said(f"dataplane: {what}\n\nRun '{ctx.command_path} --help' for more information", status=WRONG_FLAG)
        raise Said(what, status=1)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 Click's own face
        """Flags first, then words as this verb names them."""
        pieces = ["[OPTIONS]"] if len(self.params) > 1 else []
        return [*pieces, *(one.metavar for one in self.params if isinstance(one, click.Argument) and one.metavar)]

    def _usage(self, ctx: click.Context) -> str:
        return " ".join([ctx.command_path, *self.collect_usage_pieces(ctx)])

    def _wrong_flag(self, ctx: click.Context, what: str) -> Said:
        path = ctx.command_path
        return Said(f"{what}\n\nUsage:  {self._usage(ctx)}\n\nRun '{path} --help' for more information", status=WRONG_FLAG)

    def _count(self, ctx: click.Context) -> str:
        path, least, most = ctx.command_path, self.least, self.most
        run = "See" if most is None else "Run"
        if most == 0:
            wants = "accepts no arguments"
        elif most is None:
            wants = f"requires at least {_arguments(least)}"
        else:
            wants = (
                f"requires {_arguments(least)}" if least == most else f"requires at least {least} and at most {_arguments(most)}"
            )
        return f"dataplane: '{path}' {wants}\n\nUsage:  {self._usage(ctx)}\n\n{run} '{path} --help' for more information"

    def _plain_switches(self, ctx: click.Context, args: Sequence[str]) -> list[str]:
        """``--flag=true`` and ``-f=0`` as Click writes them: the flag, or its opposite."""
        switches = {name: one for one in self.get_params(ctx) if isinstance(one, click.Option) and one.is_flag for name in one.opts}
        valued = {name for one in self.get_params(ctx) if isinstance(one, click.Option) and not one.is_flag for name in one.opts}
        out: list[str] = []
        rest = list(args)
        while rest:
            word = rest.pop(0)
            name, sign, value = word.partition("=")
            if word == "--" or not word.startswith("-") or word == "-":
                out.append(word)
                if word == "--" and self.implied:
                    out.append(self.implied)
                if word == "--" or not self.context_settings["allow_interspersed_args"]:
                    return out + rest
            elif sign and name in switches and value in TRUE + FALSE:
                option = switches[name]
                if (value in TRUE) != (option.default is True):  # else nothing need be said
                    out.append(name if value in TRUE else option.secondary_opts[0])
            elif sign and name in switches:
                shown = _shown(switches[name])
                raise self._wrong_flag(
                    ctx, f'invalid argument "{value}" for "{shown}" flag: strconv.ParseBool: parsing "{value}": invalid syntax'
                )
            else:
                out.append(word)
                takes = name in valued if word.startswith("--") else bool(word[1:]) and _takes_next(word, switches, valued)
                if takes and not sign and rest:
                    out.append(rest.pop(0))
        return out


class Failure(Exception):  # noqa: N818 the domain's word
    """What went wrong on this side, in Docker's words."""

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(what)


class Words(click.ParamType):  # type: ignore[type-arg]
    """A value that a function reads; its ValueError says what is wrong about it."""

    def __init__(self, name: str, read: Callable[[str], Any]) -> None:
        self.name, self._read = name, read

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ARG002
        """What the function makes of the text."""
        if not isinstance(value, str):
            return value
        try:
            return self._read(value)
        except ValueError as error:
            shown = _shown(param) if isinstance(param, click.Option) else self.name
            raise click.BadParameter(f'invalid argument "{value}" for "{shown}" flag: {error}') from None

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:  # noqa: ARG002 Click's own face
        """What stands behind the flag in the help."""
        return self.name


def integer(text: str) -> int:
    """A whole number, wrong ones in Go's words."""
    if re.fullmatch(r"[+-]?[0-9]+", text):
        return int(text)
    raise ValueError(f'strconv.ParseInt: parsing "{text}": invalid syntax')


INTEGER = Words("int", integer)


def words(metavar: str, **more: Any) -> Callable[..., Any]:
    """The argument of a Verb."""
    return click.argument("words", nargs=-1, metavar=metavar, type=click.UNPROCESSED, **more)


def _arguments(number: int) -> str:
    return f"{number} argument{'' if number == 1 else 's'}"


def _shown(option: click.Option) -> str:
    """``-p, --publish``; of several long ones the first."""
    long = [name for name in option.opts if name.startswith("--")]
    return ", ".join([*(name for name in option.opts if name not in long), *long[:1]])


def _takes_next(word: str, switches: dict[str, click.Option], valued: set[str]) -> bool:
    """A bundle of short flags whose last one wants the next word: ``-itp 80``."""
    for number, letter in enumerate(word[1:]):
        if f"-{letter}" in valued:
            return number == len(word) - 2
        if f"-{letter}" not in switches:
            return False
    return False


def _reason(error: click.UsageError, args: Sequence[str]) -> str:
    if isinstance(error, click.NoSuchOption):
        name = error.option_name
        if name.startswith("--"):
            return f"unknown flag: {name}"
        bundle = next((word for word in args if word.startswith("-") and not word.startswith("--") and name[1:] in word), name)
        return f"unknown shorthand flag: '{name[1:]}' in {bundle}"
    if isinstance(error, click.BadOptionUsage):
        name = error.option_name
        if name.startswith("--"):
            return f"flag needs an argument: {name}"
        bundle = next((word for word in args if word.startswith("-") and word.endswith(name[1:])), name)
        return f"flag needs an argument: '{name[1:]}' in {bundle}"
    return error.message
