"""/etc/hosts and /etc/hostname of a container (DOCKER.md 1.3 --add-host, --hostname, --link on the default bridge)."""

from __future__ import annotations

import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))
from states import add, container, ident, network, state

from dataplane.dns.etchosts import hostname, hosts, merged
from dataplane.names import LOCAL


def lines(of, name):
    return hosts(of, of.containers[ident(f"container {name}")]).splitlines()


def bare():
    return state(network("mine", "172.18.0.0/16"), network("six", "fd00::/64"), network("bridge", "172.17.0.0/16"))


def test_itself_by_every_address():
    """Its hostname by each address of each network; without IPv6 no line speaks of it."""
    made = add(bare(), container("web", hostname="www"), {"mine": ["172.18.0.2"], "bridge": ["172.17.0.2"]})
    assert lines(made, "web") == ["127.0.0.1\tlocalhost", "172.18.0.2\twww", "172.17.0.2\twww"]
    made = add(bare(), container("web", hostname="www"), {"six": ["fd00::2"]})
    assert lines(made, "web") == [*LOCAL.splitlines(), "fd00::2\twww"]


def test_domains():
    """--hostname www.example.org, and --hostname www --domainname example.org: whole and short."""
    for words in ({"hostname": "www.example.org"}, {"hostname": "www", "domainname": "example.org"}):
        made = add(bare(), container("web", **words), {"mine": ["172.18.0.2"]})
        assert lines(made, "web")[-1] == "172.18.0.2\twww.example.org www"
    assert hostname(container("web")) == ident("container web")[:12]


def test_add_host():
    """--add-host NAME:ADDRESS, and host-gateway: where the host is reached; before its own name."""
    extra = (("db", "10.0.0.1"), ("host.docker.internal", "host-gateway"), ("six", "[fd00::9]"))
    made = add(bare(), container("web", extra_hosts=extra), {"mine": ["172.18.0.2"]})
    assert lines(made, "web")[1:3] == ["10.0.0.1\tdb", "172.18.0.1\thost.docker.internal"]
    made = add(bare(), container("web", extra_hosts=extra), {"mine": ["172.18.0.2"], "six": ["fd00::2"]})
    assert "fd00::9\tsix" in lines(made, "web")
    host = container("web", network_mode="host", extra_hosts=extra)
    made = add(bare(), host, {})
    assert "127.0.0.1\thost.docker.internal" in lines(made, "web")


def test_links_on_the_default_bridge():
    """--link db:store there: an entry with the alias and the name; not for one that does not run, nor elsewhere."""
    made = add(bare(), container("db"), {"bridge": ["172.17.0.2"]})
    links = ((ident("container db"), "store"), (ident("container gone"), "gone"))
    on_bridge = add(made, container("web", links=links), {"bridge": ["172.17.0.3"]})
    assert "172.17.0.2\tstore db" in lines(on_bridge, "web")
    assert not any("gone" in line for line in lines(on_bridge, "web"))
    elsewhere = add(made, container("web", links=links), {"mine": ["172.18.0.3"]})
    assert not any("store" in line for line in lines(elsewhere, "web"))


LINES = st.lists(st.sampled_from(["10.0.0.1\ta", "10.0.0.2\tb", "10.0.0.3\tc", "10.0.0.4\td"]), max_size=4, unique=True)


def whole(rows):
    return "".join(f"{row}\n" for row in rows)


@given(LINES, LINES, st.lists(st.sampled_from(["# a user's", "10.9.9.9\town"]), max_size=2, unique=True))
def test_a_users_lines_survive(before, after, own):
    """A change takes out the lines that held before and hold no more, puts in the new ones, and leaves what a user wrote."""
    now = merged(whole([*own, *before]), whole(before), whole(after)).splitlines()
    assert set(now) == {*own, *after}
    assert merged(whole(before), whole(before), whole(after)) == whole(after)


@given(LINES, LINES)
def test_a_user_who_has_taken_all_out_gets_only_what_is_new(before, after):
    """Lines of before that a user has deleted do not come back."""
    now = merged("# emptied\n", whole(before), whole(after)).splitlines()
    assert set(now) == {"# emptied", *after} - set(before)
