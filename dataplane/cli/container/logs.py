"""``dataplane logs`` of a daemon."""

from __future__ import annotations

import click

from dataplane.cli.candidates import completer
from dataplane.cli.daemon_names import containers
from dataplane.cli.moments import bounds
from dataplane.cli.verb import Verb, words
from dataplane.client import Daemon
from dataplane.client.carry import CHUNK, frames, write
from dataplane.client.daemon import quoted


@click.command(cls=Verb, least=1, most=1)
@click.option("--details", is_flag=True, help="With what the log's driver was told to add.")
@click.option("-f", "--follow", is_flag=True, help="Go on with what comes, until it ends.")
@click.option("--since", metavar="string", help="What came after this time, or so long ago: 42m.")
@click.option("-n", "--tail", metavar="string", default="all", help="The last N lines.")
@click.option("-t", "--timestamps", is_flag=True, help="With the time of each line.")
@click.option("--until", metavar="string", help="What came before this time, or so long ago.")
@words("CONTAINER", shell_complete=completer(containers))
def command(
    *, details: bool, follow: bool, since: str | None, tail: str, timestamps: bool, until: str | None, words: tuple[str, ...]
) -> None:
    """Show what a container wrote."""
    daemon, name = Daemon.at(), words[0]
    query = {
        "stdout": True,
        "stderr": True,
        "follow": follow or None,
        "tail": tail,
        "timestamps": timestamps or None,
        "details": details or None,
        **bounds(since, until),
    }
    tty = daemon.ask("GET", f"/containers/{quoted(name)}/json")["Config"]["Tty"]
    connection, response = daemon.open("GET", f"/containers/{quoted(name)}/logs", query=query, timeout=None)
    try:
        blocks = iter(lambda: response.read1(CHUNK), b"")
        for stream, data in ((1, block) for block in blocks) if tty else frames(blocks):
            write(2 if stream == 2 else 1, data)
    finally:
        connection.close()
