"""What `run` and `create` ask of the daemon: the flags as the body of POST /containers/create. Reads files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from dataplane.cli.container import resources
from dataplane.cli.container.networks import Wanted, endpoints, valid_mac
from dataplane.cli.container.ports import exposed, published
from dataplane.cli.verb import Failure

HEALTH = {
    "health_interval": "Interval",
    "health_timeout": "Timeout",
    "health_start_period": "StartPeriod",
    "health_start_interval": "StartInterval",
    "health_retries": "Retries",
}


def attached(given: Mapping[str, Any]) -> set[str]:
    """The streams that a user in front of it has."""
    return set(given["attach"]) or {"stdout", "stderr"} | ({"stdin"} if given["interactive"] else set())


def body(given: Mapping[str, Any], image: str, command: Sequence[str], streams: set[str]) -> dict[str, Any]:
    """The request's JSON; ``streams``: which are attached. Failure in Docker's words."""
    ports, bindings = published(given["publish"])
    ports += [port for port in exposed(given["expose"]) if port not in ports]
    flags = Wanted(
        aliases=list(given["network_alias"]),
        links=list(given["link"]),
        ip=given["ip"] or "",
        ip6=given["ip6"] or "",
        mac=given["mac_address"] or "",
        link_local=list(given["link_local_ip"]),
    )
    if given["mac_address"]:
        valid_mac(given["mac_address"])
    wanted: Sequence[Wanted] = given["networks"]
    policy = restart_policy(given["restart"] or "")
    if given["rm"] and policy["Name"] not in {"", "no"}:
        raise Failure("conflicting options: cannot specify both --restart and --rm")
    return {
        "Hostname": given["hostname"] or "",
        "Domainname": given["domainname"] or "",
        "User": given["user"] or "",
        "AttachStdin": "stdin" in streams,
        "AttachStdout": "stdout" in streams,
        "AttachStderr": "stderr" in streams,
        "ExposedPorts": {port: {} for port in ports},
        "Tty": given["tty"],
        "OpenStdin": given["interactive"],
        "StdinOnce": given["interactive"] and "stdin" in streams,
        "Env": variables(given["env_file"], given["env"]),
        "Cmd": list(command) or None,
        "Image": image,
        "WorkingDir": given["workdir"] or "",
        "Entrypoint": None if given["entrypoint"] is None else [given["entrypoint"]],
        "Labels": mapping([*_lines(given["label_file"]), *given["label"]]),
        **({"StopSignal": given["stop_signal"]} if given["stop_signal"] else {}),
        **({"StopTimeout": given["stop_timeout"]} if given["stop_timeout"] is not None else {}),
        **resources.volumes(given),
        **_health(given),
        "HostConfig": {
            "NetworkMode": wanted[0].name if wanted else "default",
            "PortBindings": bindings,
            "RestartPolicy": policy,
            "AutoRemove": given["rm"],
            "Dns": list(given["dns"]),
            "DnsOptions": list(given["dns_option"]),
            "DnsSearch": [text for text in given["dns_search"] if text != "."] if given["dns_search"] != (".",) else ["."],
            "ExtraHosts": list(given["add_host"]),
            "Links": list(given["link"]),
            "PublishAllPorts": given["publish_all"],
            "Sysctls": mapping(given["sysctl"]),
            **({"Init": True} if given["init"] else {}),
            **resources.host_config(given),
        },
        "NetworkingConfig": {"EndpointsConfig": endpoints(wanted, flags)},
    }


def restart_policy(text: str) -> dict[str, Any]:
    """``on-failure:3``."""
    name, sign, count = text.partition(":")
    if sign and not count.isdecimal():
        raise Failure("invalid restart policy format: maximum retry count must be an integer")
    if sign and not name:
        raise Failure("invalid restart policy format: no policy provided before colon")
    return {"Name": name or "no", "MaximumRetryCount": int(count or 0)}


def mapping(words: Iterable[str]) -> dict[str, str]:
    """``KEY=VALUE`` each; KEY alone has no value."""
    return {key: value for key, _, value in (word.partition("=") for word in words)}


def _health(given: Mapping[str, Any]) -> dict[str, Any]:
    times = {key: given[name] for name, key in HEALTH.items() if given[name]}
    if given["no_healthcheck"]:
        if times or given["health_cmd"]:
            raise Failure("--no-healthcheck conflicts with --health-* options")
        return {"Healthcheck": {"Test": ["NONE"]}}
    for name in HEALTH:
        if (given[name] or 0) < 0:
            raise Failure(f"--{name.replace('_', '-')} cannot be negative")
    if not times and not given["health_cmd"]:
        return {}
    test = {"Test": ["CMD-SHELL", given["health_cmd"]]} if given["health_cmd"] else {}
    return {"Healthcheck": {**test, **times}}


def variables(files: Iterable[str], words: Iterable[str]) -> list[str]:
    """Of the files first; of the words a later one of the same name stands at the place of the first."""
    found: list[str] = []
    for line in _lines(files):
        name, sign, _ = line.partition("=")
        if not name or " " in name:
            raise Failure(f"poorly formatted environment: variable '{name}' contains whitespaces")
        if sign:
            found.append(line)
        elif name in os.environ:
            found.append(f"{name}={os.environ[name]}")
    said: dict[str, str] = {}
    for word in words:
        said[word.partition("=")[0]] = word
    return [*found, *said.values()]


def _lines(files: Iterable[str]) -> Iterable[str]:
    for file in files:
        try:
            text = Path(file).read_text(encoding="utf-8")
        except OSError as error:
            raise Failure(f"open {file}: {(error.strerror or '').lower()}") from None
        yield from (line.lstrip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))
