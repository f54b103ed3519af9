"""A Compose file in the daemon (issue 5: "`up` stays embedded unless `--daemon` or DATAPLANE_HOST"): up, who reaches whom, a
change, down; and docker compose's labels, by which others see it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.live.daemon_process import daemon

pytestmark = pytest.mark.live

FILE = """
name: shop
services:
  web:
    image: host
    command: [sleep, "1000"]
    networks: {front: {aliases: [www]}, back: {}}
    depends_on: {init: {condition: service_completed_successfully}}
    deploy: {replicas: 2}
  db: {image: host, command: [sleep, "1000"], networks: [back]}
  init: {image: host, command: [sh, -c, "sleep 0.3; echo made > made"], networks: [back], working_dir: WHERE}
networks:
  front: {}
  back: {internal: true, ipam: {config: [{subnet: 10.123.0.0/24}]}}
"""


@pytest.fixture
def running(tmp_path):
    with daemon(tmp_path) as one:
        yield one


@pytest.fixture
def dataplane(running, tmp_path):
    def run(*words: str, status: int = 0) -> str:
        env = {**os.environ, "DATAPLANE_HOST": running.host}
        said = subprocess.run(
            [sys.executable, "-m", "dataplane", *words],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert said.returncode == status, said.stdout + said.stderr
        return said.stdout + said.stderr

    return run


def pings(dataplane, container: str, name: str) -> bool:
    command = f"ping -c 1 -W 3 {name} > /dev/null && echo yes || echo no"
    return dataplane("exec", container, "sh", "-c", command).strip() == "yes"


def test_up_change_down(dataplane, running, tmp_path):
    file = tmp_path / "compose.yaml"
    file.write_text(FILE.replace("WHERE", str(tmp_path)))
    said = dataplane("up", "-d")
    assert "+ network shop_front\n+ network shop_back\n" in said
    assert (tmp_path / "made").exists(), "web waited for it"
    names = dataplane("ps", "--format", "{{.Names}}").split()
    assert sorted(names) == ["shop-db-1", "shop-web-1", "shop-web-2"]
    assert pings(dataplane, "shop-web-1", "db")
    assert pings(dataplane, "shop-web-1", "shop-web-2")
    assert not pings(dataplane, "shop-db-1", "www"), "www is an alias on front alone"
    found = dataplane(
        "ps", "-aq", "--filter", "label=com.docker.compose.project=shop", "--filter", "label=com.docker.compose.service=web"
    )
    assert len(found.split()) == 2
    assert dataplane("network", "ls", "--filter", "label=com.docker.compose.network=back", "--format", "{{.Name}}") == "shop_back\n"

    before = running.pid("shop-db-1")
    assert "+ " not in dataplane("up", "-d"), "nothing is to be done"
    file.write_text(
        FILE.replace("WHERE", str(tmp_path)).replace("replicas: 2", "replicas: 1").replace("aliases: [www]", "aliases: [w3]")
    )
    said = dataplane("up", "-d")
    assert "- container shop-web-1\n- container shop-web-2\n" in said
    assert "+ container shop-web-1\n" in said
    assert running.pid("shop-db-1") == before, "who did not change runs on"
    assert pings(dataplane, "shop-web-1", "w3")

    said = dataplane("down")
    assert said.endswith("Project shop is down: nothing of it is left.\n")
    assert running.ask("GET", "/containers/json?all=1")[1] == []
    assert sorted(one["Name"] for one in running.ask("GET", "/networks")[1]) == ["bridge", "host", "none"]
    assert "there is no project shop" in dataplane("down", status=1)


def test_a_dependency_that_fails_ends_it(dataplane, running, tmp_path):
    (tmp_path / "compose.yaml").write_text(
        "name: p\nservices:\n"
        "  a: {image: host, command: [sh, -c, exit 3]}\n"
        "  b: {image: host, command: [sleep, '9'], depends_on: {a: {condition: service_completed_successfully}}}\n"
    )
    assert "dependency failed to start: p-a-1 did not complete successfully: exit 3" in dataplane("up", "-d", status=1)
    dataplane("down")


def test_files_memory_and_limits(dataplane, tmp_path):
    """As in a lab; what is refused is said with its place."""
    file = tmp_path / "compose.yaml"
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "page").write_text("hello\n")
    file.write_text(
        "name: files\nservices:\n  web:\n    image: host\n    command: [sleep, '1000']\n    network_mode: none\n"
        "    volumes: ['./site:/srv:ro', './made:/opt', 'data:/mnt', {type: tmpfs, target: /media, tmpfs: {size: 64k}}]\n"
        "    shm_size: 1m\n    ulimits: {nofile: {soft: 32, hard: 64}}\n    devices: ['/dev/zero:/dev/full']\n"
    )
    try:
        assert "left aside: data (web)" in dataplane("up", "-d")
        assert "+ container" not in dataplane("up", "-d"), "nothing is to be done"
        script = (
            "cat /srv/page; touch /srv/x 2>/dev/null || echo no; stat -fc '%T %b' /media /dev/shm; ulimit -n; head -c1 /dev/full"
        )
        said = dataplane("exec", "files-web-1", "sh", "-c", script)
        assert said == "hello\nno\ntmpfs 16\ntmpfs 256\n32\n\0"
        assert (tmp_path / "made").is_dir()
        file.write_text(file.read_text().replace("./made:/opt", "./made:/no/such"))
        said = dataplane("up", "-d", status=1)
        assert "compose.yaml: services.web\n" in said
        assert f'error mounting "{tmp_path}/made" to rootfs at "/no/such": no such file or directory' in said
        file.write_text(file.read_text().replace("'./made:/no/such'", "{type: bind, source: ./none, target: /opt}"))
        assert "compose.yaml: services.web.volumes\n" in dataplane("up", "-d", status=2)
    finally:
        dataplane("down")


def test_in_the_foreground_it_shows_what_they_write_and_stops_them(running, dataplane, tmp_path):
    (tmp_path / "compose.yaml").write_text(
        "name: f\nservices:\n  a:\n    image: host\n"
        "    command: [sh, -c, 'echo hello from a; trap \"exit 0\" TERM; while :; do sleep 0.1; done']\n"
    )
    env = {**os.environ, "DATAPLANE_HOST": running.host, "PYTHONUNBUFFERED": "1"}
    up = subprocess.Popen(
        [sys.executable, "-m", "dataplane", "up"],
        cwd=tmp_path,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert up.stdout is not None
    lines = []
    while "hello from a" not in "".join(lines):
        line = up.stdout.readline()
        assert line, lines
        lines.append(line)
    assert lines[-1].startswith("f-a-1 | ")
    up.send_signal(signal.SIGINT)
    assert up.wait(30) == 130
    deadline = time.monotonic() + 30
    while dataplane("ps", "-q") and time.monotonic() < deadline:
        time.sleep(0.1)
    assert dataplane("ps", "-a", "--format", "{{.Names}} {{.State}}") == "f-a-1 exited\n"
    dataplane("down")


def test_without_a_daemon_it_says_how_to_start_one(tmp_path):
    (tmp_path / "compose.yaml").write_text("name: n\nservices: {a: {image: host}}\n")
    env = {**os.environ, "DATAPLANE_HOST": f"unix://{tmp_path}/none.sock"}
    said = subprocess.run(
        [sys.executable, "-m", "dataplane", "up", "-d"],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert said.returncode == 1
    assert "start it: dataplane daemon" in said.stderr
