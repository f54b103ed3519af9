"""A daemon that is killed, at any moment and under traffic, and the next one that takes up what it left."""

from __future__ import annotations

import asyncio
import random
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from core_process import CoreProcess, core_process
from cores import core_in, reaches, run

from dataplane.daemon import helpers
from dataplane.proc import pids
from dataplane.proc.helper import Helper
from dataplane.proc.message import Body
from dataplane.proc.server import privileged
from dataplane.proc.spec import NamespaceRef

pytestmark = pytest.mark.skipif(not privileged(), reason="namespaces with names, and rules on the host")
NAME = "t-core-k"


@contextmanager
def cleared(folder: Path) -> Iterator[None]:
    """In the end a core in this process takes all away, and nothing is left."""
    try:
        yield
    finally:

        async def whole() -> None:
            async with core_in(folder, NAME):
                pass

        asyncio.run(whole())
        assert not list(Path("/run/netns").glob(f"{NAME}-*"))


@contextmanager
def pinging(namespace: str, address: str) -> Iterator[subprocess.Popen[str]]:
    """Twenty times a second, each answer with its time."""
    words = ["nsenter", f"--net={namespace}", "ping", "-D", "-n", "-i", "0.05", "-w", "120", address]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.terminate()


def answered(process: subprocess.Popen[str], since: float) -> float:
    """When the first answer after that time came."""
    assert process.stdout is not None
    for line in process.stdout:
        found = re.match(r"\[([0-9.]+)\] \d+ bytes from", line)
        if found and float(found[1]) > since:
            return float(found[1])
    raise AssertionError("no answers any more")


def test_traffic_resumes(tmp_path: Path) -> None:
    """kill -9 under traffic: same namespaces, addresses and TAPs. How soon, `dataplane bench daemon` says."""
    with cleared(tmp_path):
        with core_process(tmp_path, NAME) as first:
            web, db = eval(first.ask('run(core, "web")')), eval(first.ask('run(core, "db")'))
            sandbox = eval(first.ask(f"core.sandbox({web!r})"))
            before = links(sandbox)
            with pinging(sandbox, "172.17.0.3") as ping:
                for _ in range(5):
                    answered(ping, 0.0)
                first.kill()
                begun = time.time()
                with core_process(tmp_path, NAME) as second:
                    after = answered(ping, begun)
                    assert eval(second.ask(f"core.sandbox({web!r})")) == sandbox
                    assert links(sandbox) == before
                    assert db in second.ask("core.state.containers.keys()")
        print(f"traffic resumed {after - begun:.2f} s after the next daemon was started")


def links(sandbox: str) -> str:
    """Interfaces, addresses and routes, but for the carrier."""
    words = ["nsenter", f"--net={sandbox}", "sh", "-c", "ip -o address; ip route; ip -o link"]
    text = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    return re.sub(r"<\S+>|state \S+|qdisc \S+|linkdown ?", "", text)


def rules() -> str:
    """The host's, but for what was counted."""
    text = subprocess.run(["nft", "list", "ruleset"], check=True, capture_output=True, text=True).stdout
    return re.sub(r"packets \d+ bytes \d+", "", text)


def test_a_daemon_that_is_stopped_leaves_the_host_to_the_next_one(tmp_path: Path) -> None:
    """SIGTERM's way while containers run: rules, routes and interface of the host stay as they are, and the next daemon's are the
    same ones. While none runs: no rule, no interface, no helper."""
    with cleared(tmp_path):
        before, tap = rules(), f"dp-{NAME}"
        with core_process(tmp_path, NAME) as first:
            web = eval(first.ask('run(core, "web")'))
            first.ask('run(core, "db")')
            sandbox = eval(first.ask(f"core.sandbox({web!r})"))
            running = rules(), of_host(tap)
            first.stop()
        assert (rules(), of_host(tap)) == running
        assert rules() != before
        assert "172.17.0.2" in links(sandbox)
        with core_process(tmp_path, NAME) as second:
            assert (rules(), of_host(tap)) == running
            assert second.ask(f'reaches(core, {web!r}, "172.17.0.3")') == "True"
            assert second.ask(f'reaches(core, {web!r}, "10.255.255.1")') == "True"
            second.ask("forget_everything(core)")
            second.stop()
        assert rules() == before
        assert not Path(f"/sys/class/net/{tap}").exists()
        body = pids.read_json(str(tmp_path / NAME / "helper.json"))
        assert body is not None
        assert not pids.alive(body["pid"], body["start"])


