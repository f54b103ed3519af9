"""Whatever of a lab is killed, and when: ``clean`` leaves nothing of it, and nothing else is touched."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from private_world import as_root_and_as_user, needs_root, run_in_private_world
from traces import namespaces, of_lab, processes

from dataplane.proc import clean as cleaning
from dataplane.proc.clean import clean
from dataplane.proc.helper import Helper
from dataplane.proc.registry import base_folder, hold, lab_folder
from dataplane.proc.spec import InstanceSpec

pytestmark = [pytest.mark.live, needs_root]

# A lab process that brings services up as fast as it can and then waits.
LAB = """
import sys, time
from dataplane.proc.helper import Helper
from dataplane.proc.registry import hold
from dataplane.proc.spec import InstanceSpec
name = sys.argv[1]
with hold(name) as folder:
    helper = Helper.start(name, folder)
    taps = []
    for n in range(6):
        namespace = helper.create_namespace(f"s{n}")
        taps.append(helper.open_tap(namespace, "eth0", mac=f"02:42:0a:00:00:{n:02x}"))
        argv = ("sh", "-c", "sleep 1000 & setsid sleep 1000 & wait") if n % 2 else ()
        helper.spawn(InstanceSpec(name=f"s{n}", namespace=namespace, argv=argv, hostname=f"s{n}"))
    print("up", flush=True)
    time.sleep(1000)
"""


def start(name: str) -> subprocess.Popen[str]:
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.Popen([sys.executable, "-c", LAB, name], stdout=subprocess.PIPE, text=True, env=env)


def everything() -> tuple[list[str], list[str]]:
    """All mounts, and all files under /run."""
    return Path("/proc/mounts").read_text().splitlines(), sorted(str(path) for path in Path("/run").rglob("*"))


def end_strays(name: str) -> None:
    """After a failed test only: its private world is gone, and with it the way to `clean` it."""
    for pid in processes(name):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def changes(before: tuple[list[str], list[str]]) -> list[str]:
    """What is there now and was not, and the reverse."""
    return [line for old, new in zip(before, everything(), strict=True) for line in sorted({*old} ^ {*new})]


def inodes_of(folder: Path) -> set[int]:
    records = (json.loads(path.read_text()) for path in (folder / "namespaces").glob("s?"))
    return {record["inode"] for record in records}


def kill_and_clean(victim: str, name: str) -> None:
    before = everything()
    lab = start(name)
    assert lab.stdout is not None
    assert lab.stdout.readline() == "up\n"
    folder = lab_folder(name)
    inodes = inodes_of(folder)
    assert len(processes(name)) == 8  # the lab process, the helper, six shims
    if os.geteuid() == 0:
        assert inodes <= namespaces()
        assert len(inodes) == 6
    helper = json.loads((folder / "helper.json").read_text())["pid"]
    shim = json.loads((folder / "instances" / "s1" / "status.json").read_text())["pid"]
    for pid in {"lab": [lab.pid], "helper": [helper], "shim": [shim], "all": [helper, lab.pid, shim], "none": []}[victim]:
        with suppress(ProcessLookupError):  # what is left without the others may end by itself
            os.kill(pid, signal.SIGKILL)
    assert clean(name)
    lab.wait(30)  # clean kills a lab process that still holds the lab
    assert of_lab(name, folder, inodes) == []
    assert changes(before) == []
    assert not clean(name)


@as_root_and_as_user
@pytest.mark.parametrize("shared", [False, True], ids=["private", "shared"])
@pytest.mark.parametrize("victim", ["lab", "helper", "shim", "all", "none"])
def test_nothing_is_left_after(victim: str, user: bool, shared: bool) -> None:
    name = f"process-{victim}-{os.urandom(3).hex()}"
    try:
        run_in_private_world(lambda: kill_and_clean(victim, name), user=user, shared=shared)
    finally:
        end_strays(name)


def kill_at_random_moments() -> None:
    chance = random.Random(7)
    before = everything()
    for n in range(12):
        name = f"process-random{n}"
        lab = start(name)
        time.sleep(0.05 + chance.random() * 0.25)
        victims = processes(name)
        for pid in chance.sample(victims, k=min(len(victims), 1 + n % 3)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        folder = lab_folder(name)
        clean(name)
        lab.kill()
        lab.wait(30)
        clean(name)
        # A helper that the lab process started in its last moment finds nobody to serve and ends by itself.
        deadline = time.monotonic() + 30
        while of_lab(name, folder, set()) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert of_lab(name, folder, set()) == []
        assert changes(before) == []


@as_root_and_as_user
def test_nothing_is_left_when_killed_at_any_moment(user: bool) -> None:
    run_in_private_world(kill_at_random_moments, user=user)


def clean_one_of_two() -> None:
    with hold("process-a") as first, hold("process-b") as second:
        helpers = [Helper.start(folder.name, folder) for folder in (first, second)]
        spaces = [helper.create_namespace("web") for helper in helpers]
        services = [h.spawn(InstanceSpec(name="web", namespace=s)) for h, s in zip(helpers, spaces, strict=True)]
    assert spaces[0].inode != spaces[1].inode
    assert clean("process-a")
    assert services[0].wait(0)
    assert services[1].run(["true"], timeout=30) == (0, b"")
    assert services[1].status().state == "running"
    with helpers[1].netlink(spaces[1]) as ip:
        assert len(ip.get_links()) == 1
    assert clean("process-b")
    assert not base_folder().exists()


@as_root_and_as_user
def test_one_lab_is_cleaned_beside_another(user: bool) -> None:
    run_in_private_world(clean_one_of_two, user=user)


def links_of(name: str) -> list[str]:
    return [link["ifname"] for link in json.loads(subprocess.check_output(["ip", "-n", name, "-j", "link"]))]


def leave_a_users_names_alone() -> None:
    with hold("process-a") as folder:
        helper = Helper.start("process-a", folder)
        helper.create_namespace("web")
        subprocess.run(["ip", "netns", "add", "process-a-db"], check=True)
        helper.create_namespace("taken")
        for verb in ("delete", "add"):
            subprocess.run(["ip", "netns", verb, "process-a-taken"], check=True)
        subprocess.run(["ip", "netns", "add", "mine"], check=True)
        space = helper.enter_namespace("mine", "/run/netns/mine")
        helper.spawn(InstanceSpec(name="mine", namespace=space))
        os.close(helper.open_tap(space, "gone"))
        tap = helper.open_tap(space, "eth0")
        assert "eth0" in links_of("mine")
        helper.remove_namespace(space)
        assert Path("/run/netns/mine").exists()
    os.close(tap)
    clean("process-a")
    assert links_of("mine") == ["lo"]
    assert sorted(path.name for path in Path("/run/netns").iterdir()) == ["mine", "process-a-db", "process-a-taken"]
    assert subprocess.run(["ip", "netns", "exec", "mine", "true"], check=False).returncode == 0


def test_a_users_own_namespaces_stay() -> None:
    run_in_private_world(leave_a_users_names_alone)


def test_the_holder_may_not_clean_itself() -> None:
    name = f"process-self{os.getpid()}"
    with hold(name), pytest.raises(RuntimeError):
        clean(name)
    assert clean(name)


def a_lab_begins_in_the_moment_the_folder_is_gone() -> None:
    """The one that ends holds the old folder's lock still, and has not looked yet whether the folder is gone."""
    name, remove = "process-again", cleaning.shutil.rmtree
    later: list[Helper] = []

    def rmtree(path: Path) -> None:
        remove(path)
        if not later:
            folder = lab_folder(name, create=True)
            later.append(Helper.start(name, folder))

    with hold(name) as folder:
        Helper.start(name, folder).create_namespace("web")
        cleaning.shutil.rmtree = rmtree  # type: ignore[assignment]
        try:
            cleaning.clear(folder)
        finally:
            cleaning.shutil.rmtree = remove
    space = later[0].create_namespace("web")
    later[0].spawn(InstanceSpec(name="web", namespace=space))
    assert clean(name)
    assert not base_folder().exists()
    assert not Path("/run/netns").exists()


