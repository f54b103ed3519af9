"""Any states, one after the other: what is answered is what the rules of DOCKER.md 1.5 say, however the state was reached; and the
files of containers that run say what they would if they were written anew."""

from __future__ import annotations

import sys
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))
from states import add, container, network, state

from dataplane.daemon.names.files import Files, HostResolv
from dataplane.desired.records import EXITED, State
from dataplane.dns.view import view
from dataplane.dns.zone import Zones, zone

NETWORKS = ("a", "b", "a.b", "bridge")
NAMES = ("x", "y", "x.a", "Y.b", "z")


@st.composite
def states(draw: st.DrawFn) -> State:
    """Up to five containers on up to four networks, with names that get in each other's way."""
    made = state(*(network(name, internal=draw(st.booleans())) for name in NETWORKS))
    number = 0
    for name in draw(st.lists(st.sampled_from(["x", "y", "z", "w", "v"]), unique=True, max_size=5)):
        joined, aliases = {}, {}
        for net in draw(st.lists(st.sampled_from(NETWORKS), unique=True, max_size=3)):
            number += 1
            joined[net] = [f"10.0.{NETWORKS.index(net)}.{number}", *([f"fd00::{number}"] if draw(st.booleans()) else [])]
            aliases[net] = tuple(draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=2)))
        made = add(made, container(name), joined, aliases=aliases, priority={net: draw(st.integers(0, 1)) for net in joined})
        if draw(st.integers(0, 3)) == 0:
            key = next(one.id for one in made.containers.values() if one.name == name)
            gone = replace(made.containers[key], fate=replace(made.containers[key].fate, state=EXITED))
            left = {place: one for place, one in made.endpoints.items() if place[0] != key}
            made = replace(made, containers={**made.containers, key: gone}, endpoints=left)
    return made


def by_the_rules(of: State, asker: str, name: str) -> set[str]:
    """Every reading of a name, the whole first; every network of the asker's, in its order; all who have it there."""
    mine = [record for (owner, _), record in of.endpoints.items() if owner == asker]
    mine.sort(key=lambda r: (-r.endpoint.gw_priority, of.networks[r.network].internal, of.networks[r.network].name))
    words = name.split(".")
    for size in range(len(words), 0, -1):
        host, net = ".".join(words[:size]), ".".join(words[size:])
        for record in mine:
            where = of.networks[record.network]
            if where.name == "bridge" or (net and where.name != net):
                continue
            having = [one for one in of.endpoints.values() if one.network == where.id and host in {n.lower() for n in one.names}]
            if having:
                return {str(a) for one in having for a in (one.endpoint.ipv4, one.endpoint.ipv6) if a is not None}
    return set()


@given(st.lists(states(), min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_answers_are_those_of_the_rules(series: list[State]) -> None:
    """By whatever way a state was reached."""
    zones = Zones()
    for of in series:
        zones.follow(of)
        for record in of.containers.values():
            seen = view(of, zones.zones, record, (), False)
            for name in (*NAMES, "x.b", "x.a.b", "z.a.b", record.short, "w.bridge"):
                found = seen.find(name.lower())
                got = {str(a) for a in found.addresses} if found else set()
                assert got == by_the_rules(of, record.id, name.lower()), name
    fresh = Zones()
    fresh.follow(series[-1])
    assert fresh.zones == zones.zones


@given(states())
def test_a_reverse_name_leads_back(of: State) -> None:
    """PTR gives a name by which the asker finds that address."""
    zones = Zones()
    zones.follow(of)
    for record in of.containers.values():
        seen = view(of, zones.zones, record, (), False)
        for one in seen.zones:
            for address in one.names:
                name = seen.name_of(address)
                assert name is not None
                assert name.endswith(f".{one.network.name}")
                assert (
                    address in zone(one.network, one.members.values()).addresses[name.removesuffix(f".{one.network.name}").lower()]
                )
        assert seen.name_of(ip_address("192.0.2.1")) is None


@given(st.lists(states(), min_size=2, max_size=5))
@settings(max_examples=60, deadline=None)
def test_files_follow(series: list[State]) -> None:
    """Of containers that run on: as if written anew (lines of hosts in any order, for new ones are put at the end)."""
    with TemporaryDirectory() as folder:
        host = HostResolv(Path(folder) / "none")
        files, anew = Files(Path(folder) / "one", host), Files(Path(folder) / "other", host)
        alive: set[str] = set()
        for of in series:
            files.follow(of)
            for record in of.containers.values():
                if record.alive and record.id not in alive:
                    files.write(of, record.id)
                if record.alive:
                    mine, fresh = files._paths(record.id), anew.write(of, record.id)
                    for target, path in fresh.items():
                        now, wanted = mine[target].read_text(), Path(path).read_text()
                        assert sorted(now.splitlines()) == sorted(wanted.splitlines()), (target, record.name)
            alive = {record.id for record in of.containers.values() if record.alive}
