"""The request for a container as a wish."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dataplane.api import image, left_aside, mounts_wish, ports_wish
from dataplane.api.asked_container import ContainerCreateRequest, HealthConfig, Limit, RestartRule
from dataplane.api.endpoint_wish import endpoint_wish, links
from dataplane.api.versions import Version
from dataplane.desired.naming import is_address
from dataplane.desired.records import ContainerRecord
from dataplane.desired.refused import Refused
from dataplane.desired.wishes import ContainerWish, EndpointWish
from dataplane.model import Healthcheck, Process, Restart
from dataplane.mounts import Ulimit
from dataplane.ulimits import LIMITS

SECOND = 1_000_000_000
FOR_EVER = 10**9
"""Seconds of grace where a container asks for no end of them (StopTimeout -1)."""


def container_wish(asked: ContainerCreateRequest, name: str, version: Version) -> tuple[ContainerWish, list[str]]:
    """The wish, and a warning for each thing that is left aside. ``version`` decides how many networks one may begin with."""
    host = asked.HostConfig
    entrypoint = [word for word in [*(asked.Entrypoint or [])] if word] if asked.Entrypoint != [""] else []
    command = [*entrypoint, *(asked.Cmd or ())] or list(image.COMMAND)
    restart = _restart(host.RestartPolicy)
    if host.AutoRemove and restart.policy != "no":
        raise Refused(400, "can't create 'AutoRemove' container with restart policy")
    if asked.WorkingDir and not asked.WorkingDir.startswith("/"):
        raise Refused(400, f"the working directory '{asked.WorkingDir[:256]}' is invalid, it needs to be an absolute path")
    grace = 10 if asked.StopTimeout is None else asked.StopTimeout if asked.StopTimeout >= 0 else FOR_EVER
    record = ContainerRecord(
        id="",
        name="",
        created=0,
        image=asked.Image,
        process=Process(
            command=tuple(command),
            environment=environment(asked.Env, tty=asked.Tty),
            working_dir=asked.WorkingDir or None,
            user=asked.User or None,
            init=bool(host.Init),
            stop_signal=asked.StopSignal or "SIGTERM",
            stop_grace_period_ns=min(grace, FOR_EVER) * SECOND,
            tty=asked.Tty,
            stdin_open=asked.OpenStdin,
        ),
        entrypoint=tuple(entrypoint),
        stdin_once=asked.StdinOnce,
        hostname=asked.Hostname,
        domainname=asked.Domainname,
        ports=ports_wish.bindings(host.PortBindings),
        expose=ports_wish.exposed([*asked.ExposedPorts, *host.PortBindings]),
        publish_all=host.PublishAllPorts,
        dns=tuple(host.Dns),
        dns_search=tuple(host.DnsSearch),
        dns_opt=tuple(host.DnsOptions),
        extra_hosts=_extra_hosts(host.ExtraHosts),
        sysctls=dict(host.Sysctls),
        labels=dict(asked.Labels),
        restart=restart,
        healthcheck=_healthcheck(asked.Healthcheck),
        auto_remove=host.AutoRemove,
        mounts=mounts_wish.mounts(asked),
        ulimits=_ulimits(host.Ulimits),
        config=asked.model_dump(exclude={"HostConfig", "NetworkingConfig"}, exclude_unset=True),
        host_config=host.model_dump(exclude_unset=True),
    )
    wish = ContainerWish(
        record=record, name=name, network_mode=host.NetworkMode, networks=_networks(asked, version), links=links(host.Links)
    )
    return wish, left_aside.warnings(asked)


def environment(texts: Sequence[str], *, tty: bool) -> dict[str, str]:
    """`A=b` each; without the sign a variable is taken away, and there is none. A terminal has TERM."""
    found = {"TERM": "xterm"} if tty else {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not key:
            raise Refused(400, f"invalid environment variable: {text[:128]}")
        if equals:
            found[key] = value
        else:
            found.pop(key, None)
    return found


def _networks(asked: ContainerCreateRequest, version: Version) -> dict[str, EndpointWish]:
    """By name. A MAC address of the whole container (before API 1.44) is that of the network which it begins with."""
    # Clients of before API 1.44 call the default network so.
    config = {
        "bridge" if name == "default" else name: settings for name, settings in asked.NetworkingConfig.EndpointsConfig.items()
    }
    if version < (1, 44) and len(config) > 1:
        raise Refused(400, f"Container cannot be connected to network endpoints: {', '.join(sorted(config))[:512]}")
    wishes = {name: endpoint_wish(settings) for name, settings in config.items()}
    if not asked.MacAddress:
        return wishes
    mode = asked.HostConfig.NetworkMode
    if mode == "host" or mode.startswith("container:"):
        raise Refused(400, "conflicting options: mac-address and the network mode")
    main = mode if mode not in {"", "default"} else "bridge"
    if main not in wishes and len(wishes) == 1 and mode not in {"", "default", "bridge", "none"}:
        main = next(iter(wishes))  # one is a name, the other an id
    wish = wishes.get(main, EndpointWish())
    if wish.mac and wish.mac != asked.MacAddress:
        raise Refused(
            400,
            "the container-wide MAC address must match the endpoint-specific MAC address for the main network, or be left empty",
        )
    wishes[main] = replace(wish, mac=asked.MacAddress)
    return wishes


def _restart(asked: RestartRule) -> Restart:
    name, count = asked.Name or "no", asked.MaximumRetryCount
    if name not in {"no", "always", "on-failure", "unless-stopped"}:
        raise Refused(
            400,
            f"invalid restart policy: unknown policy '{name[:64]}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'",
        )
    if count and name != "on-failure":
        raise Refused(400, "invalid restart policy: maximum retry count can only be used with 'on-failure'")
    if count < 0:
        raise Refused(400, "invalid restart policy: maximum retry count cannot be negative")
    return Restart(policy=name, max_retries=count)


def _ulimits(asked: Sequence[Limit]) -> tuple[Ulimit, ...]:
    """A later one of the same name counts; -1 is no limit."""
    found = {}
    for one in asked:
        if one.Name not in LIMITS:
            raise Refused(400, f"invalid ulimit type: {one.Name[:64]}", mend=f"one of {', '.join(LIMITS)}")
        if -1 not in {one.Soft, one.Hard} and one.Soft > one.Hard:
            raise Refused(400, f"ulimit soft limit must be less than or equal to hard limit: {one.Soft} > {one.Hard}")
        found[one.Name] = Ulimit(name=one.Name, soft=one.Soft, hard=one.Hard)
    return tuple(found.values())


def _extra_hosts(texts: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """`name:address`, where the address may be IPv6 and in brackets."""
    found = []
    for text in texts:
        name, colon, address = text.partition(":")
        if not colon or not name or not address:
            raise Refused(400, f'bad format for add-host: "{text[:128]}"')
        address = address.strip("[]")
        if address != "host-gateway" and not is_address(address):
            raise Refused(400, f'invalid IP address in add-host: "{address[:128]}"')
        found.append((name, address))
    return tuple(found)


def _healthcheck(asked: HealthConfig | None) -> Healthcheck | None:
    if asked is None:
        return None
    for name in ("Interval", "Timeout", "StartPeriod", "StartInterval"):
        value = getattr(asked, name)
        if value and value < 1_000_000:
            raise Refused(400, f"{name} in Healthcheck cannot be less than 1ms")
    if asked.Retries < 0:
        raise Refused(400, "Retries in Healthcheck cannot be negative")
    if not asked.Test or asked.Test[0] == "NONE":
        return None
    if asked.Test[0] not in {"CMD", "CMD-SHELL"} or len(asked.Test) < 2:
        raise Refused(400, f"Unknown healthcheck type {asked.Test[0][:64]!r} (expected 'CMD')")
    plain = Healthcheck(test=())
    return Healthcheck(
        test=tuple(asked.Test),
        interval_ns=asked.Interval or plain.interval_ns,
        timeout_ns=asked.Timeout or plain.timeout_ns,
        retries=asked.Retries or plain.retries,
        start_period_ns=asked.StartPeriod,
        start_interval_ns=asked.StartInterval or plain.start_interval_ns,
    )
