"""``dataplane network connect``."""

from __future__ import annotations

from typing import Any

import click

from dataplane.cli.candidates import completer
from dataplane.cli.container.flags import LINK
from dataplane.cli.container.networks import Wanted, settings
from dataplane.cli.daemon_names import network_and_container
from dataplane.cli.network.create import MANY
from dataplane.cli.verb import INTEGER, Failure, Verb, words
from dataplane.client import Daemon
from dataplane.client.daemon import quoted


@click.command(cls=Verb, least=2, most=2)
@click.option("--alias", type=MANY, multiple=True, help="Another name on the network.")
@click.option("--driver-opt", type=MANY, multiple=True, help="An option of the driver.")
@click.option("--gw-priority", type=INTEGER, default=0, help="The network of the highest one has the default route.")
@click.option("--ip", metavar="string", default="", help="IPv4 address.")
@click.option("--ip6", metavar="string", default="", help="IPv6 address.")
@click.option("--link", type=LINK, multiple=True, help="Link to another container: NAME:ALIAS.")
@click.option("--link-local-ip", type=MANY, multiple=True, help="A link-local address.")
@click.option("--mac-address", metavar="string", default="", help="MAC address.")
@words("NETWORK CONTAINER", shell_complete=completer(network_and_container))
def command(words: tuple[str, ...], **given: Any) -> None:
    """Connect a container to a network, also while it runs."""
    network, container = words
    wanted = Wanted(
        name="a user's",  # Docker leaves it to the daemon to refuse what its own networks cannot do
        aliases=_split(given["alias"]),
        links=list(given["link"]),
        driver_opts=dict(_option(text) for text in _split(given["driver_opt"])),
        ip=given["ip"],
        ip6=given["ip6"],
        mac=given["mac_address"],
        link_local=_split(given["link_local_ip"]),
        gw_priority=given["gw_priority"],
    )
    body = {"Container": container, "EndpointConfig": settings(wanted)}
    Daemon.at().ask("POST", f"/networks/{quoted(network)}/connect", body=body)


def _split(values: tuple[str, ...]) -> list[str]:
    return [part for value in values for part in value.split(",") if part]


def _option(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise Failure("invalid key/value pair format in driver options")
    return name.strip(), value.strip()
