"""A helper, its namespaces and its shims, on this machine, as root and as an ordinary user."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from private_world import ROOT, USER, as_root_and_as_user, in_lab, needs_root, needs_user_namespaces, run_in_private_world
from traces import processes

from dataplane.errors import UserError
from dataplane.proc import message
from dataplane.proc.clean import clean
from dataplane.proc.helper import Helper
from dataplane.proc.instance import Instance
from dataplane.proc.registry import hold
from dataplane.proc.spec import InstanceSpec

pytestmark = [pytest.mark.live, needs_root]


def log_of(instance: Instance, stream: str = "stdout") -> list[str]:
    records = map(json.loads, (instance.place / "log.jsonl").read_text().splitlines())
    return [record["text"] for record in records if record["stream"] == stream]


def refusal(work: Callable[[], object]) -> UserError:
    with pytest.raises(UserError) as raised:
        work()
    return raised.value


# Namespaces ----------------------------------------------------------------------------------------------------------


@as_root_and_as_user
def test_a_fresh_namespace_has_only_lo(user: bool) -> None:
    def work(helper: Helper) -> None:
        namespace = helper.create_namespace("web")
        assert Path(namespace.path).stat().st_ino == namespace.inode != Path("/proc/self/ns/net").stat().st_ino
        if not user:
            assert namespace.path == f"/run/netns/{helper.lab}-web"
        with helper.netlink(namespace) as ip:
            assert [link.get_attr("IFLA_IFNAME") for link in ip.get_links()] == ["lo"]

    in_lab(work, user=user)


def test_names_that_are_taken_are_refused_and_left_alone() -> None:
    def work(helper: Helper) -> None:
        helper.create_namespace("web")
        assert "has a namespace web already" in refusal(lambda: helper.create_namespace("web")).what
        subprocess.run(["ip", "netns", "add", f"{helper.lab}-db"], check=True)
        inode = Path(f"/run/netns/{helper.lab}-db").stat().st_ino
        error = refusal(lambda: helper.create_namespace("db"))
        assert error.where == f"/run/netns/{helper.lab}-db"
        assert Path(f"/run/netns/{helper.lab}-db").stat().st_ino == inode
        assert not (helper.folder / "namespaces" / "db").exists()

    in_lab(work)


@as_root_and_as_user
def test_a_tap_carries_frames_with_vnet_headers(user: bool) -> None:
    def work(helper: Helper) -> None:
        namespace = helper.create_namespace("web")
        fd = helper.open_tap(namespace, "eth0", mac="02:42:0a:00:00:02")
        with helper.netlink(namespace) as ip:
            (link,) = ip.get_links(ifname="eth0")
            assert link.get_attr("IFLA_ADDRESS") == "02:42:0a:00:00:02"
            ip.link("set", index=link["index"], state="up")
            ip.addr("add", index=link["index"], address="10.0.0.2", prefixlen=24)
        service = helper.spawn(InstanceSpec(name="web", namespace=namespace))
        service.run(["ping", "-c1", "-W1", "10.0.0.3"], timeout=5)
        arp = []
        with pytest.raises(BlockingIOError):
            while True:
                arp.append(os.read(fd, 65536)[10:])
        assert any(frame[12:14] == b"\x08\x06" and frame[6:12] == bytes.fromhex("02420a000002") for frame in arp)
        os.close(fd)
        with helper.netlink(namespace) as ip:
            assert ip.link_lookup(ifname="eth0") == []

    in_lab(work, user=user)


def test_taps_that_cannot_be_are_refused_by_name() -> None:
    def work(helper: Helper) -> None:
        namespace = helper.create_namespace("web")
        os.close(helper.open_tap(namespace, "eth0"))
        kept = helper.open_tap(namespace, "eth0")
        assert "eth0 is taken" in refusal(lambda: helper.open_tap(namespace, "eth0")).what
        assert "no interface name" in refusal(lambda: helper.open_tap(namespace, "a" * 16)).what
        assert "no unicast MAC" in refusal(lambda: helper.open_tap(namespace, "eth1", mac="01:00:00:00:00:01")).what
        os.close(kept)

    in_lab(work)


@needs_user_namespaces
def test_a_closed_tun_node_is_named_with_the_mend() -> None:
    def work(helper: Helper) -> None:
        error = refusal(lambda: helper.open_tap(helper.create_namespace("web"), "eth0"))
        assert error.where == "/dev/net/tun"
        assert "chmod" in error.mend
        assert error.status == 1

    def inside() -> None:
        with hold("process-notun") as folder:
            work(Helper.start("process-notun", folder))
        clean("process-notun")

    run_in_private_world(inside, user=True, tun_mode=0o600)


@as_root_and_as_user
def test_the_hosts_namespace_and_what_is_no_namespace(user: bool) -> None:
    def work(helper: Helper) -> None:
        host = helper.host_namespace("host")
        service = helper.spawn(InstanceSpec(name="host", namespace=host))
        code, text = service.run(["readlink", "/proc/self/ns/net"], timeout=5)
        assert (code, text.decode().strip()) == (0, str(Path("/proc/self/ns/net").readlink()))
        error = refusal(lambda: helper.spawn(InstanceSpec(name="x", namespace=host, sysctls={"net.ipv4.ip_forward": "1"})))
        assert "not the service's own" in error.what
        assert "not a network namespace" in refusal(lambda: helper.enter_namespace("a", "/proc/self/ns/uts")).what
        assert "not a network namespace" in refusal(lambda: helper.enter_namespace("b", "/etc/passwd")).what
        assert "cannot be opened" in refusal(lambda: helper.enter_namespace("c", "/run/netns/nowhere")).what

    in_lab(work, user=user)


@needs_user_namespaces
def test_an_ordinary_user_may_not_enter_the_hosts_namespace_by_path() -> None:
    def work(helper: Helper) -> None:
        error = refusal(lambda: helper.enter_namespace("host", "/proc/self/ns/net"))
        assert "no entry there" in error.what
        assert error.mend == "run the lab as root"

    in_lab(work, user=True)


@pytest.mark.parametrize("shared", [False, True], ids=["private", "shared"])
@as_root_and_as_user
def test_what_one_service_does_changes_nothing_elsewhere(user: bool, shared: bool) -> None:
    """A link set down, a route, a firewall rule, a sysctl, a host name, a mount: in one service, and there only."""
    look = "ip -o link; ip route show table all; nft list ruleset; sysctl net.ipv4.ip_forward; hostname; cat /proc/self/mounts"

    def work(helper: Helper) -> None:
        spaces = [helper.create_namespace(name) for name in ("a", "b")]
        one, two = (helper.spawn(InstanceSpec(name=space.name, namespace=space, hostname=space.name)) for space in spaces)
        assert one.run(["ip", "link", "set", "lo", "up"], timeout=5)[0] == 0
        assert two.run(["ip", "link", "set", "lo", "up"], timeout=5)[0] == 0
        host = subprocess.run(["sh", "-c", look], check=False, capture_output=True).stdout
        other = two.run(["sh", "-c", look], timeout=5, limit=100_000)
        change = (
            "ip route add 10.99.0.0/16 dev lo && ip link set lo down && nft add table ip t && nft add chain ip t c "
            "'{ type filter hook input priority 0; policy drop; }' && echo 1 > /proc/sys/net/ipv4/ip_forward && hostname changed "
            "&& mount -t tmpfs none /mnt && ip tuntap add d0 mode tap"
        )
        assert one.run(["sh", "-c", change], timeout=5) == (0, b"")
        assert b"policy drop" in one.run(["nft", "list", "ruleset"], timeout=5)[1]
        assert two.run(["sh", "-c", look], timeout=5, limit=100_000) == other
        assert subprocess.run(["sh", "-c", look], check=False, capture_output=True).stdout == host

    in_lab(work, user=user, shared=shared)


def test_sys_shows_the_services_interfaces() -> None:
    def work(helper: Helper) -> None:
        service = helper.spawn(InstanceSpec(name="web", namespace=helper.create_namespace("web")))
        assert service.run(["ls", "/sys/class/net"], timeout=5) == (0, b"lo\n")

    in_lab(work)


def test_a_removed_namespace_ends_with_its_service() -> None:
    def work(helper: Helper) -> None:
        namespace = helper.create_namespace("web")
        helper.create_namespace("other")
        witness = helper.spawn(InstanceSpec(name="other", namespace=helper.create_namespace("witness")))
        service = helper.spawn(InstanceSpec(name="web", namespace=namespace))
        helper.remove_namespace(namespace)
        assert not Path(namespace.path).exists()
        assert service.run(["true"], timeout=5) == (0, b"")
        service.stop(1)
        # No shim of another service may keep it alive by a copy of its mount.
        for fd in Path(f"/proc/{witness.pid}/fd").iterdir():
            assert f"net:[{namespace.inode}]" not in str(fd.readlink())
        assert str(namespace.inode) not in Path(f"/proc/{witness.pid}/mountinfo").read_text()
        assert helper.create_namespace("web").path == namespace.path

    in_lab(work)


# Processes -----------------------------------------------------------------------------------------------------------


@as_root_and_as_user
def test_a_command_runs_in_its_namespaces_and_its_status_is_kept(user: bool) -> None:
    def work(helper: Helper) -> None:
        script = "hostname; sysctl -n net.ipv4.ip_forward; readlink /proc/self/ns/net; pwd; echo $A-$HOSTNAME; cat /etc/hosts"
        argv = ("sh", "-c", f"{script}; exit 3")
        hosts = helper.folder / "hosts"
        hosts.write_text("10.0.0.2 web\n")
        namespace = helper.create_namespace("web")
        service = helper.spawn(
            InstanceSpec(
                name="web",
                namespace=namespace,
                argv=argv,
                env={"A": "b c"},
                working_dir="/usr",
                hostname="web-1",
                sysctls={"net.ipv4.ip_forward": "1"},
                binds={"/etc/hosts": str(hosts)},
            )
        )
        assert service.wait(5)
        assert (service.status().state, service.status().exit, service.status().notes) == ("exited", 3, ())
        assert log_of(service) == ["web-1", "1", f"net:[{namespace.inode}]", "/usr", "b c-web-1", "10.0.0.2 web"]

    in_lab(work, user=user)


@as_root_and_as_user
def test_the_shim_is_init_and_strays_die_with_it(user: bool) -> None:
    def work(helper: Helper) -> None:
        script = "setsid sleep 4242 & (sleep 0 & exec sleep 4243) & sleep 0.2; ps -e -o pid=,ppid=,stat=,args="
        service = helper.spawn(InstanceSpec(name="web", namespace=helper.create_namespace("web"), argv=("sh", "-c", script)))
        assert service.wait(5)
        lines = [line.split(None, 3) for line in log_of(service)]
        assert [pid for pid, _, _, _ in lines][:2] == ["1", "2"]
        assert not [line for line in lines if line[2].startswith("Z") and line[1] == "1"]
        assert processes("4242") == processes("4243") == []

    in_lab(work, user=user)


@as_root_and_as_user
def test_commands_that_do_not_start_are_named(user: bool) -> None:
    def work(helper: Helper) -> None:
        namespace = helper.create_namespace("web")

        def start(**more: object) -> UserError:
            return refusal(lambda: helper.spawn(InstanceSpec(name="web", namespace=namespace, **more)))

        missing = start(argv=("no-such-program",))
        assert (missing.status, missing.where) == (127, "no-such-program")
        assert start(argv=("/etc/passwd",)).status == 126
        assert start(argv=("true",), working_dir="/nowhere").where == "/nowhere"
        assert "no such sysctl" in start(sysctls={"net.ipv4.nothing": "1"}).what
        assert "only net" in start(sysctls={"kernel.pid_max": "1"}).mend
        assert "no signal" in start(stop_signal="SIGNONE").what
        assert "more than" in start(argv=("true", "x" * 200_000)).what
        assert helper.spawn(InstanceSpec(name="web", namespace=namespace, argv=("true",))).wait(5)

    in_lab(work, user=user)


@as_root_and_as_user
def test_a_service_stops_by_its_signal_or_by_force(user: bool) -> None:
    def work(helper: Helper) -> None:
        def start(name: str, script: str, **more: str) -> Instance:
            argv = ("sh", "-c", script)
            service = helper.spawn(InstanceSpec(name=name, namespace=helper.create_namespace(name), argv=argv, **more))
            while "ready" not in log_of(service):
                time.sleep(0.01)
            return service

        polite = start("polite", "trap 'exit 5' USR1; echo ready; while :; do sleep 0.05; done", stop_signal="USR1")
        polite.stop(5)
        assert polite.status().exit == 5
        deaf = start("deaf", "trap '' TERM; echo ready; while :; do sleep 0.05; done")
        began = time.monotonic()
        deaf.stop(0.3)
        assert 0.25 < time.monotonic() - began < 3
        assert deaf.status().exit == 137
        signalled = start("signalled", "echo ready; exec sleep 100")
        signalled.signal(signal.SIGHUP)
        assert signalled.wait(5)
        assert signalled.status().exit == 129
        idle = helper.spawn(InstanceSpec(name="idle", namespace=helper.create_namespace("idle")))
        idle.stop(5)
        assert (idle.status().state, idle.status().exit) == ("exited", 0)

    in_lab(work, user=user)


@as_root_and_as_user
def test_a_service_starts_again_after_its_end_and_not_before(user: bool) -> None:
    def work(helper: Helper) -> None:
        spec = InstanceSpec(name="web", namespace=helper.create_namespace("web"))
        first = helper.spawn(spec)
        assert "runs already" in refusal(lambda: helper.spawn(spec)).what
        first.kill()
        assert first.status().exit == 137
        second = helper.spawn(spec)
        assert second.status().state == "running"
        assert first.status().state == "exited"

    in_lab(work, user=user)


@as_root_and_as_user
def test_everything_outlives_the_lab_process(user: bool) -> None:
    """The lab process dies: status, exec, stop and log of its services go on, through another one."""

    def work(helper: Helper) -> None:
        script = "trap 'echo bye; exit 4' TERM; echo hello; while :; do sleep 0.05; done"
        helper.spawn(InstanceSpec(name="web", namespace=helper.create_namespace("web"), argv=("sh", "-c", script)))
        helper.close()
        again = Helper.connect(helper.folder)
        assert again.create_namespace("more").owned
        service = Instance.open(helper.folder, "web")
        assert service.run(["echo", "there"], timeout=5) == (0, b"there\n")
        service.stop(5)
        assert service.status().exit == 4
        assert log_of(service) == ["hello", "bye"]
        assert "does not run" in refusal(lambda: Instance.open(helper.folder, "web")).what
        assert "does not run" in refusal(lambda: service.run(["true"], timeout=5)).what

    in_lab(work, user=user)


@as_root_and_as_user
def test_exec_gives_the_commands_own_status(user: bool) -> None:
    def work(helper: Helper) -> None:
        spec = InstanceSpec(name="web", namespace=helper.create_namespace("web"), env={"A": "1", "B": "2"}, hostname="web")
        service = helper.spawn(spec)
        assert service.run(["sh", "-c", "hostname; exit 7"], timeout=5) == (7, b"web\n")
        assert service.run(["sh", "-c", "kill -9 $$"], timeout=5) == (137, b"")
        assert service.run(["sleep", "50"], timeout=0.2) == (None, b"")
        assert service.run(["sh", "-c", "yes | head -c 100000"], timeout=5, limit=4) == (0, b"y\ny\n")
        assert refusal(lambda: service.run(["no-such-program"], timeout=5)).status == 127
        ours, theirs = os.pipe()
        service.exec(["sh", "-c", "echo $A$B $PWD"], (0, theirs, theirs), env={"B": "3"}, working_dir="/tmp").wait(5)
        assert os.read(ours, 100) == b"13 /tmp\n"
        assert service.run(["sh", "-c", "ls /proc/self/fd | wc -l"], timeout=5) == (0, b"4\n")  # and the folder's own
        long = service.exec(["sleep", "50"], (0, theirs, theirs))
        assert long.wait(0.1) is None
        long.signal(signal.SIGTERM)
        assert long.wait(5) == 143
        assert service.status().state == "running"

    in_lab(work, user=user)


@as_root_and_as_user
def test_an_exec_may_have_a_terminal(user: bool) -> None:
    def work(helper: Helper) -> None:
        service = helper.spawn(InstanceSpec(name="web", namespace=helper.create_namespace("web")))
        ours, theirs = os.openpty()
        script = "tty; trap 'stty size; exit 9' WINCH; echo $TERM; while :; do sleep 0.05; done"
        execution = service.exec(["sh", "-c", script], (theirs,) * 3, tty=True)
        os.close(theirs)
        seen = b""
        while b"xterm" not in seen:
            seen += os.read(ours, 1000)
        assert b"/dev/pts/" in seen
        termios.tcsetwinsize(ours, (33, 99))
        assert execution.wait(5) == 9
        assert b"33 99" in os.read(ours, 1000)

    in_lab(work, user=user)


@as_root_and_as_user
def test_a_terminal_of_a_service_outlives_who_looks_at_it(user: bool) -> None:
    def work(helper: Helper) -> None:
        script = "while read line; do echo got $line; [ $line = end ] && stty size && exit 6; done"
        spec = InstanceSpec(name="web", namespace=helper.create_namespace("web"), argv=("sh", "-c", script), tty=True)
        service = helper.spawn(spec)
        with service.attach() as first:
            first.send(b"\0one\n")
            assert said(first, b"got one")
        service.resize(20, 70)
        with service.attach() as second:
            second.send(b"\0end\n")
            assert said(second, b"20 70")
        assert service.wait(5)
        assert service.status().exit == 6
        assert log_of(service) == ["one", "got one", "end", "got end", "20 70"]

    in_lab(work, user=user)


def said(connection: socket.socket, text: bytes) -> bool:
    seen = b""
    while text not in seen:
        data, _fds = message.receive_raw(connection)
        if not data or data[0] == ord("{"):
            return False
        seen += data[1:]
    return True


def test_standard_input_stays_open_takes_much_and_ends() -> None:
    def work(helper: Helper) -> None:
        argv = ("sh", "-c", "sleep 0.3; wc -c")
        spec = InstanceSpec(name="web", namespace=helper.create_namespace("web"), argv=argv, stdin_open=True)
        service = helper.spawn(spec)
        with service.attach() as connection:
            for _ in range(40):
                connection.send(b"\0" + b"x" * 20_000)
            connection.send(b"\0")
            assert said(connection, b"800000")
        assert service.wait(5)
        closed = helper.spawn(InstanceSpec(name="closed", namespace=spec.namespace, argv=("wc", "-c")))
        assert closed.wait(5)
        assert log_of(closed) == ["0"]

    in_lab(work)


def test_a_client_that_does_not_read_never_slows_the_service() -> None:
    def work(helper: Helper) -> None:
        argv = ("sh", "-c", "sleep 0.2; yes | head -c 600000; echo end")
        service = helper.spawn(InstanceSpec(name="web", namespace=helper.create_namespace("web"), argv=argv))
        with service.attach():
            assert service.wait(20)
        assert log_of(service)[-1] == "end"

    in_lab(work)


def test_a_service_runs_as_the_user_it_names() -> None:
    def work(helper: Helper) -> None:
        namespace = helper.create_namespace("web")

        def who(user: str) -> list[str]:
            argv = ("sh", "-c", "id -u; id -g; echo $HOME")
            service = helper.spawn(InstanceSpec(name="web", namespace=namespace, argv=argv, user=user))
            assert service.wait(5)
            return log_of(service)[-3:]

        assert who("nobody")[:2] == [str(USER), str(USER)]
        assert who("1234:2345") == ["1234", "2345", "/"]
        assert who("daemon:tty")[:2] == ["1", "5"]
        assert who("0")[0] == "0"
        assert "no user nosuch" in refusal(lambda: who("nosuch")).what
        assert "no group nosuch" in refusal(lambda: who("root:nosuch")).what

    in_lab(work)


@needs_user_namespaces
def test_an_ordinary_users_lab_has_one_user() -> None:
    def work(helper: Helper) -> None:
        namespace = helper.create_namespace("web")
        error = refusal(lambda: helper.spawn(InstanceSpec(name="web", namespace=namespace, argv=("true",), user="nobody")))
        assert "more than one user id" in error.what
        service = helper.spawn(InstanceSpec(name="web", namespace=namespace, argv=("id", "-u"), user="root"))
        assert service.wait(5)
        assert log_of(service) == ["0"]

    in_lab(work, user=True)


@as_root_and_as_user
def test_the_private_memory_of_a_shim(user: bool) -> None:
    """At most 2 MB (Private_Clean + Private_Dirty), with and without a command, also after execs."""

    def private(service: Instance) -> int:
        lines = Path(f"/proc/{service.pid}/smaps_rollup").read_text().splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith(("Private_Clean", "Private_Dirty")))

    def work(helper: Helper) -> None:
        idle = helper.spawn(InstanceSpec(name="idle", namespace=helper.create_namespace("idle")))
        argv = ("sh", "-c", "echo hello; exec sleep 100")
        busy = helper.spawn(InstanceSpec(name="busy", namespace=helper.create_namespace("busy"), argv=argv))
        for _ in range(20):
            idle.run(["true"], timeout=5)
        time.sleep(0.2)
        assert private(idle) <= 2048
        assert private(busy) <= 2048

    in_lab(work, user=user)


def test_a_shim_that_waits_uses_no_time() -> None:
    def work(helper: Helper) -> None:
        service = helper.spawn(InstanceSpec(name="web", namespace=helper.create_namespace("web"), argv=("sleep", "100")))

        def ticks() -> int:
            return sum(map(int, Path(f"/proc/{service.pid}/stat").read_text().split()[13:15]))

        before = ticks()
        assert not select.select([service.fileno()], [], [], 1.0)[0]
        assert ticks() - before <= 1

    in_lab(work)


def test_a_check_that_takes_too_long_leaves_nothing() -> None:
    def work(helper: Helper) -> None:
        service = helper.spawn(InstanceSpec(name="web", namespace=helper.create_namespace("web")))
        assert service.run(["sh", "-c", "sleep 4244 & sleep 4244 & wait"], timeout=0.2)[0] is None
        time.sleep(0.1)
        assert service.run(["pgrep", "-c", "sleep"], timeout=5) == (1, b"0\n")

    in_lab(work)


def test_no_client_ends_a_helper_or_a_service() -> None:
    """Requests that make no sense are answered, or the connection is closed; both live on."""
    nonsense = [b"x", b"[]", b"{}", b'{"do":1}', b'{"do":"tap","name":"web"}', b'{"do":"spawn","name":"a","namespace":"web"}']
    nonsense += [b'{"do":"resize","rows":-1,"columns":1e9}', b'{"do":"signal","signal":"x"}', b'{"do":"stop","grace":"x"}']
    nonsense += [b"\0", b"\1x"]
    nonsense += [b'{"do":"exec","argv":[],"env":{},"tty":false,"user":null,"working_dir":null}', b'{"do":"attach"}', b"\xff" * 1000]

    def work(helper: Helper) -> None:
        namespace = helper.create_namespace("web")
        service = helper.spawn(InstanceSpec(name="web", namespace=namespace, argv=("cat",), tty=True))
        for path in (helper.folder / "helper.sock", service.place / "control.sock"):
            for request in nonsense:
                with message.connect(str(path)) as connection:
                    connection.send(request)
                    connection.settimeout(0.05)
                    with suppress(TimeoutError):
                        message.receive_raw(connection)
        assert service.status().state == "running"
        assert helper.create_namespace("more").owned

    in_lab(work)


def test_root_without_its_capability_works_as_a_user_does() -> None:
    """As in a container that is not privileged but allows user namespaces."""
    code = """
