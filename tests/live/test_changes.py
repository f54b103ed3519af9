"""`up` again on a changed file: who did not change keeps process, namespace, address, and what the bridge knows of it."""

from __future__ import annotations

import os

import pytest
from labs import as_root_and_user, lab, ok, row, up

pytestmark = [pytest.mark.live, pytest.mark.skipif(os.geteuid() != 0, reason="private mount namespaces need root")]

both = pytest.mark.parametrize("user", [False, True], ids=["root", "user"])
NAME = "changes"


def file(*, ageing: str = "300", mtu: str = "1500", web: str = "{}", more: str = "") -> str:
    return f"""
services:
  web: {{image: host, command: sleep 1000, networks: {{front: {web}}}}}
  db: {{image: host, command: sleep 1000, networks: [front]}}
{more}
networks:
  front:
    driver_opts: {{dataplane.ageing: "{ageing}", com.docker.network.driver.mtu: "{mtu}"}}
    ipam: {{config: [{{subnet: 10.77.0.0/24}}]}}
"""


@both
@as_root_and_user
def test_a_change_touches_no_more_than_it_must() -> None:
    steps: list[str] = []

    def again(text: str) -> None:
        steps.clear()
        up(text, NAME, on_step=lambda step: steps.append(step["what"]))

    with lab(file(), NAME) as client:
        pids = {name: row(client, name)["pid"] for name in ("web", "db")}
        ok(client, "web", "ping", "-c", "1", "-W", "2", "db")

        again(file(ageing="60", web='{driver_opts: {dataplane.hairpin: "true"}}'))
        assert steps == ["~ bridge front: ageing 300 s -> 60 s", "~ web.front -- bridge front: hairpin off -> on"]
        assert {name: row(client, name)["pid"] for name in pids} == pids
        assert {entry["port"] for entry in client.fdb("front")} == {"web.front", "db.front"}

        again(file(ageing="60", web="{aliases: [www]}", more="  job: {image: host, networks: [front]}"))
        assert {name: row(client, name)["pid"] for name in pids} == pids
        ok(client, "job", "ping", "-c", "1", "-W", "2", "www")
        ok(client, "web", "ping", "-c", "1", "-W", "2", "job")

        again(file(ageing="60", web="{ipv4_address: 10.77.0.77}", more="  job: {image: host, networks: [front]}"))
        assert "~ service web (new namespace)" in steps
        assert row(client, "db")["pid"] == pids["db"]
        assert row(client, "web")["pid"] != pids["web"]
        assert "10.77.0.77" in ok(client, "db", "getent", "hosts", "web")
        ok(client, "db", "ping", "-c", "1", "-W", "2", "web")

        again(file(ageing="60", mtu="1400", web="{ipv4_address: 10.77.0.77}"))
        assert ok(client, "db", "cat", "/sys/class/net/eth0/mtu") == "1400\n"
        assert "- service job" in steps
        ok(client, "db", "ping", "-c", "1", "-W", "2", "-M", "do", "-s", "1372", "web")
