"""DOCKER.md 1.5 "resolv.conf", "default bridge", "forwarding": the text of the file, and whom the embedded server asks."""

from __future__ import annotations

import sys
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))
from states import container

from dataplane.dns.resolvconf import Upstream, asked, embedded, parse, plain, text, upstreams

HOST = """\
# made by hand
nameserver 192.0.2.1
nameserver 127.0.0.53
nameserver fe80::1%eth0
nameserver nonsense
search old.example
domain example.org
options edns0 timeout:1
options trust-ad
sortlist 130.155.160.0
nameserver
"""


def test_the_hosts_file():
    """resolv.conf(5): the last search or domain holds, options add up, what cannot be read is left out, others stay."""
    file = parse(HOST)
    assert [str(one) for one in file.servers] == ["192.0.2.1", "127.0.0.53", "fe80::1%eth0"]
    assert (file.search, file.options) == (("example.org",), ("edns0", "timeout:1", "trust-ad"))
    assert file.other == ("sortlist 130.155.160.0",)


def test_with_the_embedded_server():
    """nameserver 127.0.0.11, the host's search list, ndots:0 behind the host's options."""
    assert text(embedded(container("web"), parse(HOST))) == (
        "nameserver 127.0.0.11\nsearch example.org\noptions edns0 timeout:1 trust-ad ndots:0\nsortlist 130.155.160.0\n"
    )


def test_what_the_user_asked_for():
    """--dns, --dns-search, --dns-option take the place of the host's; `--dns-search .` is none; ndots of the user's own stays."""
    one = container("web", dns=("10.0.0.1",), dns_search=("a.example", "b.example"), dns_opt=("ndots:2", "use-vc"))
    assert text(embedded(one, parse(HOST))) == (
        "nameserver 127.0.0.11\nsearch a.example b.example\noptions ndots:2 use-vc\nsortlist 130.155.160.0\n"
    )
    assert text(plain(one, parse(HOST), ipv6=False)).startswith("nameserver 10.0.0.1\nsearch a.example b.example\n")
    assert asked(container("web", dns_search=(".",)), parse(HOST)).search == ()
    assert text(embedded(container("web", dns_opt=("ndots:x",)), parse(""))) == "nameserver 127.0.0.11\noptions ndots:0\n"


@pytest.mark.parametrize(
    ("host", "ipv6", "servers"),
    [
        ("nameserver 192.0.2.1\nnameserver 127.0.0.53\n", False, ["192.0.2.1"]),
        ("nameserver 127.0.0.53\n", False, ["8.8.8.8", "8.8.4.4"]),
        ("nameserver 2001:db8::1\n", False, ["8.8.8.8", "8.8.4.4"]),
        ("nameserver 2001:db8::1\nnameserver ::1\n", True, ["2001:db8::1"]),
        ("", True, ["8.8.8.8", "8.8.4.4", "2001:4860:4860::8888", "2001:4860:4860::8844"]),
    ],
)
def test_without_it(host, ipv6, servers):
    """The default bridge: the host's without loopback servers, and without IPv6 where there is none; public ones else."""
    assert [str(one) for one in plain(container("web"), parse(host), ipv6=ipv6).servers] == servers


def test_whom_it_asks():
    """≤ 3, in order: the host's from the host's network (loopback too), the user's from the container's; never itself."""
    four = "".join(f"nameserver 127.0.0.{n}\n" for n in (53, 54, 11, 56))
    assert upstreams(container("web"), parse(four)) == tuple(Upstream(ip_address(f"127.0.0.{n}"), host=True) for n in (53, 54, 11))
    given = container("web", dns=("127.0.0.11", "10.0.0.1", "fd00::1"))
    assert upstreams(given, parse(four)) == (Upstream(ip_address("10.0.0.1")), Upstream(ip_address("fd00::1")))
    assert upstreams(container("web"), parse("")) == ()


@given(st.text(max_size=400))
def test_any_text_is_read(found):
    """A host's file of any sort: what is written from it can be read again, and says the same."""
    first = embedded(container("web"), parse(found))
    again = parse(text(first))
    assert (again.servers, again.search) == (first.servers, first.search)
