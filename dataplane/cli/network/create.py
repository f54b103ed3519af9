"""``dataplane network create``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from dataplane.cli.container.body import mapping
from dataplane.cli.container.flags import LABEL
from dataplane.cli.network.pools import pools
from dataplane.cli.verb import Verb, Words, words
from dataplane.client import Daemon

MANY = Words("strings", str)
MAP = Words("map", str)


@click.command(cls=Verb, least=1, most=1)
@click.option("--attachable", is_flag=True, help="Containers may be attached by hand.")
@click.option("--aux-address", type=MAP, multiple=True, help="NAME=ADDRESS that no container gets.")
@click.option("--config-from", metavar="string", default="", help="Take everything from this template.")
@click.option("--config-only", is_flag=True, help="A template, which nobody can join.")
@click.option("-d", "--driver", metavar="string", default="bridge", help="bridge, overlay, macvlan or ipvlan.")
@click.option("--gateway", type=MANY, multiple=True, help="The gateway of a subnet.")
@click.option("--ingress", is_flag=True, help="For a swarm, which there is none of.")
@click.option("--internal", is_flag=True, help="Nobody gets out of it, nor in.")
@click.option("--ip-range", type=MANY, multiple=True, help="Give addresses of this part of a subnet only.")
@click.option("--ipam-driver", metavar="string", default="default", help="default or null.")
@click.option("--ipam-opt", type=MAP, multiple=True, help="An option of that.")
@click.option("--ipv4/--no-ipv4", default=True, help="With IPv4.")
@click.option("--ipv6", is_flag=True, help="With IPv6.")
@click.option("--label", type=LABEL, multiple=True, help="Set a label.")
@click.option("-o", "--opt", type=MAP, multiple=True, help="An option of the driver.")
@click.option("--scope", metavar="string", default="", help="local.")
@click.option("--subnet", type=MANY, multiple=True, help="A subnet: 192.168.1.0/24.")
@words("NETWORK")
@click.pass_context
def command(context: click.Context, /, words: tuple[str, ...], **given: Any) -> None:
    """Create a network."""
    answer = Daemon.at().ask("POST", "/networks/create", body=body(words[0], given, said=_said(context)))
    if answer.get("Warning"):
        click.echo(f"WARNING: {answer['Warning']}", err=True)
    click.echo(answer["Id"])


def body(name: str, given: dict[str, Any], *, said: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The request's JSON; ``said``: which of ipv4 and ipv6 a user has written. Failure in Docker's words."""
    subnets, ranges, gateways = (_split(given[key]) for key in ("subnet", "ip_range", "gateway"))
    wanted: dict[str, Any] = {
        "Name": name,
        "Driver": given["driver"],
        "Scope": given["scope"],
        "Internal": given["internal"],
        "Attachable": given["attachable"],
        "Ingress": given["ingress"],
        "ConfigOnly": given["config_only"],
        "IPAM": {
            "Driver": given["ipam_driver"],
            "Options": mapping(given["ipam_opt"]),
            "Config": pools(subnets, ranges, gateways, mapping(given["aux_address"])),
        },
        "Options": mapping(given["opt"]),
        "Labels": mapping(given["label"]),
    }
    if given["config_from"]:
        wanted["ConfigFrom"] = {"Network": given["config_from"]}
    if "ipv4" in said:
        wanted["EnableIPv4"] = given["ipv4"]
    if given["ipv6"] or "ipv6" in said:
        wanted["EnableIPv6"] = given["ipv6"]
    return wanted


def _said(context: click.Context) -> frozenset[str]:
    source = click.core.ParameterSource.COMMANDLINE
    return frozenset(name for name in ("ipv4", "ipv6") if context.get_parameter_source(name) is source)


def _split(values: Sequence[str]) -> list[str]:
    """Commas separate too."""
    return [part for value in values for part in value.split(",") if part]
