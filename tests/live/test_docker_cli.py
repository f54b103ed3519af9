"""Docker's command line on `dataplane daemon`: what users type, what they get (DOCKER.md 1.1, 1.3, 1.8, 1.9; exit codes).

Each test says the row it shows; each runs with every docker client that the machine has.
"""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Iterator

import pytest
from daemon_process import DaemonProcess, daemon
from docker_clients import CLIENTS, Docker

from dataplane.proc.server import privileged

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(not CLIENTS, reason="no docker client: Debian package docker.io"),
    pytest.mark.skipif(not privileged(), reason="needs root"),
]


@pytest.fixture(params=CLIENTS)
def docker(request: pytest.FixtureRequest, process: DaemonProcess) -> Iterator[Docker]:
    client = Docker(request.param, process)
    yield client
    client.clear()


# -- running ---------------------------------------------------------------------------------------------------------------


def test_run_in_the_foreground_and_its_status(docker):
    """`docker run`: streams apart, exit status the command's own; --rm leaves nothing."""
    done = docker.call("run", "--rm", "host", "sh", "-c", "echo out; echo err >&2; exit 7")
    assert (done.stdout, done.stderr, done.returncode) == ("out\n", "err\n", 7)
    assert docker.call("run", "--rm", "-i", "host", "cat", stdin="words\n").stdout == "words\n"
    assert docker.ok("ps", "-aq") == ""


def test_statuses_125_126_127(docker):
    """1.8: rc 125 of the daemon's refusals, prefix "docker: Error response from daemon: "; 126, 127 of what cannot be run."""
    said = docker.fails("run", "--rm", "--network", "nosuch", "host", "true", status=125)
    assert said.startswith("docker: Error response from daemon: ") and "network nosuch not found" in said
    assert "nosuch" in docker.fails("run", "--rm", "host", "nosuch", status=127)
    assert "/etc" in docker.fails("run", "--rm", "host", "/etc", status=126)
    assert "invalid signal: SIGBOGUS" in docker.fails("run", "--stop-signal", "SIGBOGUS", "host", "true", status=125)
    assert docker.ok("ps", "-aq", "--filter", "status=created") == "", "what is refused is not made"
    docker.run("c1")
    assert docker.call("exec", "c1", "nosuch").returncode == 127
    assert docker.call("exec", "c1", "/etc").returncode == 126
    assert docker.call("exec", "c1", "sh", "-c", "exit 9").returncode == 9


def test_an_image_that_is_not_there(docker):
    """Issue: "any other name gets Docker's no-such-image error with a hint"."""
    said = docker.fails("run", "--rm", "nginx", "true", status=125)
    assert "Unable to find image 'nginx:latest' locally" in said
    assert re.search(
        "docker: Error response from daemon: No such image: .*nginx:latest: the one image here is 'host'.*--any-image", said
    )


def test_any_image_stands_for_the_hosts_files(tmp_path):
    """Issue: "`daemon --any-image` lets every name stand for `host`"."""
    with daemon(tmp_path, "--any-image") as one:
        docker = Docker(CLIENTS[0], one)
        assert docker.ok("run", "--rm", "nginx:1.25", "echo", "hello") == "hello"
        assert docker.ok("create", "--name", "c1", "registry.example/some/thing", "true") != ""
        assert docker.ok("ps", "-a", "--format", "{{.Image}}") == "registry.example/some/thing"
        docker.clear()


