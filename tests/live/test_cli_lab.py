"""The verbs on a lab that runs: real namespaces, real TAPs, our own process for each command."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: /dev/net/tun may be closed to others"),
    pytest.mark.skipif(not Path("/dev/net/tun").exists(), reason="this machine has no /dev/net/tun"),
]

ROOT = Path(__file__).resolve().parents[2]
LAB = f"cli{os.getpid()}"
FILE = f"""
name: {LAB}
services:
  web:
    image: host
    command: sh -c 'echo hello; echo trouble >&2; exec sleep 1000'
    stop_grace_period: 1s
    networks:
      front: {{ipv4_address: 10.77.0.10}}
  client:
    image: host
    networks: [front, back]
  alone: {{image: host, network_mode: none}}
networks:
  front: {{ipam: {{config: [{{subnet: 10.77.0.0/24}}]}}}}
  back: {{ipam: {{config: [{{subnet: 10.78.0.0/24}}]}}}}
"""


def dataplane(*words, cwd=ROOT, **more):
    env = {**os.environ, "PYTHONPATH": str(ROOT), "DATAPLANE_DEBUG": "1"}
    command = [sys.executable, "-m", "dataplane", *words]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=60, check=False, **more)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder whose lab is up."""
    place = tmp_path_factory.mktemp("lab")
    (place / "compose.yaml").write_text(FILE, encoding="utf-8")
    begun = dataplane("up", "-d", cwd=place)
    assert (begun.returncode, begun.stderr) == (0, "")
    up = rf"Lab {LAB} is up after [\d.]+ s: 3 services, 2 networks\. `dataplane down --lab {LAB}` ends it\.\n"
    # What changed on the host comes first: a line each, and the command below it.
    assert re.fullmatch(rf"(· .*\n    .*\n)*{up}", begun.stdout)
    yield place
    dataplane("down", "--lab", LAB)


def test_ps_lists_each_interface(folder):
    said = dataplane("ps", "--lab", LAB).stdout.splitlines()
    assert said[0].startswith(f"Lab {LAB}, up ")
    assert said[1].split() == ["SERVICE", "STATE", "NETWORK", "INTERFACE", "ADDRESS", "COMMAND"]
    assert [line.split()[0] for line in said[2:]] == ["web", "client", "back", "alone"]
    assert "10.77.0.10" in said[2]


def test_ps_json_has_a_stable_shape(folder):
    (lab,) = json.loads(dataplane("ps", "--json", "--lab", LAB).stdout)
    assert list(lab) == ["lab", "source", "pid", "started", "seed", "engine", "services"]
    assert (lab["lab"], lab["engine"], lab["source"]) == (LAB, "running", str(folder / "compose.yaml"))
    keys = {"name", "service", "state", "idle", "health", "exit", "pid", "started", "finished", "restarts", "why", "command"}
    assert all(keys < set(service) for service in lab["services"])
    web = lab["services"][0]
    assert set(web["endpoints"][0]) == {"port", "interface", "network", "mac", "ipv4", "ipv6", "state"}
    assert web["endpoints"][0]["port"] == "web.front"


def test_exec_runs_inside_and_has_the_status_of_its_command(folder):
    inside = dataplane("exec", "client", "--", "ip", "-4", "-brief", "address", cwd=folder)
    assert "10.78.0." in inside.stdout
    assert dataplane("exec", "--lab", LAB, "client", "sh", "-c", "exit 7").returncode == 7
    assert dataplane("exec", "--lab", LAB, "client", "sh", "-c", "kill -9 $$").returncode == 137


def test_exec_passes_input_variables_and_folder(folder):
    words = ["exec", "-e", "GREETING=hi", "-w", "/usr", "--lab", LAB, "client", "sh", "-c", "read line; echo $GREETING $line; pwd"]
    assert dataplane(*words, input="there\n").stdout == "hi there\n/usr\n"


def test_exec_keeps_the_two_outputs_apart(folder):
    said = dataplane("exec", "--lab", LAB, "client", "sh", "-c", "echo out; echo err >&2")
    assert (said.stdout, said.stderr) == ("out\n", "err\n")


