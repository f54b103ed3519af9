"""The query log (issue: "A query log that answers why NXDOMAIN"): our own path of the API, and `dataplane dns` over it."""

import json

import pytest
from click.testing import CliRunner

from dataplane.cli.root import root
from dataplane.client import Daemon, Refusal
from tests.dataplane.api.serving import served


@pytest.fixture
def daemon(tmp_path, monkeypatch):
    path = tmp_path / "s"
    monkeypatch.setenv("DATAPLANE_HOST", f"unix://{path}")
    with served(path):
        daemon = Daemon(str(path))
        for name in ("asker", "silent"):
            daemon.ask("POST", "/containers/create", query={"name": name}, body={"Image": "host", "Cmd": ["sleep", "1"]})
        yield daemon


def test_of_one_container_and_of_all(daemon):
    """By name or id; the last ones; 404 for a container that there is not."""
    rows = daemon.ask("GET", "/dataplane/dns", query={"container": "asker"})
    assert rows[0] == {
        "Time": "2023-11-14T22:13:20.5Z", "Container": "asker", "ID": rows[0]["ID"], "Name": "name0", "Type": "A",
        "Transport": "udp", "Rcode": "NOERROR", "Answers": 1, "Why": "172.18.0.0 on mine",
    }  # fmt: skip
    assert [row["Name"] for row in daemon.ask("GET", "/v1.43/dataplane/dns")] == ["name0", "name1", "name2"]
    assert [row["Name"] for row in daemon.ask("GET", "/dataplane/dns", query={"tail": 1})] == ["name2"]
    assert daemon.ask("GET", "/dataplane/dns", query={"container": rows[0]["ID"][:12], "tail": 0}) == []
    assert daemon.ask("GET", "/dataplane/dns", query={"container": "silent"}) == []
    with pytest.raises(Refusal, match="No such container: nobody") as caught:
        daemon.ask("GET", "/dataplane/dns", query={"container": "nobody"})
    assert caught.value.http == 404


@pytest.mark.parametrize("tail", ["-1", "x", "9999999999"])
def test_hostile_numbers(daemon, tail):
    with pytest.raises(Refusal, match=r"strconv\.Atoi"):
        daemon.ask("GET", "/dataplane/dns", query={"tail": tail})


def test_the_command_line(daemon):
    done = CliRunner().invoke(root, ["dns", "asker"])
    assert done.exit_code == 0
    assert done.output.splitlines()[:2] == [
        "TIME           CONTAINER   NAME      TYPE      RESULT    WHY",
        "22:13:20.5     asker       name0     A         NOERROR   172.18.0.0 on mine",
    ]
    done = CliRunner().invoke(root, ["dns", "--tail", "1", "--format", "{{.Name}} {{.Why}}"])
    assert done.output == "name2 172.18.0.2 on mine\n"
    assert json.loads(CliRunner().invoke(root, ["dns", "-n", "1", "--format", "json"]).output)["Rcode"] == "NOERROR"
