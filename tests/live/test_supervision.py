"""depends_on, restart, healthcheck, scale and `up` on a changed file, in running labs."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Iterator

import pytest
from labs import in_world, lab, ok, row, run, up, wait_for

from dataplane import compose, live
from dataplane.errors import UserError

pytestmark = [pytest.mark.live, pytest.mark.skipif(os.geteuid() != 0, reason="private mount namespaces need root")]


@in_world()
def test_up_waits_for_conditions_in_their_order() -> None:
    text = """
services:
  app:
    image: host
    command: [sh, -c, "exec sleep 1000"]
    depends_on:
      db: {condition: service_healthy}
      migrate: {condition: service_completed_successfully}
      cache: {condition: service_started}
  migrate: {image: host, command: [sh, -c, "sleep 0.3"], depends_on: [cache]}
  cache: {image: host}
  db:
    image: host
    command: [sh, -c, "sleep 0.5; touch /tmp/labs-db-$$PPID; exec sleep 1000"]
    healthcheck:
      {test: ["CMD-SHELL", "ls /tmp/labs-db-* >/dev/null 2>&1"], interval: 200ms, start_period: 10s, start_interval: 100ms}
"""
    try:
        with lab(text, "labs-wait") as client:
            started = {name: row(client, name)["started"] for name in ("app", "migrate", "cache", "db")}
            assert started["cache"] < started["migrate"] < started["app"]  # type: ignore[operator]
            assert row(client, "db")["health"] == "healthy"
            assert (row(client, "migrate")["state"], row(client, "migrate")["exit"]) == ("exited", 0)
            healthy = next(event for event in client.events() if event["what"] == "health")
            assert healthy["time"] < started["app"]  # type: ignore[operator]
    finally:
        subprocess.run("rm -f /tmp/labs-db-*", shell=True, check=True)


@in_world()
def test_up_fails_when_a_dependency_never_will_be_as_it_must() -> None:
    text = """
services:
  app: {image: host, command: [sleep, "1000"], depends_on: {init: {condition: service_completed_successfully}}}
  init: {image: host, command: [sh, -c, "exit 4"]}
"""
    with pytest.raises(
        UserError, match=r"app did not start: dependency failed to start: init did not complete successfully: exit 4"
    ):
        up(text, "labs-fail")
    client = live.find(lab="labs-fail")
    assert row(client, "app")["state"] == "failed"
    with pytest.raises(UserError, match="app does not run: it is failed"):
        client.exec("app", ["true"], stdin=None)
    assert live.down("labs-fail")


@in_world()
def test_a_command_that_is_not_there_fails_with_its_name() -> None:
    with pytest.raises(UserError, match="web did not start: nosuchprogram: cannot run the command: No such file or directory"):
        up("services: {web: {image: host, command: [nosuchprogram]}}", "labs-missing")
    assert row(live.find(lab="labs-missing"), "web")["exit"] == 127
    assert live.down("labs-missing")


@in_world()
def test_restart_policies() -> None:
    text = """
services:
  never: {image: host, command: [sh, -c, "exit 1"]}
  twice: {image: host, command: [sh, -c, "exit 5"], restart: "on-failure:2"}
  good: {image: host, command: [sh, -c, "exit 0"], restart: on-failure}
  again: {image: host, command: [sh, -c, "echo started; sleep 0.05"], restart: always}
"""
    with lab(text, "labs-restart") as client:
        wait_for(lambda: row(client, "twice")["state"] == "exited", "two restarts")
        wait_for(lambda: row(client, "again")["restarts"] >= 2, "more restarts")  # type: ignore[operator]
        twice, never, good = (row(client, name) for name in ("twice", "never", "good"))
        assert (twice["restarts"], twice["exit"]) == (2, 5)
        assert (never["restarts"], never["exit"], never["state"]) == (0, 1, "exited")
        assert (good["restarts"], good["exit"]) == (0, 0)
        assert [line["text"] for line in client.logs("again")][:2] == ["started", "started"]
        delays = [event["detail"] for event in client.events() if event["what"] == "restart" and event["who"] == "twice"]
        assert delays == ["starts again in 0.1 s", "starts again in 0.2 s"]


@in_world()
def test_health_turns_and_a_hanging_check_fails() -> None:
    text = """
services:
  web:
    image: host
    command: [sleep, "1000"]
    healthcheck: {test: ["CMD", "sleep", "30"], interval: 1s, timeout: 100ms, retries: 2}