@pytest.mark.parametrize(
    "words, status",
    [(["client", "no-such-program"], 127), (["client", "/etc/passwd"], 126), (["nobody", "true"], 125)],
)
def test_exec_that_cannot_run_has_the_statuses_of_docker(folder, words, status):
    said = dataplane("exec", "--lab", LAB, *words)
    assert said.returncode == status
    assert said.stderr.startswith("dataplane: ")
    assert "  mend:  " in said.stderr


def test_ping_teaches_the_bridge_and_the_tables_show_it(folder):
    assert dataplane("exec", "--lab", LAB, "client", "ping", "-c", "2", "-i", "0.1", "10.77.0.10").returncode == 0
    table = dataplane("fdb", "--lab", LAB, "front").stdout.splitlines()
    assert table[0].split() == ["STATION", "PORT", "AGE", "KIND"]
    rows = json.loads(dataplane("fdb", "--json", "--lab", LAB, "front").stdout)
    assert {row["port"] for row in rows} == {"web.front", "client.front"}
    assert set(rows[0]) == {"mac", "port", "age", "static"}

    counted = {row["port"]: row for row in json.loads(dataplane("stats", "--json", "--lab", LAB).stdout)}
    assert counted["client.front"]["sent_frames"] >= 2
    assert counted["web.front"]["received_frames"] >= 2
    shape = ["sent_frames", "sent_octets", "received_frames", "received_octets"]
    assert list(counted["web.front"]) == ["port", *shape, *(f"{key}_rate" for key in shape), "dropped", "kernel_queue"]
    assert "client.front" in dataplane("stats", "--lab", LAB).stdout


def test_an_unknown_network_is_explained(folder):
    said = dataplane("fdb", "--lab", LAB, "frnt")
    assert said.stderr == f"dataplane: lab {LAB} has no network frnt\n  mend:  did you mean front? its networks: front, back\n"
    assert said.returncode == 1


