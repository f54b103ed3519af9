"""Options that several verbs have, each worded once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from dataplane.errors import UserError

Command = TypeVar("Command", bound=Callable[..., Any])


def compose_file(command: Command) -> Command:
    """``-f FILE`` or ``FILE``: parameters ``option_file`` and ``file`` (see ``the_file``)."""
    command = click.argument("file", required=False, type=click.Path())(command)
    return click.option("-f", "--file", "option_file", metavar="FILE", type=click.Path(), help="The Compose file.")(command)


def the_file(option_file: str | None, file: str | None) -> str | None:
    """The one file that was named, None when none was. UserError when two were."""
    if option_file is not None and file is not None:
        raise UserError(
            "the file is given twice",
            where=f"-f {option_file} {file}",
            mend="name it once: with -f or without",
        )
    return option_file if option_file is not None else file


def lab(command: Command) -> Command:
    """``--lab NAME``."""
    return click.option("--lab", metavar="NAME", help="The running lab, where more than one would do.")(command)


def as_json(command: Command) -> Command:
    """``--json``: parameter ``as_json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")(command)