def test_interactive_with_a_terminal(docker):
    """`docker run -it`: a terminal on both sides; typing ends it."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "DOCKER_HOST": docker.daemon.host, "TERM": "xterm"}
    words = [docker.program, "run", "--rm", "-it", "host", "sh", "-c", "read word; stty size; echo got $word; exit 4"]
    with subprocess.Popen(words, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True) as process:
        os.close(theirs)
        time.sleep(0.5)
        os.write(ours, b"hello\n")
        seen = b""
        try:
            while piece := os.read(ours, 1000):
                seen += piece
        except OSError:
            pass
        assert process.wait(30) == 4
    os.close(ours)
    assert b"got hello" in seen


def test_detach_and_attach(docker):
    """-itd, attach, detach keys: the process goes on."""
    docker.ok("run", "-itd", "--name", "c1", "host", "cat")
    ours, theirs = pty.openpty()
    environment = {**os.environ, "DOCKER_HOST": docker.daemon.host, "TERM": "xterm"}
    with subprocess.Popen([docker.program, "attach", "c1"], stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        time.sleep(0.5)
        os.write(ours, b"hello\n")
        seen = b""
        while seen.count(b"hello") < 2:  # typed, and said by cat
            assert select.select([ours], [], [], 30)[0]
            seen += os.read(ours, 1000)
        os.write(ours, b"\x10\x11")
        process.wait(30)
    os.close(ours)
    assert docker.container("c1", "State.Running") == "true"


def test_exec_with_and_without_input(docker):
    docker.run("c1")
    assert docker.call("exec", "-i", "c1", "sh", "-c", "cat; echo after", stdin="words\n").stdout == "words\nafter\n"
    assert docker.ok("exec", "-e", "A=b", "-w", "/usr", "c1", "sh", "-c", "echo $A; pwd") == "b\n/usr"
    assert docker.ok("exec", "-d", "c1", "sleep", "5") == ""


def said(docker, name, text):
    """It has written that, a moment after its start."""
    deadline = time.monotonic() + 30
    while docker.ok("logs", name) != text:
        assert time.monotonic() < deadline, docker.ok("logs", name)
        time.sleep(0.05)


def test_a_life(docker):
    """create, start, pause, unpause, restart, rename, stop, wait, logs, rm."""
    docker.ok("create", "--name", "c1", "host", "sh", "-c", "echo begun; exec sleep 1000")
    assert docker.ok("ps", "-a", "--format", "{{.Names}} {{.Status}}") == "c1 Created"
    docker.ok("start", "c1")
    said(docker, "c1", "begun")
    docker.ok("pause", "c1")
    assert docker.ok("ps", "--format", "{{.Status}}").endswith("(Paused)")
    docker.ok("unpause", "c1")
    docker.ok("restart", "-t", "1", "c1")
    docker.ok("rename", "c1", "c2")
    said(docker, "c2", "begun\nbegun")
    assert docker.ok("logs", "--tail", "1", "-t", "c2").endswith("Z begun")
    docker.ok("stop", "-t", "1", "c2")
    assert docker.ok("wait", "c2") in {"137", "143"}
    assert docker.ok("ps", "-a", "--format", "{{.Status}}").startswith("Exited (1")
    assert "is not running" in docker.fails("kill", "c2")
    docker.ok("rm", "c2")
    assert "No such container: c2" in docker.fails("rm", "c2")


def test_logs_follow_until_the_end(docker):
    docker.run("c1", command=("sh", "-c", "for i in 1 2 3; do echo $i; sleep 0.1; done"))
    assert docker.ok("logs", "-f", "c1") == "1\n2\n3"


def test_stats_top_and_events(docker):
    begun = f"{time.time() - 1:.0f}"
    docker.run("c1")
    assert docker.ok("stats", "--no-stream", "--format", "{{.Name}} {{.PIDs}}", "c1") == "c1 1"
    assert "sleep 1000" in docker.ok("top", "c1")
    docker.ok("rm", "-f", "c1")
    time.sleep(1.1)
    said = docker.ok("events", "--since", begun, "--until", f"{time.time():.0f}", "--format", "{{.Type}} {{.Action}}").splitlines()
    for line in (
        "container create",
        "network connect",
        "container start",
        "container die",
        "network disconnect",
        "container destroy",
    ):
        assert line in said, said


# -- drivers and modes -----------------------------------------------------------------------------------------------------


def test_the_default_bridge(docker):
    """1.1 bridge: eth0, first free address, the bridge is the gateway; no DNS (1.5 default bridge)."""
    docker.run("c1")
    assert "eth0" in docker.ok("exec", "c1", "ip", "-o", "link")
    assert docker.address("c1") == "172.17.0.2"
    assert docker.ok("exec", "c1", "ip", "route").startswith("default via 172.17.0.1 dev eth0")
    assert docker.ok("exec", "c1", "ip", "-br", "address", "show", "eth0").split() == ["eth0", "UP", "172.17.0.2/16"]
    docker.run("c2")
    assert docker.pings("c2", "172.17.0.2")
    assert docker.inside("c2", "getent", "hosts", "c1").returncode == 2


def test_host_has_the_hosts_interfaces(docker):
    """1.1 host: the host's namespace; published ports are discarded with Docker's warning."""
    links = subprocess.run(["ip", "-o", "link"], capture_output=True, text=True, check=True).stdout
    done = docker.call("run", "--rm", "--network", "host", "-p", "80:80", "host", "ip", "-o", "link")
    names = re.compile(r"^\d+: ([^:@]+)", re.M)
    assert names.findall(done.stdout) == names.findall(links)
    assert "WARNING: Published ports are discarded when using host network mode" in done.stderr
    docker.run("c1", "--network", "host")
    assert "cannot be disconnected from host network or connected to host network" in docker.fails(
        "network", "disconnect", "host", "c1"
    )
    assert docker.network("host", "Containers") != "{}"


def test_none_has_lo_alone(docker):
    """1.1 null (none); 1.8 none and other networks."""
    assert len(docker.ok("run", "--rm", "--network", "none", "host", "ip", "-o", "link").splitlines()) == 1
    docker.run("c1", "--network", "none")
    docker.ok("network", "create", "net1")
    assert (
        "container cannot be connected to multiple networks with one of the networks in private (none) mode"
        in docker.fails("network", "connect", "net1", "c1")
    )  # fmt: skip


def test_container_x_shares_a_namespace(docker):
    """1.1 container:X, and its conflicts (1.8 container:)."""
    docker.run("c1")
    docker.run("c2", "--network", "container:c1")
    inode = [docker.ok("exec", name, "readlink", "/proc/self/ns/net") for name in ("c1", "c2")]
    assert inode[0] == inode[1]
    refused = docker.fails("run", "--network", "container:c1", "-p", "80:80", "host", "true", status=125)
    assert "conflicting options: port publishing and the container type network mode" in refused
    refused = docker.fails("run", "--network", "container:c1", "--hostname", "x", "host", "true", status=125)
    assert "conflicting options: hostname and the network mode" in refused
    for option in (("--dns", "1.1.1.1"), ("--mac-address", "02:42:00:00:00:01"), ("--add-host", "x:10.0.0.1")):
        assert "conflicting options" in docker.fails("run", "--network", "container:c1", *option, "host", "true", status=125)
    config = {"NetworkMode": "container:c1", "Links": ["c1:x"]}  # a client of 20.10 refuses it itself
    status, body = docker.daemon.ask("POST", "/containers/create", {"Image": "host", "HostConfig": config})
    assert (status, "conflicting options" in body["message"]) == (400, True)


def test_drivers_that_there_are_once(docker):
    """1.8: create -d host / null; 1.1: bridge has one subnet a family; 1.2: an unknown driver."""
    assert 'only one instance of "host" network is allowed' in docker.fails("network", "create", "-d", "host", "h")
    assert 'only one instance of "null" network is allowed' in docker.fails("network", "create", "-d", "null", "n")
    assert 'plugin "nosuch" not found' in docker.fails("network", "create", "-d", "nosuch", "n")
    two = ("--subnet", "10.81.0.0/24", "--subnet", "10.82.0.0/24")
    assert "bridge driver doesn't support multiple subnets" in docker.fails("network", "create", *two, "n")


# -- run and connect -------------------------------------------------------------------------------------------------------


def test_addresses_that_were_asked_for(docker):
    """1.3: --ip, --ip6, --mac-address."""
    docker.ok("network", "create", "--subnet", "10.83.0.0/24", "--ipv6", "--subnet", "fd83::/64", "net1")
    docker.run("c1", "--network", "net1", "--ip", "10.83.0.77", "--ip6", "fd83::77", "--mac-address", "02:42:0a:53:00:99")
    seen = docker.ok("exec", "c1", "ip", "address", "show", "dev", "eth0")
    for text in ("inet 10.83.0.77/24", "inet6 fd83::77/64", "link/ether 02:42:0a:53:00:99"):
        assert text in seen
    assert "Address already in use" in docker.fails("run", "--network", "net1", "--ip", "10.83.0.77", "host", "true", status=125)
    refused = docker.fails("run", "--network", "net1", "--ip", "10.99.0.1", "host", "true", status=125)
    assert "no configured subnet contains IP address 10.99.0.1" in refused
    refused = docker.fails("network", "connect", "--ip", "172.17.0.9", "bridge", "c1")  # 20.10's `run --ip` sends none
    assert "user specified IP address is supported on user defined networks only" in refused


def test_link_local_addresses(docker):
    """1.3: --link-local-ip: one more address of the interface, shown by inspect."""
    docker.ok("network", "create", "net1")
    docker.run("c1")
    docker.ok("network", "connect", "--link-local-ip", "169.254.34.68", "net1", "c1")
    assert "inet 169.254.34.68/16" in docker.ok("exec", "c1", "ip", "address", "show", "dev", "eth1")
    assert json.loads(docker.container("c1", "NetworkSettings.Networks.net1.IPAMConfig")) == {"LinkLocalIPs": ["169.254.34.68"]}
    docker.run("c2", "--network", "net1", "--link-local-ip", "169.254.34.69")
    assert docker.inside("c1", "ping", "-c2", "-W1", "-I", "eth1", "169.254.34.69").returncode == 0


def test_connect_is_hot_and_disconnect_too(docker):
    """1.3: hot (the next free ethN), and allowed on stopped containers; 1.8: connect twice, disconnect."""
    for number in (1, 2):
        docker.ok("network", "create", f"net{number}")
    made = docker.run("c1", "--network", "net1")
    docker.ok("network", "connect", "--alias", "db", "net2", "c1")
    assert docker.ok("exec", "c1", "ls", "/sys/class/net").split() == ["eth0", "eth1", "lo"]
    assert "endpoint with name c1 already exists in network net2" in docker.fails("network", "connect", "net2", "c1")
    docker.ok("network", "disconnect", "net1", "c1")
    assert docker.ok("exec", "c1", "ls", "/sys/class/net").split() == ["eth1", "lo"]
    assert f"container {made} is not connected to network net1" in docker.fails("network", "disconnect", "net1", "c1")
    docker.ok("network", "connect", "net1", "c1")
    assert docker.ok("exec", "c1", "ls", "/sys/class/net").split() == ["eth0", "eth1", "lo"]
    docker.ok("stop", "-t", "0", "c1")
    docker.ok("network", "disconnect", "net2", "c1")
    docker.ok("network", "connect", "bridge", "c1")
    docker.ok("start", "c1")
    assert docker.ok("exec", "c1", "ls", "/sys/class/net").split() == ["eth0", "eth1", "lo"]
    assert "No such container: nosuch" in docker.fails("network", "connect", "net1", "nosuch")
    assert "No such container: nosuch" in docker.fails("network", "disconnect", "net1", "nosuch")
    assert "endpoint nosuch not found" in docker.fails("network", "disconnect", "-f", "net1", "nosuch")
    assert "network nosuch not found" in docker.fails("network", "connect", "nosuch", "c1")
    docker.ok("rm", "-f", "c1")


def test_aliases_and_links(docker):
    """1.3: --network-alias on user-defined networks only, --link on both kinds."""
    docker.ok("network", "create", "net1")
    docker.run("c1", "--network", "net1", "--network-alias", "db")
    docker.run("c2", "--network", "net1", "--link", "c1:cache")
    assert docker.pings("c2", "db") and docker.pings("c2", "cache")
    assert docker.inside("c1", "getent", "hosts", "cache").returncode != 0
    docker.run("d1")
    for name in ("c1", "d1"):  # d1 is there already: that is said last
        refused = docker.fails("network", "connect", "--alias", "x", "bridge", name)
        assert "network-scoped alias is supported only for containers in user defined networks" in refused
    docker.run("d2", "--link", "d1:store")
    assert docker.ok("exec", "d2", "getent", "hosts", "store").split()[0] == docker.address("d1")


def test_names_hosts_and_sysctls(docker):
    """1.3: --dns --dns-search --dns-option --add-host x:host-gateway --hostname --sysctl."""
    docker.run(
        "c1", "--hostname", "web", "--dns", "192.0.2.53", "--dns-search", "example.org", "--dns-option", "timeout:1",
        "--add-host", "x:10.1.2.3", "--add-host", "gw:host-gateway", "--sysctl", "net.ipv4.ip_default_ttl=33",
    )  # fmt: skip
    assert docker.ok("exec", "c1", "hostname") == "web"
    said = docker.ok("exec", "c1", "cat", "/etc/resolv.conf")
    for line in ("nameserver 192.0.2.53", "search example.org", "options timeout:1"):
        assert line in said
    assert docker.ok("exec", "c1", "getent", "hosts", "x").split()[0] == "10.1.2.3"
    assert docker.ok("exec", "c1", "getent", "hosts", "gw").split()[0] == "172.17.0.1"
    assert docker.pings("c1", "gw")
    assert docker.ok("exec", "c1", "cat", "/proc/sys/net/ipv4/ip_default_ttl") == "33"


def test_who_is_not_root_may_listen_on_port_80_and_ping(docker):
    """Docker's two sysctls of every namespace that it makes; --sysctl has the last word."""
    listening = ("timeout", "0.5", "socat", "TCP-LISTEN:80", "-")
    assert docker.call("run", "--rm", "-u", "65534", "host", *listening).returncode == 124
    docker.run("c1")
    assert docker.ok("exec", "c1", "cat", "/proc/sys/net/ipv4/ping_group_range").split() == ["0", "2147483647"]
    start = "net.ipv4.ip_unprivileged_port_start"
    assert docker.ok("run", "--rm", "--sysctl", f"{start}=1024", "host", "sysctl", "-n", start) == "1024"


