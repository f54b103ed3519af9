"""``dataplane encap``."""

from __future__ import annotations

from typing import Any

import click

from dataplane.cli import options
from dataplane.cli.options import as_json
from dataplane.cli.summary import tell
from dataplane.errors import UserError

VNI_MAX = (1 << 24) - 1
INHERIT = "inherit"


class Inherited(click.ParamType):  # type: ignore[type-arg,unused-ignore] # generic in some versions only
    """A number up to `largest`, or the word ``inherit``, which becomes -1."""

    name = "number"

    def __init__(self, largest: int) -> None:
        self.largest = largest

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """-1 for ``inherit``; BadParameter for what is neither."""
        if value in (INHERIT, -1):
            return -1
        if not str(value).isdecimal() or int(value) > self.largest:
            self.fail(f"{value!r} is neither a whole number from 0 to {self.largest} nor {INHERIT}", param, ctx)
        return int(value)

    def shell_complete(self, _ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[Any]:
        """The word."""
        return [click.shell_completion.CompletionItem(INHERIT)] if INHERIT.startswith(incomplete) else []


@click.command()
@click.argument("source", metavar="IN", type=click.Path())
@click.argument("out", metavar="OUT", type=click.Path())
@click.option("--vni", metavar="N", type=click.IntRange(1, VNI_MAX), required=True, help="The network's number.")
@click.option("--local", metavar="A", required=True, help="Address of the VTEP that sends, IPv4 or IPv6.")
@click.option("--remote", metavar="B", required=True, help="Address of the VTEP that receives, or a multicast group.")
@click.option("--local-mac", metavar="MAC", help="Of the sender; else 02:42 and its address.")
@click.option("--remote-mac", metavar="MAC", help="Of the next hop; else made of B likewise.")
@click.option("--port", metavar="N", type=click.IntRange(1, 65535), default=4789, show_default=True, help="UDP, to.")
@click.option("--sport-from-flow", is_flag=True, help="UDP, from: a hash of the inner flow, from 49152 on. This is the default.")
@click.option("--sport", metavar="N", type=click.IntRange(0, 65535), help="UDP, from: always this one.")
@click.option("--ttl", metavar="N", type=Inherited(255), default=64, show_default=True, help="Or inherit: the inner packet's.")
@click.option("--dscp", metavar="N", type=Inherited(63), default=0, show_default=True, help="Or inherit: the inner packet's.")
@click.option("--checksum/--no-checksum", default=None, help="Of UDP; else over IPv6 only.")
@click.option("--strip-vlan", is_flag=True, help="Take inner VLAN tags off (RFC 7348, 6.1); else they are kept.")
@click.option("--mtu", metavar="N", type=click.IntRange(68, 65535), default=65535, show_default=True, help="Of the underlay.")
@click.option("--complete-checksums", is_flag=True, help="Fill in inner checksums that an offloading host left open.")
@click.option("--segment", metavar="MTU", type=click.IntRange(68, 65535), help="Cut super-frames to this inner MTU.")
@click.option("--seed", type=options.seed, metavar="N", default=0, show_default=True, help="What source ports derive from.")
@click.option("--drops", metavar="FILE", type=click.Path(), help="Also write what was dropped, as pcapng that says why.")
@as_json
def command(
    *,
    source: str,
    out: str,
    local: str,
    remote: str,
    sport_from_flow: bool,
    sport: int | None,
    mtu: int,
    complete_checksums: bool,
    segment: int | None,
    seed: int,
    drops: str | None,
    as_json: bool,
    **words: Any,
) -> None:
    """Put every frame of a capture into VXLAN.

    Writes OUT with an outer Ethernet, IP, UDP and VXLAN header in front of each frame of IN (pcap or pcapng, gzipped too, - for
    standard input), at its time. Inner VLAN tags are kept. What does not fit the MTU is dropped: VXLAN never fragments.
    """
    from dataplane.encapsulation import encap
    from dataplane.outer import outer

    if sport_from_flow and sport is not None:
        raise UserError(
            "the source port cannot be fixed and follow the flow",
            where=f"--sport-from-flow --sport {sport}",
            mend="give one of them",
        )
    header = outer(local=local, remote=remote, source_port=sport, **words)
    summary = encap(source, out, header, mtu=mtu, seed=seed, drops=drops, complete_checksums=complete_checksums, segment=segment)
    tell(summary, as_json=as_json)
