"""The helper and the shims themselves: what they cost, whom they answer, what happens without them."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from instances import refusal
from private_world import ROOT, as_root_and_as_user, in_lab, needs_root, needs_user_namespaces, run_in_private_world

from dataplane.proc import message
from dataplane.proc.clean import clean
from dataplane.proc.helper import Helper
from dataplane.proc.instance import Instance
from dataplane.proc.registry import hold
from dataplane.proc.spec import InstanceSpec

pytestmark = [pytest.mark.live, needs_root]


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
            idle.run(["true"], timeout=30)
        assert not (helper.folder / "practice").exists()
        assert (helper.folder / "helper.log").read_text() == ""
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
    print(helper.spawn(InstanceSpec(name="web", namespace=namespace)).run(["ls", "/sys/class/net"], timeout=30))
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