"""
    with lab(text, "labs-health") as client:
        assert row(client, "web")["health"] == "starting"
        wait_for(lambda: row(client, "web")["health"] == "unhealthy", "the check fails")
        # The next check may be under way just now.
        wait_for(lambda: run(client, "web", "pgrep", "-f", "sleep 30")[0] == 1, "no check that timed out is still there")


@in_world()
def test_scaled_services_have_instances_and_a_common_name() -> None:
    with lab("services: {web: {image: host, scale: 3}, one: {image: host}}", "labs-scale") as client:
        assert [one["name"] for one in client.ps()] == ["web-1", "web-2", "web-3", "one"]
        assert len({line.split()[0] for line in ok(client, "one", "getent", "ahostsv4", "web").splitlines()}) == 3
        assert ok(client, "web", "hostname") == "web-1\n"
        ok(client, "web-2", "ping", "-c", "1", "-W", "2", "web-3")


BEFORE = """
services:
  web: {image: host, command: [sleep, "1000"]}
  db: {image: host, command: [sleep, "1000"]}
  old: {image: host}
"""
AFTER = """
services:
  new: {image: host, networks: [default, more]}
  web: {image: host, command: [sleep, "1000"]}
  db: {image: host, command: [sleep, "2000"]}
networks: {more: {}}
"""


@in_world()
def test_a_changed_file_is_applied_while_a_ping_runs() -> None:
    with lab(BEFORE, "labs-change") as client:
        before = {one["name"]: one for one in client.ps()}
        seen: list[str] = []
        result: list[str] = []
        ping = threading.Thread(
            target=lambda: result.append(ok(client, "web", "ping", "-c", "20", "-i", "0.1", "-W", "10", "172.17.0.3")),
            daemon=True,
        )
        ping.start()
        time.sleep(0.5)
        assert (
            live.up(compose.load(AFTER, name="labs-change", text=True), detach=True, on_step=lambda step: seen.append(step["what"]))
            == 0
        )
        ping.join()
        # db restarts its process in the namespace it has: not a single echo is lost.
        assert " 0% packet loss" in result[0]
        after = {one["name"]: one for one in client.ps()}
        assert list(after) == ["new", "web", "db"]
        assert (after["web"]["pid"], after["web"]["endpoints"]) == (before["web"]["pid"], before["web"]["endpoints"])
        assert after["db"]["pid"] != before["db"]["pid"]
        assert after["db"]["endpoints"] == before["db"]["endpoints"]
        assert "- service old" in seen
        assert "~ service db (restarts)" in seen
        assert "+ service new" in seen
        assert any(line.startswith("+ port new.more") for line in seen)
        assert not any("web" in line for line in seen)
        ok(client, "web", "ping", "-c", "1", "-W", "2", "new")  # its hosts file knows the new one
        assert not any("old" in path for path in map(str, client.folder.rglob("*")))
        # The same file again: nothing to do.
        assert (
            live.up(compose.load(AFTER, name="labs-change", text=True), detach=True, on_step=lambda step: seen.append("more")) == 0
        )
        assert "more" not in seen


@in_world()
def test_a_change_that_cannot_be_made_leaves_the_rest_and_can_be_mended() -> None:
    with lab(BEFORE, "labs-mend") as client:
        bad = BEFORE + "  bad: {image: host, network_mode: 'netns:/run/netns/nowhere'}\n"
        with pytest.raises(UserError, match="cannot be opened"):
            live.up(compose.load(bad, name="labs-mend", text=True), detach=True)
        assert [one["name"] for one in client.ps()] == ["web", "db", "old"]
        ok(client, "web", "ping", "-c", "1", "-W", "2", "db")
        assert live.up(compose.load(AFTER, name="labs-mend", text=True), detach=True) == 0
        ok(client, "web", "ping", "-c", "1", "-W", "2", "new")


@in_world()
def test_a_service_that_does_not_start_after_a_change_is_named() -> None:
    with lab(BEFORE, "labs-late") as client:
        bad = BEFORE + "  late: {image: host, command: [nosuchprogram]}\n"
        with pytest.raises(UserError, match="late did not start: nosuchprogram"):
            live.up(compose.load(bad, name="labs-late", text=True), detach=True)
        assert row(client, "late")["state"] == "failed"
        ok(client, "web", "ping", "-c", "1", "-W", "2", "db")


@in_world()
def test_logs_follow_tail_and_since() -> None:
    text = """
services:
  web: {image: host, stdin_open: true, command: [sh, -c, "for i in 1 2 3 4 5; do echo line $$i; done; read x; echo $$x"]}
"""
    with lab(text, "labs-logs") as client:
        wait_for(lambda: len(list(client.logs("web"))) == 5, "five lines")
        rows = list(client.logs("web"))
        assert [one["text"] for one in client.logs(tail=2)] == ["line 4", "line 5"]
        assert list(client.logs(since=rows[-1]["time"])) == []
        follow: Iterator[object] = client.logs("web", follow=True, tail=1)
        assert next(follow)["text"] == "line 5"  # type: ignore[index]
        assert [row["stream"] for row in rows] == ["stdout"] * 5
