"""``dataplane replay``."""

from __future__ import annotations

import click

from dataplane.cli import options
from dataplane.cli.candidates import completer, replay_ports
from dataplane.cli.options import as_json
from dataplane.cli.summary import tell
from dataplane.errors import UserError


@click.command()
@click.argument("file", type=click.Path())
@click.option(
    "--in",
    "inputs",
    metavar="PORT=CAPTURE",
    multiple=True,
    required=True,
    shell_complete=completer(replay_ports),
    help="What comes in at a port; auto=CAPTURE: each frame at the port that owns its source, else at the uplink. May be repeated.",
)
@click.option("--out", metavar="DIR", required=True, type=click.Path(), help="Where PORT.pcap is written for every port.")
@click.option("--drops", metavar="FILE", type=click.Path(), help="Also write what was dropped, as pcapng that says why.")
@click.option("--seed", type=options.seed, metavar="N", default=0, show_default=True, help="What chance derives from.")
@click.option(
    "--speed", type=click.FloatRange(min=0, min_open=True), metavar="X", help="X times as fast as captured; else at once."
)
@click.option("--complete-checksums", is_flag=True, help="Fill in checksums that an offloading host left open.")
@click.option("--arp", is_flag=True, help="The gateway asks for its neighbors, instead of knowing those of the file.")
@click.option("--segment", is_flag=True, help="Cut super-frames of an offloading host to the MTU.")
@as_json
def command(
    *,
    file: str,
    inputs: tuple[str, ...],
    out: str,
    drops: str | None,
    seed: int,
    speed: float | None,
    complete_checksums: bool,
    segment: bool,
    arp: bool,
    as_json: bool,
) -> None:
    """Send capture files through a file's network.

    The engine of a live lab, with files for ports: no root, and equal input gives equal output. Reads pcap and pcapng, gzipped too,
    and - for standard input. A capture that is cut short is replayed up to the cut, and the exit status is 1.
    """
    from dataplane.replay import replay

    summary = replay(
        file,
        inputs=[_input(text) for text in inputs],
        out=out,
        seed=seed,
        speed=speed,
        drops=drops,
        complete_checksums=complete_checksums,
        segment=segment,
        arp=arp,
    )
    tell(summary, as_json=as_json)


def _input(text: str) -> tuple[str, str]:
    port, given, path = text.partition("=")
    if not (port and given and path):
        raise UserError(
            "this does not say which capture comes in where",
            where=f"--in {text}",
            mend="write --in PORT=CAPTURE; PORT may be auto, CAPTURE may be -",
        )
    return port, path
