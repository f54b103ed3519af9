"""Options that several verbs have, each worded once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from dataplane.cli.candidates import completer, running_labs
from dataplane.errors import UserError

Command = TypeVar("Command", bound=Callable[..., Any])


def seed(text: str) -> int:
    """The type of ``--seed``: a whole number that 63 bits hold. BadParameter when it is none."""
    try:
        number = int(text)
    except ValueError:
        number = -1
    if not 0 <= number < 1 << 63:
        raise click.BadParameter(f"{text!r} is not a whole number from 0 to {(1 << 63) - 1}")
    return number


def compose_file(command: Command) -> Command:
    """``-f FILE`` or ``FILE``: parameters ``option_file`` and ``file`` (see ``the_file``)."""
    command = click.argument("file", required=False, type=click.Path())(command)
    return click.option("-f", "--file", "option_file", metavar="FILE", type=click.Path(), help="The Compose file.")(command)


def the_file(option_file: str | None, file: str | None) -> str | None:
    """The one file that was named, None when none was. UserError when two were."""
    if option_file is not None and file is not None:
        raise UserError("the file is given twice", where=f"-f {option_file} {file}", mend="name it once, with -f or without")
    return option_file if option_file is not None else file


def one_lab(command: Command) -> Command:
    """``--lab NAME``: which of the running labs is meant."""
    words = "The running lab; else the one of this folder, or the only one."
    return click.option("--lab", metavar="NAME", shell_complete=completer(running_labs), help=words)(command)


def lab_or_daemon(command: Command) -> Command:
    """``--lab NAME`` or ``--daemon``: whose tables are meant (``whose.tables``): parameters ``lab`` and ``daemon``."""
    words = "The daemon. So it is too where DATAPLANE_HOST is set, and where one listens and no lab runs."
    return one_lab(click.option("--daemon", is_flag=True, help=words)(command))


def as_json(command: Command) -> Command:
    """``--json``: parameter ``as_json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")(command)
