"""``dataplane graph``."""

from __future__ import annotations

import os

import click

from dataplane.cli import whose
from dataplane.cli.candidates import completer, running_labs
from dataplane.cli.options import compose_file, the_file
from dataplane.client.address import HOST
from dataplane.errors import UserError


@click.command()
@compose_file
@click.option("--lab", metavar="NAME", shell_complete=completer(running_labs), help="A running lab, instead of a file.")
@click.option("--daemon", is_flag=True, help="The daemon, instead of a file.")
@click.option(
    "--format", "kind", type=click.Choice(["text", "mermaid", "dot"]), default="text", show_default=True, help="How to draw it."
)
def command(option_file: str | None, file: str | None, lab: str | None, daemon: bool, kind: str) -> None:
    """Draw the network of a file, a running lab or the daemon.

    A file is drawn as it would run for root, without running it and without root; Mermaid is for a README, DOT for Graphviz.
    """
    named = the_file(option_file, file)
    if lab is None and not daemon and (named is not None or not os.environ.get(HOST)):
        click.echo(_drawn(named or ".", kind), nl=False)
        return
    if named is not None:
        what, other = ("a lab", f"--lab {lab}") if lab is not None else ("the daemon", "--daemon")
        raise UserError(f"both a file and {what} are given", where=f"{other} {named}", mend="draw one of them")
    click.echo(whose.tables(lab, daemon=daemon).graph(kind), nl=False)


def _drawn(file: str, kind: str) -> str:
    from dataplane.compose import load
    from dataplane.drawing import DRAWINGS
    from dataplane.drivers import wire
    from dataplane.plan import make_plan

    return DRAWINGS[kind](wire(make_plan(load(file), way_out=True)))
