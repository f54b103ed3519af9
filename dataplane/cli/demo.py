"""``dataplane demo``."""

from __future__ import annotations

import importlib

import click

from dataplane.demo import DEMOS


@click.command()
@click.option("--step", is_flag=True, help="Wait for Enter before each step.")
@click.argument("name", type=click.Choice(list(DEMOS)), default="bridge")
def command(step: bool, name: str) -> None:
    """Watch namespaces talk through our bridge, step by step.

    bridge: two namespaces and what the bridge learns of them. nat (root): a gateway; out, in by a published port, isolation,
    errors. vxlan (root): two hosts, two labs, one overlay; the octets of one ping at each of its six stages.

    Each step says what it does, how one would do it by hand, and shows the table that changed. It cleans up behind itself, also
    when it is interrupted.
    """
    from dataplane.demo.page import Page

    importlib.import_module(f"dataplane.demo.{name}").play(Page(stepwise=step))