from dataplane.proc.clean import clean
from dataplane.proc.helper import Helper
from dataplane.proc.registry import hold
from dataplane.proc.spec import InstanceSpec
with hold("process-bound") as folder:
    helper = Helper.start("process-bound", folder)
    namespace = helper.create_namespace("web")
    assert namespace.path.startswith("/proc/"), namespace
    helper.open_tap(namespace, "eth0")
    print(helper.spawn(InstanceSpec(name="web", namespace=namespace)).run(["ls", "/sys/class/net"], timeout=5))
clean("process-bound")
"""

    def inside() -> None:
        words = ["setpriv", "--bounding-set=-sys_admin", sys.executable, "-c", code]
        assert subprocess.check_output(words, cwd=ROOT, text=True, timeout=20) == "(0, b'eth0\\nlo\\n')\n"

    run_in_private_world(inside)


def test_the_example_of_the_documentation_runs() -> None:
    text = (ROOT / "docs" / "processes.md").read_text()
    (block,) = re.findall(r"```python\n(.*?)```", text, re.S)
    run_in_private_world(lambda: exec(block, {}))


def test_helper_and_shims_import_little() -> None:
    """Each module that the helper imports costs every shim private pages."""
    code = "import sys; import dataplane.proc.server; print(*sys.modules)"
    found = set(subprocess.check_output([sys.executable, "-S", "-c", code], cwd=ROOT, text=True).split())
    assert not found & {"typing", "pathlib", "dataclasses", "subprocess", "asyncio", "numpy", "pyroute2", "threading", "logging"}


def test_a_lost_helper_is_named() -> None:
    def work(helper: Helper) -> None:
        pid = json.loads((helper.folder / "helper.json").read_text())["pid"]
        os.kill(pid, signal.SIGKILL)
        assert "helper of lab" in refusal(lambda: helper.create_namespace("web")).what
        assert "is gone" in refusal(lambda: Helper.connect(helper.folder)).what

    in_lab(work)


@needs_user_namespaces
def test_a_machine_without_user_namespaces_is_named_with_the_mend() -> None:
    def inside() -> None:
        with hold("process-nouserns") as folder:
            error = refusal(lambda: Helper.start("process-nouserns", folder))
        assert "no user namespace can be made" in error.what
        assert "run as root" in error.mend
        clean("process-nouserns")

    run_in_private_world(inside, user=True, user_namespaces=False)