def test_gateway_priority(docker):
    """1.3: --gw-priority (API 1.48); 1.4: else by name, re-evaluated at each connect."""
    for name in ("gwmm", "gwaa"):
        docker.ok("network", "create", name)
    docker.run("c1", "--network", "gwmm")
    before = docker.ok("exec", "c1", "ip", "route", "show", "default")
    docker.ok("network", "connect", "gwaa", "c1")
    after = docker.ok("exec", "c1", "ip", "route", "show", "default")
    assert ("eth0" in before, "eth1" in after) == (True, True)
    assert json.loads(docker.container("c1", "NetworkSettings.DefaultRoutes"))[0]["Network"] == "gwaa"
    docker.ok("network", "disconnect", "gwaa", "c1")
    assert docker.ok("exec", "c1", "ip", "route", "show", "default") == before
    assert json.loads(docker.container("c1", "NetworkSettings.DefaultRoutes"))[0]["Interface"] == "eth0"
    if docker.version >= (1, 48):
        docker.ok("network", "create", "gwzz")
        docker.ok("network", "connect", "--gw-priority", "5", "gwzz", "c1")
        assert docker.ok("exec", "c1", "ip", "route", "show", "default") != before
        assert json.loads(docker.container("c1", "NetworkSettings.Networks.gwzz"))["GwPriority"] == 5
        docker.ok("network", "connect", "--gw-priority", "-1", "gwaa", "c1")  # less than the default, 0
        docker.ok("network", "disconnect", "gwzz", "c1")
        assert docker.ok("exec", "c1", "ip", "route", "show", "default") == before


