"""The verbs about a lab's gateway, without a lab: cells of their tables, and words that are wrong."""

import pytest

from dataplane.cli import conntrack, port

FLOW = {
    "protocol": "tcp", "state": "established", "source": "10.0.0.2", "source_port": 4000, "target": "192.0.2.1", "target_port": 80,
    "reply_source": "192.0.2.1", "reply_source_port": 80, "reply_target": "203.0.113.2", "reply_target_port": 4000,
    "idle": 0.25, "expires": 7439.75, "assured": True,
}  # fmt: skip
PUBLISHED = {
    "instance": "web", "endpoint": "web.front", "protocol": "tcp", "host_ip": None, "host": "8000-8009", "container": "80-89",
    "addresses": ["10.0.0.2", "fd00::2"], "opened": ["fd00::2"],
}  # fmt: skip


def test_a_flow_is_two_tuples():
    assert conntrack.cells(FLOW) == (
        "tcp",
        "established",
        "10.0.0.2:4000",
        "192.0.2.1:80",
        "192.0.2.1:80",
        "203.0.113.2:4000",
        "0.2 s",
        "2 h",
    )
    assert conntrack.cells({**FLOW, "source": "fd00::2"})[2] == "[fd00::2]:4000"


def test_a_published_port_has_a_line_for_each_address():
    assert list(port.lines([PUBLISHED])) == [
        ("web", "80-89/tcp", "0.0.0.0:8000-8009", "10.0.0.2:80-89"),
        ("web", "80-89/tcp", "[::]:8000-8009", "[fd00::2]:80-89"),
        ("web", "80-89/tcp", None, "[fd00::2]:80-89"),
    ]
    bound = {**PUBLISHED, "host_ip": "127.0.0.1", "host": "8080", "container": "80", "addresses": ["10.0.0.2"], "opened": []}
    assert list(port.lines([bound])) == [("web", "80/tcp", "127.0.0.1:8080", "10.0.0.2:80")]


@pytest.mark.parametrize(
    "words, what",
    [
        (["--delete"], "--delete needs to know which flows"),
        (["--delete", "--all", "-p", "udp"], "--delete --all means every flow"),
        (["--delete", "-p", "udp", "--count"], "--count and --delete are two things"),
        (["--all"], "--all means nothing without --delete"),
    ],
    ids=str,
)
def test_what_is_to_be_forgotten_is_said_once(inside, words, what):
    said = inside("conntrack", *words)
    assert said.returncode == 2
    assert said.stderr.startswith(f"dataplane: {what}\n  mend: ")


@pytest.mark.parametrize("verb", ["conntrack", "nat", "neighbors", "port", "routes", "rules"])
def test_a_lab_that_does_not_run_is_said_to(dataplane, verb):
    said = dataplane(verb, "--lab", "nowhere-at-all")
    assert (said.stdout, said.returncode) == ("", 1)
    assert said.stderr.startswith("dataplane: no lab nowhere-at-all runs\n  mend:  ")
