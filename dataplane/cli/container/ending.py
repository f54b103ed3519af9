"""How a container is ended: options that ``stop`` and ``restart`` have, each worded once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from dataplane.cli.verb import INTEGER

Command = TypeVar("Command", bound=Callable[..., Any])


def ending(command: Command) -> Command:
    """``-s`` and ``-t``: parameters ``signal`` and ``timeout``."""
    command = click.option("-t", "--timeout", "--time", type=INTEGER, help="Seconds until it is killed.")(command)
    return click.option("-s", "--signal", metavar="string", help="The signal, instead of its own.")(command)