def test_a_capture_of_a_service(folder):
    """As of a daemon's container (test_daemon_inside): pcapng, here of `lo`, where nobody else speaks."""
    ping = ["ping", "-c", "20", "-i", "0.2", "127.0.0.1"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-m", "dataplane", "exec", "--lab", LAB, "alone", *ping]
    with subprocess.Popen(words, env=env, stdout=subprocess.DEVNULL) as pinging:
        said = subprocess.run(
            [sys.executable, "-m", "dataplane", "capture", "--lab", LAB, "alone", "lo", "-c", "2"],
            env=env, capture_output=True, timeout=60, check=False,
        )  # fmt: skip
        pinging.kill()
    assert (said.returncode, said.stderr) == (0, b"2 frames captured on lo, 0 lost\n")
    assert said.stdout.startswith(b"\x0a\x0d\x0d\x0a")
    assert said.stdout.count(bytes.fromhex("7f0000017f000001")) == 2
    wrong = dataplane("capture", "--lab", LAB, "alnoe")
    assert wrong.stderr == f'dataplane: lab {LAB} has no service alnoe\n  mend:  did you mean "alone"?\n'


def test_a_dropped_frame_has_a_reason_and_a_sentence(folder):
    """A frame to a link-local group (01:80:C2:00:00:00) is filtered by the bridge (BR-9)."""
    send = (
        "import socket; s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind(('eth0', 0)); "
        "s.send(bytes.fromhex('0180c2000000' '02424d4d4d4d' '88b5') + bytes(46))"
    )
    assert dataplane("exec", "--lab", LAB, "client", sys.executable, "-c", send).returncode == 0
    rows = json.loads(dataplane("drops", "--json", "--lab", LAB).stdout)
    assert rows
    assert set(rows[0]) == {"scope", "where", "reason", "frames", "sentence"}
    assert "client.front" in {row["where"] for row in rows}
    by_node, by_port = (sum(row["frames"] for row in rows if row["scope"] == scope) for scope in ("node", "port"))
    assert by_node == by_port
    for words, where, other in (((), "bridge front", "port"), (("--by", "port"), "client.front", "node")):
        table = dataplane("drops", *words, "--lab", LAB).stdout.splitlines()
        assert table[0].split("  ")[0] == "AT"
        assert any(line.startswith(where) and rows[0]["sentence"] in line for line in table)
        assert re.fullmatch(rf"{by_node} frames? in all, by .*; --by {other} has the same by {other}", table[-1])
    assert {row["scope"] for row in json.loads(dataplane("drops", "--json", "--by", "port", "--lab", LAB).stdout)} == {"port"}


def test_logs(folder):
    assert dataplane("logs", "--lab", LAB).stdout.splitlines() == ["web    | hello", "web    | trouble"]
    rows = [json.loads(line) for line in dataplane("logs", "--json", "--lab", LAB, "web").stdout.splitlines()]
    assert [(row["instance"], row["stream"], row["text"]) for row in rows] == [
        ("web", "stdout", "hello"),
        ("web", "stderr", "trouble"),
    ]
    assert dataplane("logs", "--tail", "1", "--lab", LAB).stdout.splitlines() == ["web    | trouble"]


def test_graph_of_a_running_lab_is_that_of_its_file(folder):
    assert dataplane("graph", "--lab", LAB).stdout == dataplane("graph", str(folder)).stdout


@pytest.mark.parametrize("words", [["stats", "--watch", "--interval", "0.1"], ["fdb", "front", "--watch"], ["logs", "-f"]], ids=str)
def test_what_goes_on_ends_quietly_at_ctrl_c(folder, words):
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-u", "-m", "dataplane", *words, "--lab", LAB]
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() != ""
    process.send_signal(signal.SIGINT)
    _rest, complaint = process.communicate(timeout=30)
    assert (process.returncode, complaint) == (130, "")


def test_names_complete(folder):
    def complete(words):
        ask = {"_DATAPLANE_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split(" ")) - 1)}
        env = {**os.environ, "PYTHONPATH": str(ROOT), **ask}
        said = subprocess.run(
            [sys.executable, "-m", "dataplane"], cwd=folder, env=env, capture_output=True, text=True, timeout=60, check=True
        )
        return [line.split(",", 1)[1] for line in said.stdout.splitlines()]

    assert complete("dataplane exec cl") == ["client"]
    assert complete("dataplane fdb ") == ["back", "front"]
    assert LAB in complete("dataplane ps --lab ")
    offered = complete("dataplane logs web ")
    assert {"alone", "client"} <= set(offered)
    assert "web" not in offered, "it is there already"


def test_a_changed_file_is_applied_and_the_difference_printed(folder):
    path = folder / "compose.yaml"
    before = path.read_text(encoding="utf-8")
    path.write_text(before.replace("  alone: {", "  more: {image: host, networks: [back]}\n  alone: {"), encoding="utf-8")
    said = dataplane("up", "-d", cwd=folder)
    assert said.returncode == 0
    assert "+ service more" in said.stdout
    assert dataplane("exec", "--lab", LAB, "more", "true").returncode == 0
    path.write_text(before, encoding="utf-8")
    said = dataplane("up", "-d", cwd=folder)
    assert "- service more" in said.stdout


def test_up_tells_programs_what_it_does(tmp_path):
    name = f"{LAB}j"
    (tmp_path / "compose.yaml").write_text("services: {web: {image: host, networks: [a]}}\nnetworks: {a: {}}\n", encoding="utf-8")
    said = dataplane("up", "-d", "-v", "--json", "--lab", name, cwd=tmp_path)
    assert said.returncode == 0, said.stderr
    *steps, last = [json.loads(line) for line in said.stdout.splitlines()]
    assert last == {"ready": {"lab": name, "services": ["web"], "networks": ["a"]}}
    assert all(list(line) == ["step"] and set(line["step"]) == {"kind", "what", "by_hand"} for line in steps)
    assert f"ip netns add {name}-web" in {line["step"]["by_hand"] for line in steps}
    dataplane("down", "--lab", name)


def test_down_leaves_nothing_and_says_so(tmp_path):
    name = f"{LAB}d"
    (tmp_path / "compose.yaml").write_text("services: {web: {image: host, networks: [a]}}\nnetworks: {a: {}}\n", encoding="utf-8")
    up = dataplane("up", "-d", "-v", "--lab", name, "--seed", "7", cwd=tmp_path)
    assert up.returncode == 0, up.stderr
    assert f"    ip netns add {name}-web" in up.stdout.splitlines()
    assert json.loads(dataplane("ps", "--json", "--lab", name).stdout)[0]["seed"] == 7
    assert Path(f"/run/netns/{name}-web").exists()
    said = dataplane("down", cwd=tmp_path)
    assert (said.stdout, said.returncode) == (f"Lab {name} is down: nothing of it is left.\n", 0)
    assert not Path(f"/run/netns/{name}-web").exists()
    again = dataplane("down", "--lab", name)
    assert again.returncode == 1
    assert again.stderr.startswith(f"dataplane: there is no lab {name}\n  mend:  ")


def test_a_lab_whose_process_was_killed_is_named_and_cleared(tmp_path):
    name = f"{LAB}k"
    (tmp_path / "compose.yaml").write_text("services: {web: {image: host, networks: [a]}}\nnetworks: {a: {}}\n", encoding="utf-8")
    assert dataplane("up", "-d", "--lab", name, cwd=tmp_path).returncode == 0
    os.kill(json.loads(dataplane("ps", "--json", "--lab", name).stdout)[0]["pid"], signal.SIGKILL)
    deadline = time.monotonic() + 30
    while "died" not in (said := dataplane("ps", "--lab", name).stdout):
        assert time.monotonic() < deadline, said
    assert said == f"Lab {name} died: `dataplane down --lab {name}` removes what is left of it.\n"
    assert dataplane("down", cwd=tmp_path).stdout == f"Lab {name} is down: nothing of it is left.\n"
    assert not Path(f"/run/netns/{name}-web").exists()


def test_a_foreground_lab_shows_its_logs_and_ends_at_ctrl_c(tmp_path):
    name = f"{LAB}f"
    text = "services: {web: {image: host, network_mode: none, stop_grace_period: 1s, command: \"sh -c 'echo begun; sleep 100'\"}}\n"
    (tmp_path / "compose.yaml").write_text(text, encoding="utf-8")
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-u", "-m", "dataplane", "up", "--lab", name]
    process = subprocess.Popen(command, cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "web | begun\n"
    assert process.stderr.readline().endswith("Ctrl-C ends it.\n")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert not Path(f"/run/dataplane/{name}").exists()


def on_a_terminal(words, size=(33, 101)):
    """Run `dataplane WORDS` on a pseudo-terminal; its exit status and what the terminal showed."""
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, size)
    env = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    command = [sys.executable, "-m", "dataplane", *words]
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    shown = b""
    while True:
        try:
            shown += os.read(master, 4096)
        except OSError:
            break
    os.close(master)
    return process.wait(30), shown.decode().replace("\r\n", "\n")


def test_exec_on_a_terminal_has_one_of_its_own_of_the_same_size(folder):
    status, shown = on_a_terminal(["exec", "--lab", LAB, "client", "sh", "-c", "tty; stty size; exit 9"])
    assert status == 9
    assert shown.splitlines()[0].startswith("/dev/pts/")
    assert shown.splitlines()[1] == "33 101"


def test_exec_without_tty_has_none_even_on_a_terminal(folder):
    status, shown = on_a_terminal(["exec", "-T", "--lab", LAB, "client", "sh", "-c", "test -t 1 || echo none"])
    assert (status, shown) == (0, "none\n")


def test_tables_fit_the_terminal(folder):
    for verb in (["ps"], ["stats"], ["fdb", "front"], ["drops"]):
        status, shown = on_a_terminal([*verb, "--lab", LAB], size=(50, 60))
        assert status == 0
        plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
        assert all(len(line) <= 60 for line in plain.splitlines() if not line.startswith("Lab ")), plain
