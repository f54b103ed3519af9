"""/etc/hosts and /etc/hostname of a container (DOCKER.md 1.3 --add-host, --hostname, --link on the default bridge)."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
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
    """Its hostname by each address of each network, after localhost by both families."""
    made = add(bare(), container("web", hostname="www"), {"mine": ["172.18.0.2"], "bridge": ["172.17.0.2"]})
    assert lines(made, "web") == [*LOCAL.splitlines(), "172.18.0.2\twww", "172.17.0.2\twww"]
    made = add(bare(), container("web", hostname="www"), {"six": ["fd00::2"]})
    assert lines(made, "web") == [*LOCAL.splitlines(), "fd00::2\twww"]


@pytest.mark.parametrize("which", ["all", "lo"])
def test_who_has_no_ipv6_hears_nothing_of_it(which):
    """--sysctl net.ipv6.conf.all.disable_ipv6=1: no ::1, and no other IPv6 address."""
    extra = (("db", "10.0.0.1"), ("six", "fd00::9"))
    off = container("web", hostname="www", extra_hosts=extra, sysctls={f"net.ipv6.conf.{which}.disable_ipv6": "1"})
    made = add(bare(), off, {"mine": ["172.18.0.2"], "six": ["fd00::2"]})
    assert lines(made, "web") == ["127.0.0.1\tlocalhost", "10.0.0.1\tdb", "172.18.0.2\twww"]


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
    assert lines(made, "web")[6:9] == ["10.0.0.1\tdb", "172.18.0.1\thost.docker.internal", "fd00::9\tsix"]
    host = container("web", network_mode="host", extra_hosts=extra)
    made = add(bare(), host, {})
    assert "127.0.0.1\thost.docker.internal" in lines(made, "web")


def test_links_on_the_default_bridge():
    """--link db:store there: an entry with the alias, the hostname and the name, for each address; not for one that does not run,
    nor elsewhere."""
    made = add(bare(), container("db"), {"bridge": ["172.17.0.2", "fd17::2"]})
    made = add(made, container("named", hostname="db.example.org"), {"bridge": ["172.17.0.9"]})
    links = ((ident("container db"), "store"), (ident("container gone"), "gone"), (ident("container named"), "named"))
    on_bridge = add(made, container("web", links=links), {"bridge": ["172.17.0.3"]})
    short = ident("container db")[:12]
    for line in (f"172.17.0.2\tstore {short} db", f"fd17::2\tstore {short} db", "172.17.0.9\tnamed db.example.org"):
        assert line in lines(on_bridge, "web")
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
