"""A service of the file -> `model.Service`."""

from __future__ import annotations

from collections.abc import Collection

from dataplane.compose.attachments import attachments
from dataplane.compose.context import Context
from dataplane.compose.dependencies import dependencies, links
from dataplane.compose.environment import environment, labels
from dataplane.compose.healthcheck import healthcheck
from dataplane.compose.hosts import extra_hosts, hostname, name_servers, resolver
from dataplane.compose.keys import OURS
from dataplane.compose.netmode import network_mode
from dataplane.compose.nodes import At
from dataplane.compose.portrange import exposed
from dataplane.compose.ports import port_bindings
from dataplane.compose.process import process
from dataplane.compose.replicas import check_copies, replicas
from dataplane.compose.resources import resources
from dataplane.compose.restart import restart
from dataplane.compose.sysctls import sysctls
from dataplane.compose.values import flag
from dataplane.gateways import leads_out
from dataplane.model import Attachment, PortBinding, Service


def service(name: str, at: At, context: Context, active: Collection[str]) -> Service:
    """The service ``name``, its shape already checked. UserError for what cannot be, or not yet."""
    mode = network_mode(name, at, context)
    joined = attachments(at, mode, context)
    count, scaled = replicas(at)
    check_copies(count, at, mode, joined)
    expose = at.get("expose")
    running = process(at, environment(at, context.lookup), may_run(at) or context.run_commands)
    own = resources(name, at, running.run, context.findings)
    check = healthcheck(at.get("healthcheck"))
    if not running.run:
        context.findings.never_run.append(name)
    return Service(
        name=name,
        attachments=joined,
        network_mode=mode,
        replicas=count,
        scaled=scaled,
        process=running,
        hostname=hostname(named) if (named := at.get("hostname")) else None,
        extra_hosts=extra_hosts(at.get("extra_hosts")),
        sysctls=sysctls(name, at.get("sysctls"), mode, context.findings),
        expose=tuple(exposed(entry) for entry in expose.elements()) if expose else (),
        dns=name_servers(at.get("dns")),
        dns_search=resolver(at.get("dns_search")),
        dns_opt=resolver(at.get("dns_opt")),
        labels=labels(at, context.lookup),
        restart=restart(name, at, context.findings),
        healthcheck=check if running.run else None,
        depends_on=dependencies(at, mode, context.services, active),
        links=links(at),
        ports=_ports(name, at, mode, joined, context),
        container_name=written.text() if (written := at.get("container_name")) else "",
        mounts=own.mounts,
        devices=own.devices,
        shm_size=own.shm_size,
        ulimits=own.ulimits,
    )


def _ports(name: str, at: At, mode: str, joined: Collection[Attachment], context: Context) -> tuple[PortBinding, ...]:
    """What the service publishes; nothing, with a word, where it is on no network that leads out."""
    written = at.get("ports")
    found = port_bindings(written)
    if not found or written is None:
        return ()
    if mode.startswith("service:"):
        raise written.wrong(
            "conflicting options: port publishing and the container type network mode",
            f"write ports on {mode.removeprefix('service:')}",
        )
    if mode == "host":
        context.findings.remarks.append(f"{name}: Published ports are discarded when using host network mode")
        return ()
    if not any(leads_out(context.networks[one.network]) for one in joined):
        context.findings.remarks.append(f"{name}: its ports are not published, as it is on no network that leads out")
        return ()
    return found


def may_run(at: At) -> bool:
    """Whether the command is meant for this host: no ``build``, and no image but ``host``; or ``x-dataplane: {run: true}``."""
    ours = at.get(OURS)
    if ours is not None and flag(ours, "run"):
        return True
    image = at.get("image")
    return at.get("build") is None and at.get("provider") is None and (image is None or image.text() == "host")
