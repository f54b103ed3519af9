"""``dataplane decap``."""

from __future__ import annotations

import click

from dataplane.cli.encap import VNI_MAX
from dataplane.cli.options import as_json
from dataplane.cli.summary import tell

NO_VXLAN = "no vxlan"
LINUX = 8472
"""The kernel's port of old, which it still takes when nothing else is said."""


@click.command()
@click.argument("source", metavar="IN", type=click.Path())
@click.argument("out", metavar="OUT", type=click.Path())
@click.option(
    "--vni", "vnis", metavar="N", type=click.IntRange(0, VNI_MAX), multiple=True, help="Only this network; may be repeated."
)
@click.option("--split-vni", is_flag=True, help="OUT is a folder: each network goes to a file N.pcap of its own.")
@click.option("--port", metavar="N", type=click.IntRange(1, 65535), default=4789, show_default=True, help="UDP, to.")
@click.option("--pass", "rest", is_flag=True, help="What is not of these goes along as it is; with --split-vni to rest.pcap.")
@click.option("--strict", is_flag=True, help="Drop packets with reserved bits set, as the Linux kernel does.")
@click.option("--strip-vlan", is_flag=True, help="Take inner VLAN tags off; else they are kept.")
@click.option("--drops", metavar="FILE", type=click.Path(), help="Also write what was dropped, as pcapng that says why.")
@as_json
def command(
    *,
    source: str,
    out: str,
    vnis: tuple[int, ...],
    split_vni: bool,
    port: int,
    rest: bool,
    strict: bool,
    strip_vlan: bool,
    drops: str | None,
    as_json: bool,
) -> None:
    """Take the frames of a capture out of VXLAN.

    Writes to OUT the inner frame of each VXLAN packet of IN (pcap or pcapng, gzipped too, - for standard input), at its time. Inner
    VLAN tags are kept. What is no VXLAN, or is damaged, is dropped by name.
    """
    from dataplane.encapsulation import decap

    summary = decap(
        source, out, vnis=vnis, split=split_vni, port=port, rest=rest, strict=strict, strip_vlan=strip_vlan, drops=drops
    )
    if summary.dropped.get(NO_VXLAN) and not summary.frames_out:
        other = "--port 4789 is that of RFC 7348." if port == LINUX else f"--port {LINUX} is Linux's without dstport."
        click.echo(f"No frame was VXLAN to UDP port {port}. Another port? {other}", err=True)
    tell(summary, as_json=as_json)