@as_root_and_as_user
def test_a_lab_that_begins_while_one_of_its_name_ends_is_left_alone(user: bool) -> None:
    run_in_private_world(a_lab_begins_in_the_moment_the_folder_is_gone, user=user)


def test_a_lab_process_that_is_to_live_keeps_its_lab() -> None:
    def work() -> None:
        lab = start("process-lives")
        assert lab.stdout is not None
        assert lab.stdout.readline() == "up\n"
        assert not clean("process-lives", kill=lambda other: other[0] != lab.pid)
        assert lab.poll() is None
        assert len(processes("process-lives")) == 8
        assert clean("process-lives", kill=lambda other: other[0] == lab.pid)
        lab.wait(30)

    run_in_private_world(work)


@as_root_and_as_user
def test_a_lab_of_that_name_in_another_mount_namespace_is_somebody_elses(user: bool) -> None:
    """Two hosts, as it were, in one PID namespace, each with a lab "twin": the one that is cleaned ends, the other lives on."""
    up, told = os.pipe()
    wait, go = os.pipe()

    def alive() -> None:
        try:
            with hold("twin") as folder:
                helper = Helper.start("twin", folder)
                service = helper.spawn(InstanceSpec(name="idle", namespace=helper.create_namespace("idle")))
                os.write(told, b"u")
                assert os.read(wait, 1) == b"g"
                assert not service.wait(0.2)
                assert service.run(["true"], timeout=30) == (0, b"")
                helper.create_namespace("more")
        finally:
            os.write(told, b"e")
            clean("twin")

    def cleaned() -> None:
        with hold("twin") as folder:
            helper = Helper.start("twin", folder)
            service = helper.spawn(InstanceSpec(name="idle", namespace=helper.create_namespace("idle")))
        assert clean("twin")
        assert service.wait(0)
        assert not lab_folder("twin").exists()

    with ThreadPoolExecutor(1) as other:
        first = other.submit(run_in_private_world, alive, user=user)
        try:
            assert os.read(up, 1) == b"u"
            run_in_private_world(cleaned, user=user)
        finally:
            os.write(go, b"g")
        first.result(60)
    for fd in (up, told, wait, go):
        os.close(fd)
