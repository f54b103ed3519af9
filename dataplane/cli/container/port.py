"""``dataplane port`` of a daemon."""

from __future__ import annotations

import click

from dataplane.cli.candidates import completer
from dataplane.cli.container.ports import port_range
from dataplane.cli.daemon_names import running
from dataplane.cli.verb import Failure, Verb, words
from dataplane.client import Daemon
from dataplane.client.daemon import quoted


@click.command(cls=Verb, least=1, most=2)
@words("CONTAINER [PRIVATE_PORT[/PROTO]]", shell_complete=completer(running))
def command(words: tuple[str, ...]) -> None:
    """Show the published ports of a container, or of one port of it."""
    name, *port = words
    ports = Daemon.at().ask("GET", f"/containers/{quoted(name)}/json")["NetworkSettings"]["Ports"] or {}
    if not port:
        lines = [f"{inside} -> {_at(one)}" for inside, bindings in ports.items() for one in bindings or ()]
        click.echo("".join(f"{line}\n" for line in sorted(lines, key=_natural)), nl=False)
        return
    number, _, protocol = port[0].partition("/")
    try:
        port_range(number)
    except ValueError as error:
        raise Failure(f"Error: invalid port ({port[0]}): {error}") from None
    bindings = ports.get(f"{number}/{protocol or 'tcp'}")
    if not bindings:
        raise Failure(f"Error: No public port '{port[0]}' published for {name}")
    click.echo("".join(f"{line}\n" for line in sorted(map(_at, bindings))), nl=False)


def _at(binding: dict[str, str]) -> str:
    address, port = binding["HostIp"], binding["HostPort"]
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _natural(line: str) -> tuple[int, str]:
    return int(line.partition("/")[0]), line
