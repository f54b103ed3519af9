"""Overlays of labs that run: MTUs that cannot work."""

from __future__ import annotations

from contextlib import suppress

from dataplane.doctor.finding import Finding
from dataplane.errors import UserError

TOPIC = "Overlays of running labs"


def examine() -> list[Finding]:
    """A finding for each running lab that has an overlay."""
    from dataplane import live

    found = []
    for lab in live.labs():
        with suppress(UserError, OSError):  # one that ends meanwhile
            with live.find(lab=lab.name) as client:
                vteps = client.vteps()
            if not vteps["overlays"]:
                continue
            networks = ", ".join(f"{row['network']} (MTU {row['mtu']:,})" for row in vteps["overlays"])
            if not vteps["warnings"]:
                found.append(Finding(topic=TOPIC, name=f"lab {lab.name}", state="ok", detail=networks))
                continue
            detail, mend = "; ".join(vteps["warnings"]), "an MTU that fits: docs/overlays.md"
            found.append(Finding(topic=TOPIC, name=f"lab {lab.name}", state="limited", detail=detail, mend=mend))
    return found
