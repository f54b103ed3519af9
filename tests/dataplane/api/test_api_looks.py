"""A daemon's tables: the paths that a lab's control socket has, below /dataplane, and the verbs that show them."""

import json

import pytest

from dataplane.cli.run import run
from dataplane.client import Daemon, Refusal
from dataplane.client.tables import DaemonTables
from dataplane.looking.tables import TABLES
from tests.dataplane.api.serving import served

BROADCAST = bytes.fromhex("ffffffffffff 02420a500002 88b5") + bytes(46)
RUNT = b"\1" * 10


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """Two containers on `shop`, one of them with a published port."""
    path = tmp_path / "s"
    monkeypatch.setenv("DATAPLANE_HOST", f"unix://{path}")
    with served(path) as fake:
        daemon = Daemon(str(path))
        ipam = {"Config": [{"Subnet": "10.80.0.0/24"}]}
        daemon.ask("POST", "/networks/create", body={"Name": "shop", "IPAM": ipam})
        for name, ports in (("web", {"80/tcp": [{"HostPort": "8080"}]}), ("db", {})):
            host = {"NetworkMode": "shop", "PortBindings": ports}
            body = {"Image": "host", "Cmd": ["sleep", "100"], "HostConfig": host}
            daemon.ask("POST", "/containers/create", query={"name": name}, body=body)
            daemon.ask("POST", f"/containers/{name}/start")
        yield fake


@pytest.fixture
def say(fake, capfd):
    """The status and what is said by ``dataplane WORDS``."""

    def call(*words):
        capfd.readouterr()
        status = run(words)
        said = capfd.readouterr()
        return status, said.out, said.err

    return call


def test_every_table_of_a_lab_is_one_of_the_daemons(fake):
    """None of the paths is 501; each answers with its rows, and what is not chosen well is 400."""
    tables = DaemonTables()
    assert [row["port"] for row in tables.stats(interval=0)] == ["web.shop", "db.shop"]
    assert tables.drops() == tables.neighbors() == []
    assert {row["node"] for row in tables.counters()} >= {"bridge shop", "router", "web.shop"}
    assert {row["destination"] for row in tables.routes()} >= {"10.80.0.0/24"}
    assert {row["network"] for row in tables.rules("shop")} == {"shop"}
    assert tables.flows()["count"] == tables.forget_flows() == 0
    assert tables.nat() == {"translations": [], "more": 0}
    assert [(row["instance"], row["endpoint"], row["host"]) for row in tables.published()] == [("web", "web.shop", "8080")]
    assert tables.vteps()["warnings"] == ["the underlay is too narrow"]
    assert tables.fdb("shop") == []
    assert tables.graph("mermaid").startswith("graph LR\n")
    assert len(TABLES) == 13
    for path in ("stats?interval=x", "graph?format=png", "flows?limit=-1", "nat?kind=both", "networks/shop/fdb?watch=2"):
        with pytest.raises(Refusal) as caught:
            Daemon.at().ask("GET", f"/v1.43/dataplane/{path}")
        assert caught.value.http == 400


def test_names_are_those_of_containers_and_networks(fake, say):
    """A port keeps its name when its container gets another: people are told the new one."""
    fake.core.send("web.shop", BROADCAST, 1.0)
    fake.core.send("web.shop", RUNT, 2.0)
    Daemon.at().ask("POST", "/containers/web/rename", query={"name": "front"})
    assert json.loads(say("fdb", "--json", "shop")[1])[0]["port"] == "front.shop"
    assert say("fdb", "shop")[1].splitlines()[1].split()[:2] == ["02:42:0a:50:00:02", "front.shop"]
    assert {row["where"] for row in json.loads(say("drops", "--json")[1])} == {"front.shop"}
    assert "front.shop" in say("drops")[1]
    assert "├── front.shop  eth0  10.80.0.2/24" in say("graph")[1]
    assert [row["port"] for row in DaemonTables().stats(interval=0)] == ["front.shop", "db.shop"]


def test_a_name_that_is_free_again_is_not_given_twice(fake, say):
    """`web` goes by another name, and a new container is called `web`: two ports are two names."""
    daemon = Daemon.at()
    daemon.ask("POST", "/containers/web/rename", query={"name": "old"})
    body = {"Image": "host", "Cmd": ["sleep", "100"], "HostConfig": {"NetworkMode": "shop"}}
    daemon.ask("POST", "/containers/create", query={"name": "web"}, body=body)
    daemon.ask("POST", "/containers/web/start")
    names = [row["port"] for row in DaemonTables().stats(interval=0)]
    assert len(set(names)) == 3
    assert {"old.shop", "db.shop"} < set(names)
    assert say("graph")[0] == 0


def test_a_network_is_meant_by_its_name_or_id(fake, say):
    ident = next(one.id for one in fake.state.networks.values() if one.name == "shop")
    assert say("rules", ident[:12]) == say("rules", "shop")
    assert "tcp any address port 8080: to 10.80.0.2:80" in say("rules", "shop")[1]
    mend = "  mend:  did you mean shop? its networks: bridge, shop\n"
    assert say("fdb", "shpo") == (1, "", f"dataplane: the daemon has no network shpo\n{mend}")
    assert say("vtep", "shop") == (1, "", "dataplane: shop is no overlay\n  mend:  overlays here: none\n")
    assert say("rules", "host")[2].startswith("dataplane: the daemon has no network host\n")


