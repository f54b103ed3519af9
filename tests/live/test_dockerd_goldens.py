"""What clients say on our daemon is what docker's client said on a real dockerd 20.10 (tests/golden; DOCKER.md 1.8, 1.9), ids,
times and widths aside. Where it is something else on purpose, NEWER says what."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys

import pytest

from tests.dataplane.cli.masked import of_ours
from tests.golden.session import Said, play, recorded
from tests.live.daemon_process import daemon

pytestmark = pytest.mark.live

DAEMON = "Error response from daemon: "
NEWER = {
    "network create --subnet 10.88.0.0/25 net3": (
        1,
        DAEMON + "invalid pool request: Pool overlaps with other one on this address space",
    ),
    "run -d --name c3 --network net1 --ip 172.18.0.9 host sleep 1000": (0, ""),
    "run -d --name x4 --ip 172.17.0.9 host sleep 1000": (
        125,
        DAEMON + "invalid config for network bridge: invalid endpoint settings:\n"
        "user specified IP address is supported on user defined networks only",
    ),
    "run -d --name x5 --network-alias x host sleep 1000": (
        125,
        "network-scoped aliases are only supported for user-defined networks",
    ),
    "run -d --name x7 --network net2 --ip 10.44.0.9 host sleep 1000": (
        125,
        DAEMON + "invalid config for network net2: invalid endpoint settings:\nno configured subnet contains IP address 10.44.0.9",
    ),
    "run --rm --name gone host nosuchprogram": (
        127,
        DAEMON + "failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: "
        'unable to start container process: exec: "nosuchprogram": executable file not found in $PATH: unknown',
    ),
    "network connect --alias x bridge c2": (
        1,
        DAEMON + "invalid endpoint settings:\nnetwork-scoped alias is supported only for containers in user defined networks",
    ),
    "network rm net1": (
        1,
        DAEMON + "error while removing network: network net1 has active endpoints "
        '(name:"c1" id:"<short>", name:"c3" id:"<short>", name:"c2" id:"<short>")',
    ),
    "exec out true": (1, DAEMON + "container <id> is not running"),
    "kill c1": (1, DAEMON + "cannot kill container: c1: container <id> is not running"),
    "rm c2": (
        1,
        DAEMON + 'cannot remove container "/c2": container is running: stop the container before removing or force remove',
    ),
}
"""By line, what today's Docker says instead: its daemon's words changed since 20.10, or its client refuses at once."""
FOLLOWS = {
    "rm -f web web2 c9 out made c3 x4 x5 c6 x7",
}
"""Lines whose answers follow from those: which containers there are."""

CLIENTS = sorted({os.path.realpath(found) for folder in os.get_exec_path() if (found := shutil.which("docker", path=folder))})


def plain(text: str) -> str:
    """A complaint without the frame that versions of the client put around it."""
    text = re.sub(r"\n*(See|Run) 'docker [a-z ]+ --help'( for more information)?\.?", "", text)
    text = text.replace("exit status 1\n", "")
    # What 20.10's client made of a 404 itself.
    text = re.sub(r"^Error: No such container", "Error response from daemon: No such container", text, flags=re.M)
    text = re.sub(r"^Error: No such network: (.*)", r"Error response from daemon: network \1 not found", text, flags=re.M)
    text = re.sub(r"public port '(\d+)/tcp'", r"public port '\1'", text)
    lines = [line for line in text.splitlines() if not line.startswith("  mend:")]
    return "\n".join(line.removeprefix("docker: ").removesuffix(".") for line in lines if line).strip()


def compare(theirs: Said, ours: Said) -> str:
    """What differs; "" where nothing does, or nothing but what is told above."""
    if theirs.line in FOLLOWS or (ours.status, plain(ours.err)) == NEWER.get(theirs.line):
        return ""
    if ours.status != theirs.status:
        return f"status {theirs.status} -> {ours.status}; {ours.err}"
    if plain(ours.err) != plain(theirs.err):
        return f"{plain(theirs.err)!r}\n   -> {plain(ours.err)!r}"
    if theirs.out.startswith("[\n   {"):
        return less(json.loads(theirs.out), json.loads(ours.out))
    return "" if settled(ours.out) == settled(theirs.out) else f"{theirs.out!r}\n   -> {ours.out!r}"


def settled(text: str) -> str:
    """Brackets around IPv6 as clients from 23 on write them; by name what 20.10 takes from Go's maps, which have no order
    (published ports, networks that were removed); the default network's own name."""
    text = text.replace(":::", "[::]:").replace("running default", "running bridge")
    if re.match(r"\d+/(tcp|udp) -> ", text):
        text = "".join(sorted(text.splitlines(keepends=True)))
    head, deleted, names = text.partition("Deleted Networks:\n")
    return head + deleted + "\n".join(sorted(names.split("\n"))) if deleted else text


def less(theirs: object, ours: object, path: str = "") -> str:
    """Where ours has less or other than theirs; it may have more."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        found = (less(value, ours.get(key, "(missing)"), f"{path}.{key}") for key, value in theirs.items())
        return next(filter(None, found), "")
    if isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        found = (less(one, other, f"{path}[{n}]") for n, (one, other) in enumerate(zip(theirs, ours, strict=True)))
        return next(filter(None, found), "")
    return "" if theirs == ours else f"{path}: {theirs!r} -> {ours!r}"


def differences(found: list[Said]) -> list[str]:
    return [
        f"$ {theirs.line}\n   {text}" for theirs, ours in zip(recorded(), found, strict=True) if (text := compare(theirs, ours))
    ]


@pytest.mark.parametrize("client", CLIENTS)
def test_docker_on_our_daemon(client, tmp_path):
    with daemon(tmp_path) as running:
        env = {**os.environ, "DOCKER_HOST": running.host, "DOCKER_CONFIG": str(tmp_path)}
        assert not (found := differences(play([client], env))), "\n".join(found)


def test_dataplane_on_our_daemon(tmp_path):
    with daemon(tmp_path) as running:
        env = {**os.environ, "DATAPLANE_HOST": running.host}
        found = [
            Said(line, status, of_ours(out), of_ours(err))
            for line, status, out, err in play([sys.executable, "-m", "dataplane"], env)
        ]
        assert not (found := differences(found)), "\n".join(found)
