"""The same files of examples/ in a daemon, by `up --daemon`: the same reach each other, by Docker's names; `down` takes it back."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from daemon_process import DaemonProcess, daemon
from hosts import HOST4, outside, sh
from reach import EXAMPLES as PAIRS
from reach import addresses, answers, check
from servers import curl, patient_curl

from dataplane.proc.server import privileged

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(not privileged(), reason="published ports need root"),
    pytest.mark.skipif(not Path("/usr/bin/docker").exists(), reason="Debian's docker.io is not installed"),
]

EXAMPLES = Path(__file__).parents[2] / "examples"
LISTING = "Directory listing"


@pytest.fixture(scope="module")
def d(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaemonProcess]:
    """One daemon for all files: they must not be in each other's way either."""
    with outside(), daemon(tmp_path_factory.mktemp("examples")) as process:
        sh("ip -n outside address add 192.168.50.1/24 dev eth0")
        yield process


def dataplane(d: DaemonProcess, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "dataplane", *words], env={**os.environ, "DATAPLANE_HOST": d.host}, capture_output=True, text=True,
        timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}{d.log()}"
    return done.stdout


@contextmanager
def project(d: DaemonProcess, file: str, name: str = "") -> Iterator[Callable[..., tuple[int, str]]]:
    """A project that is up inside; gives how to run a command in a service (``worker-2``: the second copy)."""
    lab = ("--lab", name) if name else ()
    path = str(EXAMPLES / f"{file}.yaml")
    dataplane(d, "up", "-d", *lab, path)

    def run(service: str, *words: str) -> tuple[int, str]:
        copy = service if service[-2:-1] == "-" and service[-1:].isdecimal() else f"{service}-1"
        done = subprocess.run(
            ["docker", "exec", f"{name or file}-{copy}", *words], env={**os.environ, "DOCKER_HOST": d.host}, capture_output=True,
            text=True, timeout=60, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    try:
        yield run
    finally:
        dataplane(d, "down", *(lab or (path,)))
    left = d.docker("ps", "-aq", "--filter", f"label=com.docker.compose.project={name or file}")
    left += d.docker("network", "ls", "-q", "--filter", f"label=com.docker.compose.project={name or file}")
    assert left == ""


@pytest.mark.parametrize("file", PAIRS)
def test_who_reaches_whom(d: DaemonProcess, file: str) -> None:
    """Issue, Compose: every pair of services, by every address and by name; copies of one service share its name."""
    with project(d, file) as run:
        check(run, PAIRS[file], lambda name: "" if file == "replicas" and name[-1].isdecimal() else name)


def test_replicas_answer_with_all_addresses(d: DaemonProcess) -> None:
    """DOCKER.md 1.5: all addresses of a name, in random orders; each copy's port of the host."""
    with project(d, "replicas") as run:
        orders = {tuple(run("client", "dig", "+short", name)[1].split()) for name in ("worker", "pool") for _ in range(8)}
        workers = {address for n in (1, 2, 3) for address in addresses(run, f"worker-{n}")}
        assert {frozenset(order) for order in orders} == {frozenset(workers)}
        assert len(orders) > 1
        for port in (8090, 8091):
            assert LISTING in patient_curl(f"http://127.0.0.1:{port}/")


def test_projects_side_by_side(d: DaemonProcess) -> None:
    """Two projects of one file: other subnets, the same names, nobody reaches the other's."""
    with project(d, "projects", "blue") as blue, project(d, "projects", "green") as green:
        homes = {}
        for run in (blue, green):
            check(run, PAIRS["projects"])
            homes[run] = addresses(run, "web") + addresses(run, "db")
        for source, target in ((blue, green), (green, blue)):
            assert not set(homes[source]) & set(homes[target])
            assert not any(answers(source, "web", address) for address in homes[target])
        for name in ("blue", "green"):
            port = d.docker("port", f"{name}-web-1", "80").splitlines()[0].rpartition(":")[2]
            assert LISTING in patient_curl(f"http://{HOST4}:{port}/", "outside")


def test_aliases(d: DaemonProcess) -> None:
    """The same alias on two networks, a link, a hostname: by the embedded DNS."""
    with project(d, "aliases") as run:
        (db,), (cache,) = addresses(run, "db"), addresses(run, "cache")

        def found(service: str, name: str) -> list[str]:
            return [line for line in run(service, "dig", "+short", name)[1].splitlines() if not line.startswith(";")]

        for name in ("primary", "db.staff.example", "ledger", "db"):
            assert found("clerk", name) == [db], name
        assert found("guest", "primary") == found("guest", "cachehost") == [cache]
        assert found("guest", "ledger") == found("db", "ledger") == found("guest", "db") == []


def test_internal(d: DaemonProcess) -> None:
    """The database neither reaches out nor is reached; the application both."""
    with project(d, "internal-database") as run:
        assert LISTING in patient_curl(f"http://{HOST4}:8081/", "outside")
        assert answers(run, "app", "198.51.100.2")
        assert not answers(run, "db", "198.51.100.2")
        assert curl("http://10.73.1.10:5432/", "outside", seconds=1) == ""


def test_macvlan(d: DaemonProcess) -> None:
    """On its parent: the router and whoever is there, both ways."""
    with project(d, "macvlan") as run:
        (printer,) = addresses(run, "printer")
        assert answers(run, "printer", "192.168.50.1")
        assert not answers(run, "db", "192.168.50.1")
        assert LISTING in patient_curl(f"http://{printer}:631/", "outside")


def test_published(d: DaemonProcess) -> None:
    """Ports in every form."""
    with project(d, "ports"):
        for url in (
            "http://127.0.0.1:8100/",
            f"http://{HOST4}:8100/",
            "http://127.0.0.1:8101/",
            "http://127.0.0.1:8103/",
            "http://127.0.0.1:9001/",
        ):
            assert LISTING in patient_curl(url), url
        assert LISTING in patient_curl(f"http://{HOST4}:8100/", "outside")
        assert curl(f"http://{HOST4}:8101/", "outside", seconds=1) == ""


def test_who_waits_for_whom(d: DaemonProcess) -> None:
    """The application began when the database was healthy and the migration had ended well."""
    with project(d, "healthy"):
        form = "{{.State.Status}} {{.State.ExitCode}}"
        assert d.docker("inspect", "-f", form, "healthy-migration-1") == "exited 0\n"
        assert d.docker("inspect", "-f", "{{.State.Health.Status}}", "healthy-db-1") == "healthy\n"
        ended = d.docker("inspect", "-f", "{{.State.FinishedAt}}", "healthy-migration-1")
        assert ended < d.docker("inspect", "-f", "{{.State.StartedAt}}", "healthy-app-1")
