"""Run the words of a command line to an exit status; every failure becomes one message."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence

import click
from click.shell_completion import shell_complete

from dataplane.cli import COMPLETE
from dataplane.cli.root import root
from dataplane.cli.said import Said
from dataplane.cli.wrong_words import explain
from dataplane.errors import UserError

INTERRUPTED = 130
BROKEN_PIPE = 141
"""128 + SIGINT and 128 + SIGPIPE, as a shell reports them."""

OURS_FAILED = {"exec": 125, "run": 125, "create": 125}
"""Verbs whose exit status is another command's: what fails on our side has a status of its own there, as in Docker."""


def run(words: Sequence[str]) -> int:
    """The exit status of ``dataplane WORDS``: 0 done, 1 the work failed, 2 the words were wrong."""
    try:
        status = _invoke(words)
    except click.exceptions.Exit as end:
        status = end.exit_code
    except (KeyboardInterrupt, click.Abort):
        status = INTERRUPTED
    except BrokenPipeError:
        # The reader has what it wanted; the interpreter's own flush at exit must not complain about it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = BROKEN_PIPE
    except click.UsageError as error:
        status = _fail(explain(error, words, root), words)
    except Said as said:
        click.echo(said.what, err=True)
        status = said.status
    except UserError as error:
        status = _fail(error, words)
    except Exception as error:
        status = _fail(_unexpected(error), words)
    return status


def _invoke(words: Sequence[str]) -> int:
    """What the verb returns; what Click does at the top of a program is done by ``run`` in our way."""
    if instruction := os.environ.get(COMPLETE):
        return shell_complete(root, {}, "dataplane", COMPLETE, instruction)
    with root.make_context("dataplane", list(words)) as context:
        status = root.invoke(context)
        sys.stdout.flush()
    return status if isinstance(status, int) else 0


def _fail(error: UserError, words: Sequence[str]) -> int:
    """Say what is wrong, where, and how to mend it, on stderr."""
    head = click.style("dataplane:", fg="red", bold=True) if _colour() else "dataplane:"
    click.echo(f"{head} {error.what}", err=True)
    for label, text in (("where", error.where), ("mend", error.mend)):
        for number, line in enumerate(text.splitlines()):
            click.echo(f"  {label + ':' if number == 0 else '':6} {line}", err=True)
    verb = next((word for word in words if not word.startswith("-") and word != "container"), "")
    return OURS_FAILED.get(verb, error.status) if error.status in {1, 2} else error.status


def _colour() -> bool:
    return sys.stderr.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _unexpected(error: Exception) -> UserError:
    """A fault of ours, or of the machine: one line; the traceback only when asked for."""
    if os.environ.get("DATAPLANE_DEBUG"):
        traceback.print_exc()
    if isinstance(error, OSError) and error.strerror:
        what = f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    else:
        what = f"{type(error).__name__}: {error}"
    return UserError(what, mend="DATAPLANE_DEBUG=1 in the environment shows the traceback", status=1)
