"""The flags of `run` and `create`, and how their values are read. The words of errors are Docker's (28.2)."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Callable
from typing import Any, TypeVar

import click

from dataplane.cli.candidates import completer
from dataplane.cli.container import resources
from dataplane.cli.container.networks import network
from dataplane.cli.daemon_names import networks
from dataplane.cli.verb import INTEGER, Words
from dataplane.spans import duration

Command = TypeVar("Command", bound=Callable[..., Any])

SYSCTLS = ("net.", "fs.mqueue.")
SYSCTL = {"kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shmall", "kernel.shmmax", "kernel.shmmni",
          "kernel.shm_rmid_forced"}  # fmt: skip


def _env(text: str) -> str:
    """``NAME=VALUE``; NAME alone takes this shell's; where it has none, NAME alone unsets it."""
    name, sign, _ = text.partition("=")
    if not name:
        raise ValueError(f"invalid environment variable: {text}")
    return text if sign else f"{name}={os.environ[name]}" if name in os.environ else name


def _label(text: str) -> str:
    name, _, _ = text.partition("=")
    if not name.strip():
        raise ValueError(f"invalid label '{text}': empty name")
    return text


def _dns(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text.strip()))
    except ValueError:
        raise ValueError(f"IP address is not correctly formatted: {text}") from None


def _dns_search(text: str) -> str:
    if text.strip(" ") == ".":
        return text
    domain = r"[a-zA-Z0-9_](?:[a-zA-Z0-9_-]*[a-zA-Z0-9_])?"
    if not re.fullmatch(rf"{domain}(?:\.{domain})*\.?", text.strip(" ")):
        raise ValueError(f"{text} is not a valid domain")
    return text


def _host(text: str) -> str:
    name, sign, address = text.replace("=", ":", 1).partition(":") if "=" in text else text.partition(":")
    if not sign or not name:
        raise ValueError(f'bad format for add-host: "{text}"')
    bare = address[1:-1] if address.startswith("[") and address.endswith("]") else address
    if bare != "host-gateway":
        try:
            ipaddress.ip_address(bare)
        except ValueError:
            raise ValueError(f'invalid IP address in add-host: "{address}"') from None
    return f"{name}:{bare}"


def link(text: str) -> str:
    """``NAME`` or ``NAME:ALIAS``."""
    if not text:
        raise ValueError("empty string specified for links")
    if text.count(":") > 1:
        raise ValueError(f"bad format for links: {text}")
    return text


def _sysctl(text: str) -> str:
    name = text.partition("=")[0]
    if "=" not in text or not (name in SYSCTL or name.startswith(SYSCTLS)):
        raise ValueError(f"sysctl '{text}' is not allowed")
    return text


def _stream(text: str) -> str:
    if text.lower() not in {"stdin", "stdout", "stderr"}:
        raise ValueError("valid streams are STDIN, STDOUT and STDERR")
    return text.lower()


LABEL, ENV, LINK, DURATION = Words("list", _label), Words("list", _env), Words("list", link), Words("duration", duration)
TEXT, LIST = Words("string", str), Words("list", str)

MANY: dict[str, tuple[tuple[str, ...], Words, str]] = {
    "add_host": (("--add-host",), Words("list", _host), "Add a line to /etc/hosts: NAME:ADDRESS."),
    "attach": (("-a", "--attach"), Words("list", _stream), "Attach to stdin, stdout or stderr."),
    "dns": (("--dns",), Words("list", _dns), "A DNS server."),
    "dns_option": (("--dns-option", "--dns-opt"), LIST, "A DNS option."),
    "dns_search": (("--dns-search",), Words("list", _dns_search), "A DNS search domain."),
    "env": (("-e", "--env"), ENV, "Set a variable."),
    "env_file": (("--env-file",), LIST, "Set the variables of a file."),
    "expose": (("--expose",), LIST, "Expose a port or a range of ports."),
    "label": (("-l", "--label"), LABEL, "Set a label."),
    "label_file": (("--label-file",), LIST, "Set the labels of a file."),
    "link": (("--link",), LINK, "Link to another container: NAME:ALIAS."),
    "link_local_ip": (("--link-local-ip",), LIST, "A link-local address."),
    "networks": (("--network", "--net"), Words("network", network), "Connect to a network."),
    "network_alias": (("--network-alias", "--net-alias"), LIST, "Another name on the network."),
    "publish": (("-p", "--publish"), LIST, "Publish a port: [[ADDRESS:]PORT:]PORT[/udp]."),
    "sysctl": (("--sysctl",), Words("map", _sysctl), "Set a kernel parameter of its namespaces."),
}
ONE: dict[str, tuple[tuple[str, ...], Words, str]] = {
    "cidfile": (("--cidfile",), TEXT, "Write the id to a file."),
    "detach_keys": (("--detach-keys",), TEXT, "The keys that detach, instead of ctrl-p,ctrl-q."),
    "domainname": (("--domainname",), TEXT, "Domain name."),
    "entrypoint": (("--entrypoint",), TEXT, "What is run, in front of the command."),
    "health_cmd": (("--health-cmd",), TEXT, "The command that checks its health."),
    "health_interval": (("--health-interval",), DURATION, "Time between two checks."),
    "health_retries": (("--health-retries",), INTEGER, "So many failures make it unhealthy."),
    "health_start_interval": (("--health-start-interval",), DURATION, "Time between two checks while it starts."),
    "health_start_period": (("--health-start-period",), DURATION, "Failures do not count for so long."),
    "health_timeout": (("--health-timeout",), DURATION, "The longest time for one check."),
    "hostname": (("-h", "--hostname"), TEXT, "Host name."),
    "ip": (("--ip",), TEXT, "IPv4 address."),
    "ip6": (("--ip6",), TEXT, "IPv6 address."),
    "mac_address": (("--mac-address",), TEXT, "MAC address."),
    "name": (("--name",), TEXT, "The container's name."),
    "restart": (("--restart",), TEXT, "no, always, unless-stopped or on-failure[:N]."),
    "stop_signal": (("--stop-signal",), TEXT, "The signal that stops it."),
    "stop_timeout": (("--stop-timeout",), INTEGER, "Seconds until it is killed when it is stopped."),
    "user": (("-u", "--user"), TEXT, "Run as USER[:GROUP]."),
    "workdir": (("-w", "--workdir"), TEXT, "Working folder."),
}
SWITCHES = {
    "init": (("--init",), "Run an init that reaps processes."),
    "interactive": (("-i", "--interactive"), "Keep stdin open, even when nobody is attached."),
    "no_healthcheck": (("--no-healthcheck",), "No health check."),
    "publish_all": (("-P", "--publish-all"), "Publish every exposed port at a free one."),
    "rm": (("--rm",), "Remove it when it ends."),
    "tty": (("-t", "--tty"), "A terminal."),
}


def container_flags(command: Command) -> Command:
    """All of them; the parameter of each is its key above."""
    for name, (spelt, text) in reversed((SWITCHES | resources.SWITCHES).items()):
        command = click.option(*spelt, name, is_flag=True, help=text)(command)
    for name, (words, kind, text) in reversed((ONE | resources.ONE).items()):
        command = click.option(*words, name, type=kind, help=text)(command)
    for name, (words, kind, text) in reversed((MANY | resources.MANY).items()):
        complete = completer(networks) if name == "networks" else None
        command = click.option(*words, name, type=kind, multiple=True, help=text, shell_complete=complete)(command)
    return command
