"""``dataplane down``."""

from __future__ import annotations

from pathlib import Path

import click

from dataplane.cli.candidates import completer, running_labs
from dataplane.cli.options import compose_file, the_file
from dataplane.errors import UserError


@click.command()
@compose_file
@click.option("--lab", metavar="NAME", shell_complete=completer(running_labs), help="The lab, instead of a file.")
@click.option("--daemon", "in_daemon", is_flag=True, help="A project in the daemon; so also where DATAPLANE_HOST is set.")
@click.option("-v", "--verbose", is_flag=True, help="Say each step.")
def command(option_file: str | None, file: str | None, lab: str | None, in_daemon: bool, verbose: bool) -> int:
    """End a lab and remove everything it made.

    The lab of FILE, of the file in the current folder, or the one that --lab names; also one whose process was killed. Afterwards
    no namespace, TAP, mount, process, route or file of it is left.
    """
    from dataplane import live
    from dataplane.cli import up_in_daemon
    from dataplane.cli.steps import print_step
    from dataplane.compose import load

    named = the_file(option_file, file)
    if lab is not None and named is not None:
        raise UserError("the lab is given twice", where=f"--lab {lab} {named}", mend="name it with --lab or by its file")
    if up_in_daemon.meant(in_daemon):
        return up_in_daemon.down(lab if lab is not None else load(named or ".").name)
    name = lab if lab is not None else _name_of(named)
    if live.down(name, on_step=print_step if verbose else lambda _row: None):
        click.echo(f"Lab {name} is down: nothing of it is left.")
        return 0
    known = ", ".join(found.name for found in live.labs())
    raise UserError(f"there is no lab {name}", mend=f"labs: {known}" if known else "no lab runs; nothing is to be done", status=1)


def _name_of(file: str | None) -> str:
    """The lab of a file: by what runs, for the file may have changed or gone since; else by what the file says."""
    from dataplane import live
    from dataplane.compose import load
    from dataplane.live.lookup import is_of

    made_of_it = [lab.name for lab in live.labs() if is_of(lab, Path(file or "."))]
    if len(made_of_it) == 1:
        return made_of_it[0]
    if len(made_of_it) > 1:
        raise UserError(f"several labs were made of this file: {', '.join(made_of_it)}", mend="choose one with --lab NAME")
    if file is None and not _has_file():
        known = ", ".join(lab.name for lab in live.labs())
        mend = f"name the file, or the lab: --lab NAME ({known})" if known else "name the file; no lab runs now"
        raise UserError("no Compose file in this folder", mend=mend)
    return load(file or ".").name


def _has_file() -> bool:
    from dataplane.compose import find

    try:
        return find(".") is not None
    except UserError:
        return False