def test_options_of_an_endpoint(docker):
    """1.3: --driver-opt …endpoint.sysctls and …endpoint.ifname."""
    docker.ok("network", "create", "net1")
    docker.run("c1")
    docker.ok(
        "network", "connect", "--driver-opt", "com.docker.network.endpoint.ifname=foo0",
        "--driver-opt", "com.docker.network.endpoint.sysctls=net.ipv4.conf.IFNAME.log_martians=1", "net1", "c1",
    )  # fmt: skip
    assert "foo0" in docker.ok("exec", "c1", "ls", "/sys/class/net").split()
    assert docker.ok("exec", "c1", "cat", "/proc/sys/net/ipv4/conf/foo0/log_martians") == "1"


# -- messages and lists ----------------------------------------------------------------------------------------------------


def test_messages_of_create_and_remove(docker):
    """1.8: create dup, predefined, rm unknown, rm predefined, rm in use, rc 1 and the prefix."""
    docker.ok("network", "create", "net1")
    assert docker.fails("network", "create", "net1") == "Error response from daemon: network with name net1 already exists\n"
    for name in ("bridge", "host", "none"):
        assert "operation is not permitted on predefined" in docker.fails("network", "create", name)
        assert f"{name} is a pre-defined network and cannot be removed" in docker.fails("network", "rm", name)
    assert "network nosuch not found" in docker.fails("network", "rm", "nosuch").replace(
        "No such network: nosuch", "network nosuch not found"
    )
    made = docker.run("c1", "--network", "net1")
    refused = docker.fails("network", "rm", "net1")
    assert f'network net1 has active endpoints (name:"c1" id:"{made[:12]}")' in refused


