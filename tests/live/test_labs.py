"""Labs from up to down, as root and as an ordinary user: what the Foundation issue promises of `up` and `down`."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile

import pytest
from labs import as_root_and_user, assert_gone, foreground, in_world, lab, ok, row, run, up, wait_for

from dataplane import compose, live
from dataplane.errors import UserError
from dataplane.live.lookup import info
from dataplane.proc.registry import base_folder, holder, lab_folder

pytestmark = [pytest.mark.live, pytest.mark.skipif(os.geteuid() != 0, reason="private mount namespaces need root")]

both = pytest.mark.parametrize("user", [False, True], ids=["root", "user"])

TWO = """
services:
  web: {image: host, command: [sh, -c, "echo hello; exec sleep 1000"]}
  db: {image: host}
"""


@both
@as_root_and_user
def test_up_ps_exec_logs_stats_fdb_down() -> None:
    with lab(TWO, "labs-first") as client:
        web = row(client, "web")
        assert (web["state"], web["idle"], web["restarts"]) == ("running", False, 0)
        assert row(client, "db")["idle"] is True
        ok(client, "web", "ping", "-c", "2", "-i", "0.1", "-W", "2", "db")
        wait_for(lambda: [line["text"] for line in client.logs("web")] == ["hello"], "the log")
        assert {entry["port"] for entry in client.fdb("default")} == {"web.default", "db.default"}
        stats = {one["port"]: one for one in client.stats(interval=0)}
        assert stats["web.default"]["sent_frames"] >= 3
        assert stats["web.default"]["kernel_queue"] == 0
        assert stats["web.default"]["sent_frames_rate"] is None
        assert client.drops() == []
        assert "web.default" in client.graph()
        assert client.graph("dot").startswith(("graph", "digraph", "strict"))
        assert sum(node["in"] for node in client.counters()) > 0
        assert [event["what"] for event in client.events()][:2] == ["start", "start"]
        assert client.lab()["engine"] == "running"


@both
@as_root_and_user
def test_exec_gives_streams_and_exit_status_as_docker_does() -> None:
    with lab(TWO, "labs-exec") as client:
        assert run(client, "web", "sh", "-c", "echo out; echo err >&2; exit 7") == (7, "out\nerr\n")
        assert run(client, "db", "sh", "-c", "kill -9 $$") == (137, "")
        assert ok(client, "db", "hostname") == "db\n"
        assert ok(client, "db", "cat", "/sys/class/net/eth0/address") == "02:42:ac:11:00:03\n"
        assert client.exec("db", ["sh", "-c", "test -t 0"], tty=True, stdin=None) == 0
        for command, status in ((["no-such-program"], 127), (["/etc/hosts"], 126)):
            with pytest.raises(UserError) as error:
                client.exec("db", command, stdin=None)
            assert error.value.status == status
        with pytest.raises(UserError, match="has no service wab"):
            client.exec("wab", ["true"])


@in_world()
def test_stdin_reaches_the_command_until_its_end() -> None:
    with lab(TWO, "labs-stdin") as client, TemporaryFile() as file, TemporaryFile() as out:
        file.write(os.urandom(300_000))
        file.seek(0)
        assert client.exec("db", ["cat"], stdin=file.fileno(), stdout=out.fileno()) == 0
        file.seek(0)
        out.seek(0)
        assert file.read() == out.read()


@both
@as_root_and_user
def test_a_signal_ends_a_foreground_lab_and_leaves_nothing() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        name = f"labs-sig{number.value}"
        with foreground(TWO, name) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "web hello\n"
            process.send_signal(number)
            assert process.wait(60) == 0
        assert_gone(name)


@in_world()
def test_a_second_signal_does_not_wait_for_stubborn_services() -> None:
    script = '[sh, -c, "trap \\"echo asked\\" TERM; echo here; while :; do sleep 1; done"]'
    text = f"services: {{web: {{image: host, command: {script}, stop_grace_period: 10m}}}}"
    with foreground(text, "labs-hurry") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "web here\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "web asked\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0, "it does not wait for the grace period"
    assert_gone("labs-hurry")


@in_world()
def test_a_foreground_lab_ends_with_its_last_service_and_all_its_lines_are_seen() -> None:
    with foreground('services: {web: {image: host, command: [sh, -c, "seq 3000"]}}', "labs-ends") as process:
        out, _err = process.communicate(timeout=60)
        assert process.returncode == 0
    assert out.splitlines() == [f"web {n}" for n in range(1, 3001)]
    assert_gone("labs-ends")


@in_world()
def test_a_foreground_up_that_is_killed_takes_its_lab_along() -> None:
    with foreground(TWO, "labs-leash") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "web hello\n"
        process.kill()
    wait_for(lambda: info("labs-leash") is None, "the lab has ended")
    assert_gone("labs-leash")


@both
@as_root_and_user
def test_down_after_kill_9_leaves_nothing_and_up_starts_anew() -> None:
    client = up(TWO, "labs-killed")
    known = holder(lab_folder("labs-killed"))
    assert known is not None
    os.kill(known[0], signal.SIGKILL)
    wait_for(lambda: holder(lab_folder("labs-killed")) is None, "the lab process has died")
    with pytest.raises(UserError, match="no lab labs-killed runs"):
        live.find(lab="labs-killed")
    assert [lab.running for lab in live.labs()] == [False]
    # `up` on what a killed lab left starts anew.
    client = up(TWO, "labs-killed")
    ok(client, "db", "ping", "-c", "1", "-W", "2", "web")
    known = holder(lab_folder("labs-killed"))
    assert known is not None
    os.kill(known[0], signal.SIGKILL)
    assert live.down("labs-killed")
    assert_gone("labs-killed")
    assert not live.down("labs-killed")


@in_world()
def test_a_signal_to_the_lab_process_itself_ends_it_in_order() -> None:
    up(TWO, "labs-term")
    known = holder(lab_folder("labs-term"))
    assert known is not None
    os.kill(known[0], signal.SIGTERM)
    wait_for(lambda: info("labs-term") is None, "the lab has ended")
    assert_gone("labs-term")


@both
@as_root_and_user
def test_two_labs_and_one_file_under_two_names_do_not_see_each_other() -> None:
    with lab(TWO, "labs-one") as one, lab(TWO, "labs-two") as two:
        # The host reaches root's labs by route, so that their subnets differ; a user's have the same, and are apart all the same.
        equal = row(one, "db")["endpoints"] == row(two, "db")["endpoints"]
        assert equal == (os.geteuid() != 0)

        # Each interface announced itself when it came up, and says no more.
        def sent() -> dict[str, int]:
            return {stat["port"]: stat["sent_frames"] for stat in two.stats(interval=0) if stat["port"] != "uplink"}

        announced = sent()
        assert announced == {"web.default": 1, "db.default": 1}
        ok(one, "web", "ping", "-c", "1", "-W", "2", "db")
        assert sent() == announced
        assert {row["port"] for row in two.fdb("default")} >= announced.keys()
        with pytest.raises(UserError, match="several labs are meant: labs-one, labs-two"):
            live.find("db")
        assert live.find("db", lab="labs-two").name == "labs-two"
        assert live.find(lab="labs-one").name == "labs-one"


@in_world()
def test_up_again_refuses_a_lab_of_another_file() -> None:
    with TemporaryDirectory() as folder:
        one, two = Path(folder, "one.yaml"), Path(folder, "two.yaml")
        one.write_text("name: labs-same\nservices: {a: {image: host}}")
        two.write_text("name: labs-same\nservices: {b: {image: host}}")
        assert live.up(compose.load(one), detach=True) == 0
        with pytest.raises(UserError, match="made of another file"):
            live.up(compose.load(two), detach=True)
        assert live.find(file=str(one)).name == "labs-same"
        assert live.down("labs-same")


@in_world()
def test_a_lab_that_cannot_be_made_says_why_and_leaves_nothing() -> None:
    before = set(Path("/run").rglob("*"))
    with pytest.raises(UserError, match="cannot be opened"):
        up("services: {web: {image: host, network_mode: 'netns:/run/netns/nowhere'}, db: {image: host}}", "labs-bad")
    assert set(Path("/run").rglob("*")) == before
    assert_gone("labs-bad")
    assert not base_folder().exists()
