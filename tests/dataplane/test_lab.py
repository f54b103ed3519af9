"""The contract "The engine from Python": load, inject, tick, and the tables."""

from pathlib import Path

import numpy as np
import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import ARP, Ether
from topologies import attach, network, service, topology

from dataplane import Lab
from dataplane.errors import UserError

FILE = """
name: shop
services:
  web: {image: host, networks: [front]}
  db: {image: host, networks: [front, back]}
  job: {image: host, networks: [back], scale: 2}
  idle: {image: host, network_mode: none}
networks:
  front: {ipam: {config: [{subnet: 10.1.0.0/24}]}}
  back: {ipam: {config: [{subnet: 10.2.0.0/24}]}}
"""
EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def lab():
    return Lab.load(FILE)


def mac(lab: Lab, port: str) -> str:
    return next(e.mac for e in lab.plan.endpoints() if e.port == port)


def test_a_question_is_flooded_and_its_answer_is_not(lab):
    question = Ether(src=mac(lab, "web.front"), dst="ff:ff:ff:ff:ff:ff") / ARP(psrc="10.1.0.2", pdst="10.1.0.3")
    assert lab.inject("web", question, now=1.0) == [("db.front", bytes(question))]
    answer = Ether(src=mac(lab, "db.front"), dst=mac(lab, "web.front")) / ARP(op="is-at")
    assert lab.inject("db.front", answer, now=1.5) == [("web.front", bytes(answer))]


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_frames_are_octets_of_any_make(lab, kind):
    octets = bytes(Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / IP() / UDP())
    assert lab.inject("web.front", kind(octets), now_ns=1) == [("db.front", octets)]
    assert lab.inject("web.front", memoryview(octets * 2)[::2], now_ns=2) != []


@pytest.mark.parametrize("frame", ["text", 5, None])
def test_what_is_no_frame_is_refused(lab, frame):
    with pytest.raises(AttributeError, match="__bytes__"):
        lab.inject("web.front", frame, now=1)


def test_a_lab_comes_from_a_path_a_dict_a_text_or_a_topology(tmp_path):
    (tmp_path / "lab.yaml").write_text(FILE)
    sources = [
        tmp_path / "lab.yaml",
        str(tmp_path / "lab.yaml"),
        FILE,
        {"services": {"web": {"image": "host", "networks": ["n"]}}, "networks": {"n": None}},
    ]
    assert [Lab.load(source).ports[0] for source in sources] == ["web.front"] * 3 + ["web.n"]
    assert Lab.load(topology([network("n")], [service("a", "n")])).ports == ("a.n",)


def test_every_example_loads():
    files = sorted(EXAMPLES.glob("*.yaml"))
    assert files
    for file in files:
        assert Lab.load(file).tick(now=0) == []


def test_time_is_given_once_and_never_goes_back(lab):
    lab.tick(now=2.5)
    assert lab.now_ns == 2_500_000_000
    for wrong in ({"now": 2.4}, {"now_ns": 2_499_999_999}, {"now": -1}):
        with pytest.raises(ValueError, match="time goes back"):
            lab.tick(**wrong)
        with pytest.raises(ValueError, match="time goes back"):
            lab.inject("web", b"", **wrong)
    for wrong in ({}, {"now": 3, "now_ns": 3}):
        with pytest.raises(ValueError, match="give the time once"):
            lab.tick(**wrong)
    assert lab.inject("web", b"", now_ns=2_500_000_000) == []
    assert next(row for row in lab.traffic() if row["port"] == "web.front")["in_frames"] == 1


def test_a_refused_time_leaves_no_frame_behind(lab):
    lab.tick(now=5)
    with pytest.raises(ValueError, match="time goes back"):
        lab.inject("web", bytes(60), now=4)
    assert lab.tick(now=6) == []
    assert sum(lab.traffic()["in_frames"]) == 0


def test_frames_that_are_too_long_are_refused(lab):
    with pytest.raises(ValueError, match="65549"):
        lab.inject("web", bytes(65_550), now=1)
    assert lab.tick(now=1) == []


@pytest.mark.parametrize(
    ("name", "what", "mend"),
    [
        ("db", "'db' has 2 ports", "say which: db.front, db.back"),
        ("job", "'job' has 2 ports", "say which: job-1.back, job-2.back"),
        ("idle", "'idle' has no port: it is on no network", "name a service that is on one"),
        (
            "web.frnt",
            "there is no port 'web.frnt'",
            "did you mean web.front? the ports are web.front, db.front, db.back, job-1.back, job-2.back",
        ),
        ("nobody", "there is no port 'nobody'", "the ports are web.front, db.front, db.back, job-1.back, job-2.back"),
    ],
)
def test_unclear_and_unknown_ports_teach(lab, name, what, mend):
    with pytest.raises(UserError) as caught:
        lab.inject(name, b"", now=1)
    assert (caught.value.what, caught.value.mend) == (what, mend)


