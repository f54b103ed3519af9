"""``scale`` and ``deploy.replicas``: how many instances a service has."""

from __future__ import annotations

from dataplane.compose.nodes import At
from dataplane.model import Attachment

MOST = 4096


def replicas(service: At) -> tuple[int, bool]:
    """The count, and whether one was written (then instances are numbered)."""
    scale = service.get("scale")
    deploy = service.get("deploy")
    mode = deploy.get("mode") if deploy else None
    wanted = deploy.get("replicas") if deploy else None
    counts = [(at, at.integer()) for at in (scale, wanted) if at is not None]
    for at, count in counts:
        if not 0 <= count <= MOST:
            raise at.wrong(f"{count} instances of a service cannot be", f"write a number from 0 to {MOST}")
    if len(counts) == 2 and counts[0][1] != counts[1][1]:
        raise counts[0][0].wrong(f"scale is {counts[0][1]} and deploy.replicas is {counts[1][1]}", "keep one of the two")
    if mode is not None and mode.text().startswith("global") and wanted is not None:
        raise wanted.wrong(f'the mode "{mode.text()}" runs one instance on every host', "remove replicas, or mode")
    return (counts[0][1], True) if counts else (1, False)


def check_copies(count: int, service: At, network_mode: str, attachments: tuple[Attachment, ...]) -> None:
    """UserError when what is written for one instance cannot be true for several."""
    if count < 2:
        return
    if container := service.get("container_name"):
        raise container.wrong(f"{count} instances cannot all have this container name", "remove container_name, or scale")
    if network_mode.startswith("netns:") and attachments:
        raise service.wrong(f"{count} instances cannot all put their interfaces into one namespace", "remove scale")
    for attachment in attachments:
        for fixed in (attachment.ipv4_address, attachment.ipv6_address, attachment.mac_address):
            if fixed is not None:
                raise service.wrong(
                    f'{count} instances cannot all have {fixed} on "{attachment.network}"', "remove the address, or scale"
                )
