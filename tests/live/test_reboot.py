"""A machine that was started again: what the daemon remembers is there, and nothing that ran. And what is kept of containers."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from daemon_process import DaemonProcess, daemon, sandbox_says
from test_daemon_killed import assert_whole, state, until

from dataplane.daemon.container import freezer
from dataplane.proc import pids
from dataplane.proc.server import privileged

pytestmark = [pytest.mark.live, pytest.mark.skipif(not privileged(), reason="namespaces with names, and rules on the host")]


def reboot(process: DaemonProcess) -> None:
    """kill -9 of everything, and all that a machine forgets: /run, namespaces, interfaces, rules."""
    known = [path / "status.json" for path in (process.runtime / "instances").iterdir()] + [process.runtime / "helper.json"]
    process.kill()
    freezer.thaw([path.parent for path in known])
    for body in filter(None, map(pids.read_json, map(str, known))):
        assert pids.kill(body["pid"], body["start"])
    for name in (path.name for path in Path("/run/netns").glob(f"{process.name}-*")):
        subprocess.run(["ip", "netns", "delete", name], check=True)
    subprocess.run(["ip", "link", "delete", f"dp-{process.name}"], check=True)
    subprocess.run(["nft", "delete", "table", "inet", f"dataplane-{process.name}"], check=True)
    shutil.rmtree(process.runtime)


def test_policies_logs_and_networks_are_remembered(tmp_path: Path) -> None:
    """Docker: `always`, and `unless-stopped` where nobody stopped it, run again; all else has exited, with 255. Addresses and ports
    work, logs go on where they were, names are answered."""
    with daemon(tmp_path) as process:
        assert process.ask("POST", "/networks/create", {"Name": "front"})[0] == 201
        words = ("sh", "-c", "echo here; sleep 1000")
        for name, policy in (("once", "no"), ("ever", "always"), ("unless", "unless-stopped"), ("failing", "on-failure")):
            process.run(name, *words, network="front", HostConfig={"RestartPolicy": {"Name": policy}})
        process.run("ended", *words, network="front", HostConfig={"RestartPolicy": {"Name": "unless-stopped"}})
        process.run("frozen", *words)
        assert process.ask("POST", "/containers/ended/stop?t=1")[0] == 204
        assert process.ask("POST", "/containers/frozen/pause")[0] == 204
        until(lambda: "here" in str(process.ask("GET", "/containers/ever/logs?stdout=1")[1]), 30, "it has written")
        networks = process.ask("GET", "/networks")[1]
        reboot(process)
        process.start()
        assert process.ask("GET", "/networks")[1] == networks
        until(lambda: process.pid("ever") > 0 < process.pid("unless"), 30, "both run again")
        for name in ("once", "failing", "frozen"):
            assert (state(process, name)["Status"], state(process, name)["ExitCode"]) == ("exited", 255), name
        assert (state(process, "ended")["Status"], state(process, "ended")["ExitCode"]) == ("exited", 143)
        assert "1 received" in sandbox_says(process.pid("ever"), "ping", "-c1", "-W10", address(process, "unless"))
        until(lambda: str(process.ask("GET", "/containers/ever/logs?stdout=1")[1]).count("here") == 2, 30, "of both lives")
        assert "here" in str(process.ask("GET", "/containers/once/logs?stdout=1")[1])
        assert_whole(process)


def address(process: DaemonProcess, name: str) -> str:
    """On its network."""
    (network,) = process.ask("GET", f"/containers/{name}/json")[1]["NetworkSettings"]["Networks"].values()
    return str(network["IPAddress"])


def test_inspect_says_where_the_files_are(tmp_path: Path) -> None:
    """As Docker: nothing before the first start; then the very files that the container sees, another's where it shares them. They
    are there as long as the container."""
    keys = {"ResolvConfPath": "/etc/resolv.conf", "HostsPath": "/etc/hosts", "HostnamePath": "/etc/hostname"}
    with daemon(tmp_path) as process:
        assert process.ask("POST", "/containers/create?name=new", {"Image": "host", "Cmd": ["true"]})[0] == 201
        found = process.ask("GET", "/containers/new/json")[1]
        assert [found[key] for key in (*keys, "LogPath")] == [""] * 4
        web = process.run("web", "sh", "-c", "cat /etc/hostname; sleep 1000")
        process.run("beside", network=f"container:{web}")
        process.run("bare", network="host")
        bodies = {name: process.ask("GET", f"/containers/{name}/json")[1] for name in ("web", "beside", "bare")}
        for body in bodies.values():
            for key, path in keys.items():
                inside = Path(f"/proc/{body['State']['Pid']}/root{path}")
                assert Path(body[key]).samefile(inside) if inside.exists() else body[key] == path, (body["Name"], key)
        assert bodies["web"]["HostsPath"] == bodies["beside"]["HostsPath"] != bodies["bare"]["HostsPath"] == "/etc/hosts"
        log = Path(bodies["web"]["LogPath"])
        assert log == process.state / "containers" / web / "log.jsonl"
        until(lambda: web[:12] in log.read_text(), 30, "it has written")
        assert process.ask("DELETE", "/containers/web?force=1")[0] == 204
        assert not log.parent.exists()
