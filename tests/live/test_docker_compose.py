"""Debian's docker-compose 1.29 on `dataplane daemon`, with one of our examples (issue: "on a named example")."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from daemon_process import daemon

from dataplane.proc.server import privileged

EXAMPLE = Path(__file__).parents[2] / "examples" / "compose-docker.yaml"

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(not Path("/usr/bin/docker-compose").exists(), reason="no docker-compose: Debian package docker-compose"),
    pytest.mark.skipif(not privileged(), reason="needs root"),
]


def test_up_ps_scale_and_down(tmp_path: Path) -> None:
    """Networks, aliases, addresses, ports, depends_on; who reaches whom; `down` leaves nothing."""
    file = tmp_path / "shop" / "docker-compose.yml"
    file.parent.mkdir()
    shutil.copy(EXAMPLE, file)
    with daemon(tmp_path) as one:

        def compose(*words: str, check: bool = True) -> str:
            done = subprocess.run(
                ["/usr/bin/docker-compose", "-f", str(file), "--project-name", "shop", *words], capture_output=True, text=True,
                timeout=100, check=False, env={**os.environ, "DOCKER_HOST": one.host, "COMPOSE_PARALLEL_LIMIT": "4"},
            )  # fmt: skip
            assert not check or done.returncode == 0, f"{words}: {done.stdout}{done.stderr}{one.log()}"
            return done.stdout + done.stderr

        def reaches(who: str, target: str) -> bool:
            return not compose("exec", "-T", who, "ping", "-c1", "-W1", target, check=False).count("100% packet loss") and (
                "1 received" in compose("exec", "-T", who, "ping", "-c1", "-W1", target, check=False)
            )

        compose("up", "-d")
        names = {network["Name"] for network in one.ask("GET", "/networks")[1]}
        assert {"shop_front", "shop_back"} <= names
        said = compose("ps")
        assert said.count("Up") == 3
        assert reaches("web", "app") and reaches("app", "database") and reaches("app", "shop_web_1")
        assert not reaches("web", "database")
        found = one.ask("GET", "/containers/shop_db_1/json")[1]["NetworkSettings"]["Networks"]["shop_back"]
        assert (found["IPAddress"], "database" in found["Aliases"]) == ("10.91.0.50", True)
        assert "0.0.0.0:8085->80/tcp" in said
        compose("up", "-d")  # again: nothing to do
        assert "hello from app" in compose("logs", "app")
        compose("up", "-d", "--scale", "app=3")
        assert len([one for one in one.ask("GET", "/containers/json")[1] if "app" in one["Names"][0]]) == 3
        compose("down")
        assert {network["Name"] for network in one.ask("GET", "/networks")[1]} == {"bridge", "host", "none"}
        assert one.ask("GET", "/containers/json?all=1")[1] == []
