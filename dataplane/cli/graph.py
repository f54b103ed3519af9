"""``dataplane graph``."""

from __future__ import annotations

import click

from dataplane.cli.candidates import completer, running_labs
from dataplane.cli.options import compose_file, the_file
from dataplane.errors import UserError


@click.command()
@compose_file
@click.option("--lab", metavar="NAME", shell_complete=completer(running_labs), help="A running lab, instead of a file.")
@click.option(
    "--format", "kind", type=click.Choice(["text", "mermaid", "dot"]), default="text", show_default=True, help="How to draw it."
)
def command(option_file: str | None, file: str | None, lab: str | None, kind: str) -> None:
    """Draw the network of a file or a running lab.

    A file is drawn as it would run for root, without running it and without root; Mermaid is for a README, DOT for Graphviz.
    """
    named = the_file(option_file, file)
    if lab is None:
        click.echo(_drawn(named or ".", kind), nl=False)
        return
    if named is not None:
        raise UserError("both a file and a lab are given", where=f"--lab {lab} {named}", mend="draw one of them")
    from dataplane import live

    with live.find(lab=lab) as client:
        click.echo(client.graph(kind), nl=False)


def _drawn(file: str, kind: str) -> str:
    from dataplane import drawing
    from dataplane.compose import load
    from dataplane.drivers import wire
    from dataplane.plan import make_plan

    draw = {"text": drawing.text, "mermaid": drawing.mermaid, "dot": drawing.dot}[kind]
    return draw(wire(make_plan(load(file), way_out=True)))
