"""Click's usage errors in the shape of ours: what, where, how to mend."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

import click

from dataplane.cli.nearest import suggest
from dataplane.errors import UserError


def explain(error: click.UsageError, words: Sequence[str], root: click.Command) -> UserError:
    """``error`` as a UserError; where is the line as it was typed."""
    context = error.ctx or _context(root, words)
    what, mend = _reason(error, context, _usage(context))
    return UserError(what, where=shlex.join(["dataplane", *words]), mend=mend)


def _usage(context: click.Context) -> str:
    """The line that would be right, the options that it cannot do without in front."""
    needed = [
        f"{max(option.opts, key=len)} {option.metavar or option.type.name.upper()}"
        for option in context.command.get_params(context)
        if isinstance(option, click.Option) and option.required
    ]
    return " ".join([context.command_path, *needed, *context.command.collect_usage_pieces(context)]).strip()


def _context(root: click.Command, words: Sequence[str]) -> click.Context:
    """Click's parser does not say whose option it was: the first word does."""
    context = click.Context(root, info_name="dataplane")
    verb = root.get_command(context, words[0]) if isinstance(root, click.Group) and words else None
    return context if verb is None else click.Context(verb, parent=context, info_name=words[0])


def _reason(error: click.UsageError, context: click.Context, usage: str) -> tuple[str, str]:
    name = context.info_name
    if isinstance(error, click.NoSuchOption):
        mend = suggest(error.option_name, _options(context), f"{context.command_path} --help")
        return f"{name} has no option {error.option_name}", mend
    if isinstance(error, click.MissingParameter):
        return f"{name} needs {_named(error)}", f"write {usage}"
    if isinstance(error, click.BadParameter):
        return f"{_named(error)}: {_plain(error.message)}", f"write {usage}"
    if isinstance(error, click.BadOptionUsage):
        wants = "takes no value" if "does not take" in error.message else "needs a value"
        return f"{error.option_name} {wants}", f"write {usage}"
    if too_many := re.search(r"unexpected extra arguments? \((.*)\)", error.message):
        return f"{name} takes no further word: {too_many[1]}", f"write {usage}"
    return f"{name}: {_plain(error.message)}", f"write {usage}"


def _options(context: click.Context) -> list[str]:
    return [name for parameter in context.command.get_params(context) for name in parameter.opts if name.startswith("-")]


def _named(error: click.BadParameter) -> str:
    """The parameter as a person writes it: ``--tail`` or ``NETWORK``."""
    parameter = error.param
    if parameter is None:
        return error.param_hint if isinstance(error.param_hint, str) else " ".join(error.param_hint or ())
    if isinstance(parameter, click.Option):
        return max(parameter.opts, key=len)
    return (parameter.metavar or parameter.name or "").upper().removeprefix("[--] ").rstrip("….")


def _plain(message: str) -> str:
    """Click's sentence as the middle of ours."""
    text = " ".join(message.split()).removesuffix(".")
    text = re.sub(r"is not a valid integer( range)?", "is not a whole number", text)
    text = re.sub(r"is not a valid float( range)?", "is not a number", text)
    text = re.sub(r"is not in the range x>=(\S+)", r"is out of range: \1 or more", text)
    text = re.sub(r"is not in the range x>(\d\S*)", r"is out of range: more than \1", text)
    text = re.sub(r"is not in the range (\S+)<=x<=(\S+)", r"is out of range: from \1 to \2", text)
    return text[:1].lower() + text[1:]