def test_short_names_do_where_they_are_enough(lab):
    assert lab.inject("job-2", bytes(Ether(src="02:00:00:00:00:01")), now=1)
    assert Lab.load(topology([network("n")], [service("a", "n", scaled=True)])).inject("a", b"", now=1) == []


def test_the_fdb_shows_who_is_where_since_when(lab):
    lab.inject("web", Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02"), now=1)
    lab.inject("db.front", Ether(src="02:00:00:00:00:02", dst="02:00:00:00:00:01"), now=100)
    rows = lab.fdb("front")
    assert [(row["mac"], row["port"], bool(row["static"])) for row in rows] == [
        ("02:00:00:00:00:02", "db.front", False),
        ("02:00:00:00:00:01", "web.front", False),
    ]
    assert rows["age"] == pytest.approx([0, 99], abs=0.6)
    assert len(lab.fdb("back")) == 0
    lab.tick(now=350)
    assert list(lab.fdb("front")["mac"]) == ["02:00:00:00:00:02"]
    with pytest.raises(UserError, match="there is no bridge network 'middle'") as caught:
        lab.fdb("middle")
    assert caught.value.mend == "the networks are front, back"


def test_bridges_count_what_they_learn(lab):
    for port in ("web", "db.front"):
        lab.inject(port, Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02"), now=1)
    rows = {row["network"].item(): row for row in lab.bridges()}
    assert list(rows) == ["front", "back"]
    assert [int(rows["front"][name]) for name in ("stations", "learned", "moved", "refused", "flooded")] == [1, 1, 1, 0, 2]
    assert int(rows["back"]["learned"]) == 0


def test_drops_say_why_by_node_and_by_port(lab):
    lab.inject("web", bytes(13), now=1)
    lab.inject("web", Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:01"), now=1)
    rows = lab.drops()
    assert {(row["scope"], row["name"], row["reason"], int(row["count"])) for row in rows} >= {
        ("port", "web.front", "runt", 1),
        ("node", "bridge front", "same port", 1),
        ("port", "web.front", "same port", 1),
    }
    assert all(row["sentence"].startswith("the ") for row in rows)


def test_counters_balance(lab):
    for number in range(50):
        lab.inject("db.front", Ether(src=f"02:00:00:00:00:{number % 5:02x}", dst="ff:ff:ff:ff:ff:ff") / bytes(46), now=number)
    rows = lab.counters()
    assert np.array_equal(
        rows["in"] + rows["cloned"] + rows["originated"], rows["out"] + rows["consumed"] + rows["dropped"] + rows["held"]
    )
    assert rows["in"].sum() >= 150


def test_networks_are_worlds_of_their_own(lab):
    """BR-17: the same station on two networks is two stations."""
    frame = Ether(src="02:00:00:00:00:07", dst="02:00:00:00:00:08")
    assert [p for p, _ in lab.inject("web", frame, now=1)] == ["db.front"]
    assert [p for p, _ in lab.inject("job-1", frame, now=1)] == ["db.back", "job-2.back"]
    assert list(lab.fdb("front")["port"]) == ["web.front"]
    assert list(lab.fdb("back")["port"]) == ["job-1.back"]


def test_equal_seeds_and_calls_give_equal_outputs():
    def story(seed):
        lab = Lab.load(FILE, seed=seed)
        out = []
        for step in range(100):
            frame = Ether(src=f"02:00:00:00:00:{step % 7:02x}", dst=f"02:00:00:00:00:{step % 5:02x}") / bytes(step)
            out.append(lab.inject(lab.ports[step % len(lab.ports)], frame, now_ns=step * 10**9))
        return out, lab.drops().tolist(), lab.fdb("front").tolist()

    assert story(7) == story(7)
    # A bridge decides nothing by its seed but where entries lie.
    assert story(7)[0] == story(8)[0]


def test_options_of_the_file_work():
    """BR-16 isolated, hairpin, BR-13 MTU, BR-14 limits, from the file to the frame."""
    plan = topology(
        [network("n", options={"com.docker.network.driver.mtu": "100", "dataplane.port_limit": "1"})],
        [
            service("a", attach("n", driver_opts={"dataplane.isolated": "true"})),
            service("b", attach("n", driver_opts={"dataplane.isolated": "true", "dataplane.fdb_limit": "2"})),
            service("c", attach("n", driver_opts={"dataplane.hairpin": "true"})),
        ],
    )
    lab = Lab.load(plan)
    frame = bytes(Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:09") / bytes(46))
    assert [p for p, _ in lab.inject("a", frame, now=1)] == ["c.n"]
    assert [p for p, _ in lab.inject("c", frame, now=1)] == ["a.n", "b.n", "c.n"]
    assert lab.inject("c", frame + bytes(200), now=1) == []
    for number in range(4):
        for port in "ab":
            lab.inject(port, Ether(src=f"02:00:00:00:0{'ab'.index(port)}:{0x10 + number:02x}"), now=2)
    assert [list(lab.fdb("n")["port"]).count(p) for p in ("a.n", "b.n", "c.n")] == [1, 2, 1]
