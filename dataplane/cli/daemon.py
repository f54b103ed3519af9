"""``dataplane daemon``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option("--socket", metavar="PATH", type=click.Path(path_type=Path), help="Where the API listens.")
@click.option("--state", metavar="DIR", type=click.Path(path_type=Path), help="Where it remembers networks and containers.")
@click.option("--any-image", is_flag=True, help="Take every image's name for the host's file system.")
@click.option("--no-host-rules", is_flag=True, help="Print what the host needs, instead of setting it.")
def command(*, socket: Path | None, state: Path | None, any_image: bool, no_host_rules: bool) -> int:
    """Run the daemon whose API is Docker's: networks and containers that stay.

    It stays in the foreground. A signal (Ctrl-C, SIGTERM) ends the daemon alone: containers go on, and the next one started with
    the same --state takes them up again, as it does after a kill or an upgrade. Clients find it by DOCKER_HOST=unix://PATH.
    """
    from dataplane.daemon import places
    from dataplane.daemon.process import Options, main

    options = Options(
        socket=(socket or places.default_socket()).absolute(),
        state=(state or places.default_state()).absolute(),
        any_image=any_image,
        host_rules=not no_host_rules,
    )
    return main(options)