def test_an_interface_that_was_left_otherwise_is_made_anew(tmp_path: Path) -> None:
    """Somebody has taken its addresses away meanwhile: there is one that works."""
    with cleared(tmp_path):
        with core_process(tmp_path, NAME) as first:
            web = eval(first.ask('run(core, "web")'))
            before = of_host(f"dp-{NAME}")
            first.kill()
        subprocess.run(["ip", "address", "flush", "dev", f"dp-{NAME}"], check=True)
        with core_process(tmp_path, NAME) as second:
            assert second.ask(f'reaches(core, {web!r}, "10.255.255.1")') == "True"
            assert of_host(f"dp-{NAME}") != before, "its number is another"
            assert "172.17.0.0/16 via" in of_host(f"dp-{NAME}")


def of_host(tap: str) -> str:
    """Addresses of an interface of the host, and routes by it; the first is its number."""
    words = f"ip -o address show dev {tap}; ip route show dev {tap}; ip -6 route show dev {tap}"
    text = subprocess.run(["sh", "-c", words], check=True, capture_output=True, text=True).stdout
    return re.sub(r" linkdown|valid_lft.*", "", text)


def test_a_helper_that_was_killed_too_is_replaced(tmp_path: Path) -> None:
    """Namespaces have names: another helper takes them over."""
    with cleared(tmp_path):
        with core_process(tmp_path, NAME) as first:
            web = eval(first.ask('run(core, "web")'))
            first.ask('run(core, "db")')
            first.kill()
        body = pids.read_json(str(tmp_path / NAME / "helper.json"))
        assert body is not None
        pids.kill(body["pid"], body["start"])
        with core_process(tmp_path, NAME) as second:
            assert second.ask(f'reaches(core, {web!r}, "172.17.0.3")') == "True"


def test_a_helper_of_another_version_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A daemon that was upgraded cannot speak with it: another takes the namespaces over, and nothing in them changes."""

    async def whole() -> None:
        async with core_in(tmp_path, NAME, leave=True) as core:
            web, _db = await run(core, "web"), await run(core, "db")
            before = links(core.sandbox(web))
        old = pids.read_json(str(tmp_path / NAME / "helper.json"))
        monkeypatch.setattr(helpers, "VERSION", helpers.VERSION + 1)
        async with core_in(tmp_path, NAME) as core:
            new = pids.read_json(str(tmp_path / NAME / "helper.json"))
            assert old is not None
            assert new != old
            assert not pids.alive(old["pid"], old["start"])
            assert links(core.sandbox(web)) == before
            assert await reaches(core, web, "172.17.0.3")

    asyncio.run(whole())


def test_what_is_as_it_was_left_is_taken_up_without_a_touch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand containers are there again at once: no order goes to the helper but where somebody has changed something."""
    orders: list[Body] = []
    furnish = Helper.furnish

    def counted(helper: Helper, asked: list[Body]) -> tuple[dict[str, NamespaceRef], list[int]]:
        orders.extend(asked)
        return furnish(helper, asked)

    monkeypatch.setattr(Helper, "furnish", counted)

    async def whole() -> None:
        async with core_in(tmp_path, NAME, leave=True) as core:
            web, _db = await run(core, "web"), await run(core, "db")
            sandbox, before = core.sandbox(web), links(core.sandbox(web))
            orders.clear()
        async with core_in(tmp_path, NAME, leave=True) as core:
            assert orders == []
            assert links(sandbox) == before
            assert await reaches(core, web, "172.17.0.3")
        subprocess.run(["nsenter", f"--net={sandbox}", "ip", "address", "flush", "dev", "eth0"], check=True)
        async with core_in(tmp_path, NAME) as core:
            assert [sorted(order) for order in orders] == [["change", "name", "route"]]
            assert await reaches(core, web, "172.17.0.3")

    asyncio.run(whole())