@pytest.mark.parametrize("verb", ["drops", "fdb shop", "rules", "nat", "conntrack", "routes", "neighbors", "vtep", "graph"])
def test_the_word_means_the_daemon_wherever_it_stands(say, verb):
    assert say(*verb.split(), "--daemon") == say(*verb.split())
    status, _, told = say(*verb.split(), "--daemon", "--lab", "shop")
    assert (status, told.splitlines()[0]) == (2, "dataplane: both a lab and the daemon are meant")


def test_a_file_is_still_drawn_where_it_is_named(say, tmp_path):
    file = tmp_path / "compose.yaml"
    file.write_text("services: {one: {image: host}}\n")
    assert "bridge default" in say("graph", str(file))[1]
    assert say("graph", "--daemon", str(file))[2].startswith("dataplane: both a file and the daemon are given\n")


@pytest.mark.parametrize("verb", ["drops", "fdb shop", "rules", "nat", "conntrack", "routes", "neighbors", "vtep", "graph"])
def test_nobody_there_is_said_with_what_to_do(monkeypatch, capfd, tmp_path, verb):
    monkeypatch.setenv("DATAPLANE_HOST", f"unix://{tmp_path}/none")
    assert run(verb.split()) == 1
    said = capfd.readouterr().err
    assert said.startswith(f"dataplane: the daemon does not answer at unix://{tmp_path}/none: no such file or directory\n")
    assert "start it: dataplane daemon" in said


def test_a_long_name_is_whole_and_one_to_choose_by(fake, say):
    """Docker sets no limit to the names of networks."""
    name = "n" * 200
    Daemon.at().ask("POST", "/networks/create", body={"Name": name, "IPAM": {"Config": [{"Subnet": "10.81.0.0/24"}]}})
    assert {row["network"] for row in DaemonTables().rules(name)} == {name}
    assert name in [row["interface"] for row in DaemonTables().routes()]


@pytest.mark.parametrize(
    ("words", "mend"),
    [
        (("inspect", "wbe"), "did you mean web?"),
        (("port", "wbe"), "did you mean web?"),
        (("capture", "wbe"), "did you mean web?"),
        (("network", "inspect", "shpo"), "did you mean shop?"),
        (("network", "lss"), "did you mean ls?"),
        (("ps", "--json"), "write --format json"),
        (("stats", "--json"), "write --format json"),
    ],
    ids=str,
)
def test_what_is_nearly_right_is_answered_with_what_is(fake, say, words, mend):
    status, _, told = say(*words)
    assert status != 0
    assert f"\n  mend:  {mend}\n" in told


def test_what_is_like_nothing_is_told_in_dockers_words_alone(fake, say):
    assert say("port", "nosuch")[2] == "Error response from daemon: No such container: nosuch\n"
    assert say("network", "inspect", "zzz")[2] == "Error response from daemon: network zzz not found\n"


def test_links_are_rows_for_programs_too(fake, say):
    Daemon.at().ask("POST", "/containers/web/rename", query={"name": "front"})
    rows = json.loads(say("network", "links", "--json")[1])
    assert {row["Network"]: row["Ports"] for row in rows} == {"bridge": [], "shop": ["front.shop", "db.shop"]}


def test_ports_are_counted_one_by_one(fake, say):
    """`stats --ports`: as a lab's `stats`; of those that are named."""
    fake.core.send("web.shop", BROADCAST, 1.0)
    head, web, db = say("stats", "--ports", "--no-stream")[1].splitlines()
    assert head.split()[:2] == ["PORT", "SENT"]
    assert (web.split()[:2], db.split()[:2]) == (["web.shop", "1"], ["db.shop", "0"])
    assert [row["port"] for row in json.loads(say("stats", "--ports", "--no-stream", "--json", "db")[1])] == ["db.shop"]


def test_names_are_completed(fake):
    """Networks of the daemon, overlays for vtep, containers that run for capture."""
    from click.testing import CliRunner

    from dataplane.cli.root import root

    for words, names in (("fdb ", {"bridge", "shop"}), ("vtep ", set()), ("capture ", {"web", "db"})):
        env = {"_DATAPLANE_COMPLETE": "bash_complete", "COMP_WORDS": f"dataplane {words}", "COMP_CWORD": "2"}
        said = CliRunner().invoke(root, env=env, prog_name="dataplane", complete_var="_DATAPLANE_COMPLETE").output
        assert {line.partition(",")[2] for line in said.splitlines() if line} == names, words


@pytest.mark.parametrize("watch", ["fdb --watch shpo", "fdb --watch host"])
def test_a_wrong_network_is_told_before_anything_is_watched(say, watch):
    assert say(*watch.split())[2].startswith("dataplane: the daemon has no network ")


def test_a_lab_has_no_name_servers(monkeypatch, tmp_path, capfd):
    """`dns` where a lab runs and no daemon says where its names are."""
    from dataplane.cli import whose
    from dataplane.live import lookup

    monkeypatch.delenv("DATAPLANE_HOST", raising=False)
    monkeypatch.setattr("dataplane.client.address.default_socket", lambda: str(tmp_path / "none"))
    monkeypatch.setattr(whose, "default_socket", lambda: str(tmp_path / "none"))
    monkeypatch.setattr(lookup, "labs", lambda: [lookup.LabInfo("a", tmp_path, 1)])
    assert run(["dns"]) == 1
    assert "a lab has no name servers" in capfd.readouterr().err
