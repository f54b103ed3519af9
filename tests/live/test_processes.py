"""Commands in their namespaces: start, end, status, users, as root and as an ordinary user."""

from __future__ import annotations

import os
import signal
import time

import pytest
from instances import log_of, refusal
from private_world import USER, as_root_and_as_user, in_lab, needs_root, needs_user_namespaces
from traces import processes

from dataplane.errors import UserError
from dataplane.proc.helper import Helper
from dataplane.proc.instance import Instance
from dataplane.proc.spec import InstanceSpec

pytestmark = [pytest.mark.live, needs_root]


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
        assert service.wait(30)
        assert (service.status().state, service.status().exit, service.status().notes) == ("exited", 3, ())
        assert log_of(service) == ["web-1", "1", f"net:[{namespace.inode}]", "/usr", "b c-web-1", "10.0.0.2 web"]

    in_lab(work, user=user)


@as_root_and_as_user
def test_the_shim_is_init_and_strays_die_with_it(user: bool) -> None:
    def work(helper: Helper) -> None:
        script = "setsid sleep 4242 & (sleep 0 & exec sleep 4243) & sleep 0.2; ps -e -o pid=,ppid=,stat=,args="
        service = helper.spawn(InstanceSpec(name="web", namespace=helper.create_namespace("web"), argv=("sh", "-c", script)))
        assert service.wait(30)
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
        polite.stop(30)
        assert polite.status().exit == 5
        deaf = start("deaf", "trap '' TERM; echo ready; while :; do sleep 0.05; done")
        began = time.monotonic()
        deaf.stop(0.3)
        assert time.monotonic() - began > 0.25
        assert deaf.status().exit == 137
        signalled = start("signalled", "echo ready; exec sleep 100")
        signalled.signal(signal.SIGHUP)
        assert signalled.wait(30)
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
        assert service.run(["echo", "there"], timeout=30) == (0, b"there\n")
        service.stop(5)
        assert service.status().exit == 4
        assert log_of(service) == ["hello", "bye"]
        assert "does not run" in refusal(lambda: Instance.open(helper.folder, "web")).what
        assert "does not run" in refusal(lambda: service.run(["true"], timeout=30)).what

    in_lab(work, user=user)


@as_root_and_as_user
def test_exec_gives_the_commands_own_status(user: bool) -> None:
    def work(helper: Helper) -> None:
        spec = InstanceSpec(name="web", namespace=helper.create_namespace("web"), env={"A": "1", "B": "2"}, hostname="web")
        service = helper.spawn(spec)
        assert service.run(["sh", "-c", "hostname; exit 7"], timeout=30) == (7, b"web\n")
        assert service.run(["sh", "-c", "kill -9 $$"], timeout=30) == (137, b"")
        assert service.run(["sleep", "50"], timeout=0.2) == (None, b"")
        assert service.run(["sh", "-c", "yes | head -c 100000"], timeout=30, limit=4) == (0, b"y\ny\n")
        assert refusal(lambda: service.run(["no-such-program"], timeout=30)).status == 127
        ours, theirs = os.pipe()
        service.exec(["sh", "-c", "echo $A$B $PWD"], (0, theirs, theirs), env={"B": "3"}, working_dir="/tmp").wait(30)
        assert os.read(ours, 100) == b"13 /tmp\n"
        assert service.run(["sh", "-c", "ls /proc/self/fd | wc -l"], timeout=30) == (0, b"4\n")  # and the folder's own
        long = service.exec(["sleep", "50"], (0, theirs, theirs))
        assert long.wait(0.1) is None
        long.signal(signal.SIGTERM)
        assert long.wait(30) == 143
        assert service.status().state == "running"

    in_lab(work, user=user)


def test_a_service_runs_as_the_user_it_names() -> None:
    def work(helper: Helper) -> None:
        namespace = helper.create_namespace("web")

        def who(user: str) -> list[str]:
            argv = ("sh", "-c", "id -u; id -g; echo $HOME")
            service = helper.spawn(InstanceSpec(name="web", namespace=namespace, argv=argv, user=user))
            assert service.wait(30)
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
        assert service.wait(30)
        assert log_of(service) == ["0"]

    in_lab(work, user=True)


def test_a_check_that_takes_too_long_leaves_nothing() -> None:
    def work(helper: Helper) -> None:
        service = helper.spawn(InstanceSpec(name="web", namespace=helper.create_namespace("web")))
        assert service.run(["sh", "-c", "sleep 4244 & sleep 4244 & wait"], timeout=0.2)[0] is None
        deadline = time.monotonic() + 30
        while service.run(["pgrep", "-c", "sleep"], timeout=30) != (1, b"0\n"):
            assert time.monotonic() < deadline

    in_lab(work)
