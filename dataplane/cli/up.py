"""``dataplane up``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from dataplane.cli import options
from dataplane.cli.options import as_json, compose_file, the_file

if TYPE_CHECKING:
    from dataplane.model import Topology


@click.command()
@compose_file
@click.option("-d", "--detach", is_flag=True, help="Return when every service runs; the lab stays.")
@click.option("-v", "--verbose", is_flag=True, help="Say each step, and the command that does it by hand.")
@click.option("--lab", metavar="NAME", help="The lab's name, instead of the file's or its folder's.")
@click.option("--profile", "profiles", metavar="NAME", multiple=True, help="Also services of this profile; may be repeated.")
@click.option("--run-commands", is_flag=True, help="Run commands of services with an image too, on this host's files.")
@click.option("--seed", type=options.seed, metavar="N", help="What chance derives from; the kernel's choice otherwise.")
@click.option("--poll", is_flag=True, help="Never sleep between frames: a whole CPU for a shorter round trip.")
@click.option("--no-host-rules", is_flag=True, help="Print what the host needs, instead of setting it.")
@click.option("--daemon", "in_daemon", is_flag=True, help="In the daemon; so also where DATAPLANE_HOST is set.")
@as_json
def command(
    *,
    option_file: str | None,
    file: str | None,
    detach: bool,
    verbose: bool,
    lab: str | None,
    profiles: tuple[str, ...],
    run_commands: bool,
    seed: int | None,
    poll: bool,
    no_host_rules: bool,
    in_daemon: bool,
    as_json: bool,
) -> int:
    """Start the lab of a Compose file, or apply its changes.

    FILE is a Compose file or a folder that holds one; the current folder otherwise. Without -d the lab lives as long as this
    command: it shows what the services write, and Ctrl-C ends it. On a lab that runs, what differs between the file and the lab
    is applied and printed, line by line. With --json each line is an object with one key: step, log, event or ready.

    With --daemon its networks and services become the daemon's, with the names and labels that docker compose gives them.
    """
    from dataplane import live
    from dataplane.cli import up_in_daemon
    from dataplane.cli.log_lines import LogLines
    from dataplane.cli.output import print_json
    from dataplane.cli.steps import print_event, print_step
    from dataplane.compose import load

    begun = time.monotonic()
    topology = load(the_file(option_file, file) or ".", name=lab, profiles=profiles, run_commands=run_commands)
    if up_in_daemon.meant(in_daemon):
        lab_only = {"--seed": seed is not None, "--poll": poll, "--no-host-rules": no_host_rules, "--json": as_json}
        return up_in_daemon.up(topology, detach=detach, lab_only=lab_only)

    def ready() -> None:
        if as_json:
            print_json({"ready": {"lab": topology.name, "services": list(topology.services), "networks": list(topology.networks)}})
            return
        # Beside what services say, in the foreground; the answer itself, detached.
        ends = f"`dataplane down --lab {topology.name}`" if detach else "Ctrl-C"
        took = f"{time.monotonic() - begun:.1f} s"
        click.echo(f"Lab {topology.name} is up after {took}: {_size(topology)}. {ends} ends it.", err=not detach)

    return live.up(
        topology,
        detach=detach,
        verbose=verbose,
        seed=seed,
        poll=poll,
        host_rules=not no_host_rules,
        on_step=(lambda row: print_json({"step": row})) if as_json else print_step,
        on_log=(lambda row: print_json({"log": row})) if as_json else LogLines(topology.services).show,
        on_event=(lambda row: print_json({"event": row})) if as_json else print_event,
        on_ready=ready,
    )


def _size(topology: Topology) -> str:
    counts = {"service": len(topology.services), "network": len(topology.networks)}
    return ", ".join(f"{count} {thing}{'' if count == 1 else 's'}" for thing, count in counts.items())
