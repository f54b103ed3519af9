"""``dataplane up --daemon`` and ``down --daemon``: a Compose file's project in a daemon."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from dataplane.cli.output import styled
from dataplane.client.address import HOST
from dataplane.errors import UserError

if TYPE_CHECKING:
    from dataplane.model import Topology


def meant(flag: bool) -> bool:
    """``--daemon`` is written, or DATAPLANE_HOST set."""
    return flag or bool(os.environ.get(HOST))


def up(topology: Topology, *, detach: bool, lab_only: Mapping[str, object]) -> int:
    """Start it; in the foreground show what it writes, and stop it at Ctrl-C. The exit status."""
    from dataplane.cli.log_lines import LogLines
    from dataplane.client import Daemon
    from dataplane.project import down as away
    from dataplane.project import up as there
    from dataplane.project.follow import follow

    wrong = [option for option, given in lab_only.items() if given]
    if wrong:
        raise UserError(f"{wrong[0]} is a lab's", where=f"up {wrong[0]}", mend="the daemon has its own: leave it out")
    for warning in topology.warnings:
        click.echo(f"warning: {warning}", err=True)
    daemon, begun = Daemon.at(), time.time()
    names = there.up(daemon, topology, show)
    click.echo(f"Project {topology.name} is up: {len(names)} containers. `dataplane down --daemon` removes it.", err=not detach)
    if detach:
        return 0
    shown = LogLines(names)
    try:
        for name, stream, text in follow(daemon, names, begun):
            shown.show({"instance": name, "time": 0, "stream": stream, "text": text})
    except KeyboardInterrupt:
        click.echo("Stopping; again Ctrl-C leaves it running.", err=True)
        away.stop(daemon, topology.name)
        return 130
    return 0


def down(project: str) -> int:
    """Remove it; the exit status."""
    from dataplane.client import Daemon
    from dataplane.project import down as away
    from dataplane.project import found

    daemon = Daemon.at()
    if away.down(daemon, project, show):
        click.echo(f"Project {project} is down: nothing of it is left.")
        return 0
    known = ", ".join(found.projects(daemon))
    mend = f"projects: {known}" if known else "the daemon has no project; nothing is to be done"
    raise UserError(f"there is no project {project}", mend=mend, status=1)


def show(line: str) -> None:
    """A change, as a line of a difference."""
    click.echo(styled(line, fg={"+": "green", "-": "red", "~": "yellow"}.get(line[:1])))