def test_inspect_of_nothing(docker):
    """1.8: inspect unknown prints [] and the error, rc 1."""
    done = docker.call("network", "inspect", "nosuch")
    assert (done.stdout, done.returncode) == ("[]\n", 1)
    assert "nosuch" in done.stderr
    done = docker.call("inspect", "nosuch")
    assert (done.stdout.strip(), done.returncode) == ("[]", 1)
    assert "No such object: nosuch" in done.stderr


def test_names_of_containers(docker):
    """1.8: container names need two characters of a set; network names are free."""
    refused = docker.fails("create", "--name", "a", "host")
    assert "Invalid container name (a), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed" in refused
    made = docker.run("c1")
    assert f'Conflict. The container name "/c1" is already in use by container "{made}"' in docker.fails(
        "create", "--name", "c1", "host"
    )
    docker.ok("network", "create", "bad name")
    assert docker.network("bad name", "Name") == '"bad name"'
    docker.ok("network", "rm", "bad name")
    assert re.fullmatch("[a-z]+_[a-z]+", docker.ok("inspect", "-f", "{{.Name}}", docker.ok("create", "host")).removeprefix("/"))


def test_network_ls(docker):
    """1.9: columns, order by name, -q, --no-trunc, --format, --filter."""
    made = docker.ok("network", "create", "--label", "a=b", "net1")
    lines = docker.ok("network", "ls").splitlines()
    assert lines[0].split() == ["NETWORK", "ID", "NAME", "DRIVER", "SCOPE"]
    assert [line.split()[1:] for line in lines[1:]] == [
        ["bridge", "bridge", "local"], ["host", "host", "local"], ["net1", "bridge", "local"], ["none", "null", "local"],
    ]  # fmt: skip
    assert docker.ok("network", "ls", "-q", "--no-trunc", "-f", "name=net1") == made
    assert docker.ok("network", "ls", "--format", "{{.Name}}", "-f", "label=a=b") == "net1"
    assert docker.ok("network", "ls", "--format", "{{.Name}}", "-f", "type=builtin") == "bridge\nhost\nnone"
    assert docker.ok("network", "ls", "--format", "{{.Name}}", "-f", "dangling=true") == "net1"
    assert docker.ok("network", "ls", "-q", "-f", "driver=null", "-f", "scope=local") != ""
    assert docker.ok("network", "ls", "-q", "-f", f"id={made[:6]}") == made[:12]


def test_network_prune(docker):
    """1.9: the question, `Deleted Networks:`, filters."""
    docker.ok("network", "create", "--label", "x", "net1")
    docker.ok("network", "create", "net2")
    done = docker.call("network", "prune", stdin="n\n")
    assert "WARNING! This will remove all custom networks not used by at least one container." in done.stdout
    assert docker.ok("network", "prune", "-f", "--filter", "label!=x") == "Deleted Networks:\nnet2"
    assert docker.ok("network", "prune", "-f", "--filter", "until=24h") == ""
    assert docker.ok("network", "prune", "-f") == "Deleted Networks:\nnet1"
