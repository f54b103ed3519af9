"""``dataplane daemon``."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Interface, IPv6Interface, ip_address
from pathlib import Path

import click

from dataplane.errors import UserError
from dataplane.model import IPAddress
from dataplane.underlay import VXLAN_PORT, Peer, Underlay


@click.command()
@click.option("--socket", metavar="PATH", type=click.Path(path_type=Path), help="Where the API listens.")
@click.option("--state", metavar="DIR", type=click.Path(path_type=Path), help="Where it remembers networks and containers.")
@click.option("--any-image", is_flag=True, help="Take every image's name for the host's file system.")
@click.option("--no-host-rules", is_flag=True, help="Print what the host needs, instead of setting it.")
@click.option("--data-path-addr", metavar="ADDRESS", help="This host's address that overlays are carried by.")
@click.option("--data-path-port", type=click.IntRange(1, 65535), default=VXLAN_PORT, help="Their UDP port.", show_default=True)
@click.option("--peer", "peers", metavar="ADDRESS", multiple=True, help="Another host whose daemon has them; may be repeated.")
@click.option("--clean", is_flag=True, help="Run none: end and remove what one that was stopped has left.")
def command(
    *,
    socket: Path | None,
    state: Path | None,
    any_image: bool,
    no_host_rules: bool,
    data_path_addr: str | None,
    data_path_port: int,
    peers: tuple[str, ...],
    clean: bool,
) -> int:
    """Run the daemon whose API is Docker's: networks and containers that stay.

    It stays in the foreground. A signal (Ctrl-C, SIGTERM) ends the daemon alone: containers go on, and the next one started with
    the same --state takes them up again, as it does after a kill or an upgrade. Clients find it by DOCKER_HOST=unix://PATH.

    Without a daemon, --clean ends its containers and takes away its namespaces, interface and rules; networks and containers are
    remembered all the same.
    """
    from dataplane.daemon import places
    from dataplane.daemon.process import Options, main

    if clean:
        return _clean((state or places.default_state()).absolute())
    options = Options(
        socket=(socket or places.default_socket()).absolute(),
        state=(state or places.default_state()).absolute(),
        any_image=any_image,
        host_rules=not no_host_rules,
        underlay=_underlay(data_path_addr, data_path_port, peers),
    )
    return main(options)


def _clean(state: Path) -> int:
    from dataplane.daemon.clearing import clear_left
    from dataplane.daemon.places import name_of

    ended = clear_left(state, click.echo)
    if ended is None:
        click.echo(f"Nothing of daemon {name_of(state)} was left.")
    else:
        words = "1 container was ended" if ended == 1 else f"{ended or 'no'} containers were ended"
        click.echo(f"Nothing of daemon {name_of(state)} is left: {words}. What it remembers stays in {state}.")
    return 0


def _underlay(address: str | None, port: int, peers: tuple[str, ...]) -> Underlay | None:
    """Sockets of the host, which routes what they send."""
    if address is None:
        if peers:
            raise UserError("peers of what?", where="--peer", mend="say by which address of this host: --data-path-addr ADDRESS")
        return None
    ours = _address(address, "--data-path-addr")
    four, six = (IPv4Interface(ours), None) if isinstance(ours, IPv4Address) else (None, IPv6Interface(ours))
    others = tuple(Peer(address=_address(one, "--peer")) for one in peers)
    return Underlay(kind="udp", ipv4=four, ipv6=six, port=port, peers=others)


def _address(text: str, where: str) -> IPAddress:
    try:
        return ip_address(text)
    except ValueError:
        raise UserError(f"{text!r} is no address", where=where, mend="write one as 192.0.2.1") from None
