"""``dataplane config``."""

from __future__ import annotations

import json

import click

from dataplane.cli.options import compose_file, the_file


@click.command()
@compose_file
@click.option("--profile", "profiles", metavar="NAME", multiple=True, help="Also services of this profile; may be repeated.")
@click.option("--format", "kind", type=click.Choice(["yaml", "json"]), default="yaml", show_default=True, help="How to write it.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing, but what is wrong.")
@click.option("--services", is_flag=True, help="Only the names of its services.")
@click.option("--networks", is_flag=True, help="Only the names of its networks.")
def command(  # noqa: PLR0917 Click gives them by name
    option_file: str | None, file: str | None, profiles: tuple[str, ...], kind: str, quiet: bool, services: bool, networks: bool
) -> None:
    """Show a Compose file as it is understood.

    Variables are put in, extends and anchors carried out, networks, ports, volumes and depends_on written in their long form.
    Nothing is started. What has no effect here is named on stderr.
    """
    from dataplane.compose.config import config
    from dataplane.compose.load import understood

    root, topology = understood(the_file(option_file, file) or ".", profiles=profiles)
    for warning in topology.warnings:
        click.echo(f"warning: {warning}", err=True)
    if quiet:
        return
    names = [*(topology.services if services else ()), *(topology.networks if networks else ())]
    if services or networks:
        click.echo("".join(f"{name}\n" for name in names), nl=False)
        return
    data = config(root, topology)
    if kind == "json":
        click.echo(json.dumps(data, indent=2, ensure_ascii=False))
        return
    import yaml

    click.echo(yaml.safe_dump(data, sort_keys=False, allow_unicode=True), nl=False)
