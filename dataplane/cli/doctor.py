"""``dataplane doctor``."""

from __future__ import annotations

import os
import platform
import pwd
import textwrap
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from dataplane.cli.options import as_json
from dataplane.cli.output import page_width, print_json, styled

if TYPE_CHECKING:
    from dataplane.doctor.finding import Finding

NARROWEST = 12
COLOUR = {"ok": "green", "limited": "yellow", "missing": "red"}


@click.command()
@as_json
def command(as_json: bool) -> int:
    """Check what this kernel and this user can do.

    Looks at TAP devices and each of their offloads, at namespaces with and without root, at the way out (nftables, forwarding,
    others' rules), at the machine and at the programs that the demo and the benchmarks use. Each limit comes with its mend. Exit
    status 1 when live labs are impossible.
    """
    from dataplane.doctor.checkup import examine, live_labs_possible

    findings = examine()
    possible = live_labs_possible(findings)
    if as_json:
        print_json({"live": possible, "user": _user(), "kernel": platform.release(), "findings": [asdict(f) for f in findings]})
        return 0 if possible else 1
    width = max(len(finding.name) for finding in findings)
    for number, finding in enumerate(findings):
        if number == 0 or findings[number - 1].topic != finding.topic:
            click.echo(("\n" if number else "") + styled(finding.topic, bold=True))
        _show(finding, width)
    words = "possible" if possible else "impossible until what is missing above is mended"
    click.echo(f"\nLive labs as {_user()}: {styled(words, fg=COLOUR['ok' if possible else 'missing'])}.")
    return 0 if possible else 1


def _show(finding: Finding, width: int) -> None:
    """State, name and detail in columns; the mend below what is not ok."""
    state = f"  {finding.state:7}  "
    name = f"{finding.name:{width}}  "
    first, *more = _folded(finding.detail, len(state + name))
    click.echo((styled(state, fg=COLOUR[finding.state]) + name + first).rstrip())
    for line in more:
        click.echo(" " * len(state + name) + line)
    for line in _folded(f"mend: {finding.mend}", len(state)) if finding.mend else ():
        click.echo(styled(" " * len(state) + line, dim=True))


def _folded(text: str, indent: int) -> list[str]:
    """Lines that fit beside ``indent`` blanks; at least one."""
    return textwrap.wrap(text, max(NARROWEST, page_width() - indent)) or [""]


def _user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return f"user {os.geteuid()}"
