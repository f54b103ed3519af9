"""``dataplane doctor``."""

from __future__ import annotations

import getpass
import platform
from dataclasses import asdict

import click

from dataplane.cli.options import as_json
from dataplane.cli.output import console, print_json

STYLE = {"ok": "green", "limited": "yellow", "missing": "red"}


@click.command()
@as_json
def command(as_json: bool) -> int:
    """Check what this kernel and this user can do.

    Looks at TAP devices and each of their offloads, at namespaces with and without root, at the machine and at the programs that
    the demo and the benchmarks use. Each limit comes with its mend. Exit status 1 when live labs are impossible.
    """
    from dataplane.doctor.checkup import examine, live_labs_possible

    findings = examine()
    possible = live_labs_possible(findings)
    if as_json:
        print_json(
            {"live": possible, "user": getpass.getuser(), "kernel": platform.release(), "findings": [asdict(f) for f in findings]}
        )
        return 0 if possible else 1
    from rich.text import Text

    out = console()
    name_width = max(len(finding.name) for finding in findings)
    for number, finding in enumerate(findings):
        if number == 0 or findings[number - 1].topic != finding.topic:
            out.print(Text(("\n" if number else "") + finding.topic, style="bold"))
        words = f"{finding.name:{name_width}}  {finding.detail}".rstrip()
        out.print(Text.assemble("  ", (f"{finding.state:8}", STYLE[finding.state]), words))
        if finding.mend:
            out.print(Text(f"{'':10}mend: {finding.mend}", style="dim"))
    verdict = "possible" if possible else "impossible until what is missing above is mended"
    out.print(Text.assemble("\nLive labs as ", getpass.getuser(), ": ", (verdict, STYLE["ok" if possible else "missing"]), "."))
    return 0 if possible else 1