def test_nobody_in_a_container_can_keep_the_next_daemon_from_beginning(tmp_path: Path) -> None:
    """Its interface is no longer known for ours, and another has its name; another container's name is on a third: eth0 is made
    anew, and traffic goes on."""

    async def whole() -> None:
        async with core_in(tmp_path, NAME, leave=True) as core:
            web, db = await run(core, "web"), await run(core, "db")
            sandboxes = {one: core.sandbox(one) for one in (web, db)}
        for words in (
            "ip link set eth0 alias mine",
            "ip tuntap add x0 mode tap && ip link set x0 alias 'dataplane db.bridge '",
        ):
            subprocess.run(["nsenter", f"--net={sandboxes[web]}", "sh", "-c", words], check=True)
        async with core_in(tmp_path, NAME) as core:
            assert await reaches(core, web, "172.17.0.3")
            assert await reaches(core, db, "172.17.0.2")

    asyncio.run(whole())


CALLS = (
    'run(core, "c{n}", {nets})',
    'network(core, "n{n}")',
    'networks.connect("net-a", "{who}", EndpointWish())',
    'networks.connect("net-b", "{who}", EndpointWish(gw_priority={n}))',
    'networks.disconnect("net-a", "{who}", force=True)',
    'networks.disconnect("net-b", "{who}", force=True)',
    "end(core, core_id(core, '{who}'))",
    "start(core, core_id(core, '{who}'))",
)


@pytest.mark.parametrize("seed", range(4))
def test_killed_at_any_moment_it_ends_in_what_is_wanted(tmp_path: Path, seed: int) -> None:
    """Any order of calls, a crash within any of them: the next daemon's namespaces, interfaces and engine are as its state says,
    each container that is alive reaches all others on its networks, and what is not wanted is gone."""
    chance = random.Random(seed)
    with cleared(tmp_path):
        with core_process(tmp_path, NAME) as process:
            for name in ("net-a", "net-b"):
                process.ask(f'network(core, "{name}")')
            for number in range(3):
                process.ask(f'run(core, "web{number}", "net-a")')
        for number in range(8):
            with core_process(tmp_path, NAME) as process:
                complaint = eval(process.ask("wrong(core)"))
                assert not complaint, f"after crash {number}: {complaint}"
                for _ in range(chance.randint(1, 3)):
                    call = chance.choice(CALLS).format(
                        n=f"{number}{chance.randint(0, 999)}",
                        nets=chance.choice(('"net-a"', '"net-b"', '"net-a", "net-b"', '"bridge"')),
                        who=f"web{chance.randint(0, 2)}",
                    )
                    process.send(call)
                time.sleep(chance.uniform(0.0, 0.12))
                process.kill()
        with core_process(tmp_path, NAME) as process:
            assert not eval(process.ask("wrong(core)"))


def test_what_the_tests_above_rely_on_can_fail(tmp_path: Path) -> None:
    """An error is told; an interface that is missing is seen."""
    with cleared(tmp_path), core_process(tmp_path, NAME) as process:
        assert isinstance(process, CoreProcess)
        web = eval(process.ask('run(core, "web")'))
        assert eval(process.ask("wrong(core)")) == []
        process.ask(f'inside(core, {web!r}, "ip address flush dev eth0")')
        assert eval(process.ask("wrong(core)"))
        with pytest.raises(AssertionError, match="No such container"):
            process.ask('networks.connect("bridge", "nobody", EndpointWish())')
