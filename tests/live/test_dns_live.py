"""DOCKER.md 1.5 in real namespaces, as root and as an ordinary user: dig, getent and Python's sockets ask, our server answers."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from crews import until
from dns_world import World, in_world, on_the_host
from private_world import as_root_and_as_user, needs_root
from states import add, container, ident, network, state, three_tiers

from dataplane.daemon.names import forwarding
from dataplane.proc import helper

pytestmark = [pytest.mark.live, needs_root]


@as_root_and_as_user
def test_names_with_dig(user: bool) -> None:
    """Rows "names", "case", "answers", "AAAA of a v4-only name", "MX of a known name", "PTR": by UDP and by TCP."""

    async def work(world: World) -> None:
        await world.start(three_tiers(), "api")
        ids = {name: ident(f"container {name}")[:12] for name in ("web",)}
        for question, expected in {
            "web": {"172.18.0.2"},
            ids["web"]: {"172.18.0.2"},
            "www": {"172.18.0.2"},
            "site": {"172.18.0.2"},
            "SITE.front": {"172.18.0.2"},
            "inner.api.back": {"172.19.0.2"},
            "worker": {"172.19.0.11", "172.19.0.12", "172.19.0.13"},
        }.items():
            assert await world.short("api", question) == expected
            assert await world.short("api", "+tcp", question) == expected
        assert await world.short("api", "db", "AAAA") == {"fd00::3"}
        assert await world.short("api", "-x", "172.18.0.2") == {"web.front."}
        assert await world.short("api", "-x", "fd00::3") == {"db.back."}
        for words in (("web", "AAAA"), ("web", "MX")):
            text = await world.dig("api", *words)
            assert "status: NOERROR" in text
            assert "ANSWER: 0" in text
        whole = await world.dig("api", "+noedns", "wEb")
        assert "flags: qr rd ra;" in whole
        assert "wEb.\t\t\t600\tIN\tA\t172.18.0.2" in whole
        assert "SERVER: 127.0.0.11#53(127.0.0.11)" in whole

    in_world(work, user=user)


def test_records_come_in_random_orders() -> None:
    """Rows "answers": shuffled each time; replicas answer with all addresses."""

    async def work(world: World) -> None:
        await world.start(three_tiers(), "api")
        orders = {tuple((await world.dig("api", "+short", "worker")).split()) for _ in range(30)}
        assert len(orders) > 2
        assert {len(set(order)) for order in orders} == {3}

    in_world(work)


@as_root_and_as_user
def test_programs_find_names_by_the_files(user: bool) -> None:
    """Row "resolv.conf": nameserver 127.0.0.11, the search list, ndots:0; getent and Python's getaddrinfo go by it; and hosts."""

    async def work(world: World) -> None:
        await world.start(three_tiers(), "api", "web")
        assert await world.at("api", "cat", "/etc/resolv.conf") == (
            "nameserver 127.0.0.11\nsearch example.org\noptions ndots:0\n# asked in turn: host(192.0.2.1)\n"
        )
        assert (await world.at("api", "getent", "ahostsv4", "web")).split()[0] == "172.18.0.2"
        assert (await world.at("api", "getent", "hosts", "172.18.0.2")).split() == ["172.18.0.2", "web.front"]
        code = "import socket; print(sorted({a[4][0] for a in socket.getaddrinfo('worker', 80)}))"
        found = await world.at("api", "/usr/bin/python3", "-c", code)
        assert found.strip() == "['172.19.0.11', '172.19.0.12', '172.19.0.13']"
        assert (await world.at("web", "getent", "hosts", "www")).split() == ["172.18.0.2", "www"]
        assert await world.at("web", "cat", "/etc/hostname") == "www\n"
        assert "172.18.0.2\twww\n" in await world.at("web", "cat", "/etc/hosts")

    in_world(work, user=user, upstream="nameserver 192.0.2.1\nsearch example.org\n")


@as_root_and_as_user
def test_the_container_may_have_port_53(user: bool) -> None:
    """Rows "plumbing": the sockets are on a random port; a server in there binds 0.0.0.0:53, UDP and TCP, and still resolves."""
    bind = (
        "import socket; u = socket.socket(type=socket.SOCK_DGRAM); u.bind(('0.0.0.0', 53)); t = socket.socket();"
        "t.bind(('0.0.0.0', 53)); t.listen(); print(socket.gethostbyname('web'))"
    )

    async def work(world: World) -> None:
        await world.start(three_tiers(), "api")
        assert await world.at("api", "/usr/bin/python3", "-c", bind) == "172.18.0.2\n"
        assert world.resolver.note(ident("container api")) == ""

    in_world(work, user=user)


def test_the_redirection_as_nft_shows_it() -> None:
    """Row "plumbing": two rules in a table of ours, in the container's namespace. Opened again, the server is on the same port and
    nothing is loaded; where somebody else has that meanwhile, another table takes the place of the first."""

    async def port_shown(world: World) -> int:
        nft = ("nsenter", f"--net={world.namespaces['api'].path}", "nft", "list", "ruleset")
        process = await asyncio.create_subprocess_exec(*nft, stdout=asyncio.subprocess.PIPE)
        lines = [line.strip() for line in (await process.communicate())[0].decode().splitlines()]
        port = lines[1].removeprefix('comment "').removesuffix('"')
        assert lines == [
            "table ip dataplane-dns {",
            f'comment "{port}"',
            "chain output {",
            "type nat hook output priority -100; policy accept;",
            f"ip daddr 127.0.0.11 udp dport 53 dnat to 127.0.0.11:{port}",
            f"ip daddr 127.0.0.11 tcp dport 53 dnat to 127.0.0.11:{port}",
            "}",
            "}",
        ]
        return int(port)

    async def work(world: World) -> None:
        key = ident("container api")
        await world.start(three_tiers(), "api")
        first = await port_shown(world)
        for _ in range(3):
            await world.resolver.open({key: world.namespaces["api"]})
            assert await port_shown(world) == first
            assert await world.short("api", "web") == {"172.18.0.2"}
        await world.resolver.close(key)
        with world.helper.open_socket(world.namespaces["api"], "udp", 4) as other:
            other.bind(("127.0.0.11", first))
            await world.resolver.open({key: world.namespaces["api"]})
            assert await port_shown(world) != first
            assert await world.short("api", "+tcp", "web") == await world.short("api", "web") == {"172.18.0.2"}

    in_world(work)


def test_many_at_once() -> None:
    """A daemon that begins where another was killed: the servers of many containers in a few requests; one whose namespace is gone
    does not stop the others."""

    async def work(world: World) -> None:
        made = three_tiers()
        names = ("web", "api", "db", "worker-1", "worker-2", "worker-3")
        await world.start(made, *names)
        spaces = {ident(f"container {name}"): world.namespaces[name] for name in names}
        for key in spaces:
            await world.resolver.close(key)
        assert await world.resolver.open(spaces) == {}
        for name in names[1:]:
            assert len(await world.short(name, "worker")) == 3

    in_world(work)


@as_root_and_as_user
def test_hot(user: bool) -> None:
    """Rows "names": who joins or leaves is known or unknown at once; a first network of a user's own brings the name server with
    it, and resolv.conf changes in place."""

    async def work(world: World) -> None:
        first = add(three_tiers(), container("late"), {"bridge": ["172.17.0.2"]})
        await world.start(first, "late", "api")
        assert "127.0.0.11" not in await world.at("late", "cat", "/etc/resolv.conf")
        assert await world.at("late", "dig", "+time=1", "+tries=1", "@127.0.0.11", "web", status=9)
        second = add(
            first, container("late"), {"bridge": ["172.17.0.2"], "front": ["172.18.0.7"]}, aliases={"front": ("newcomer",)}
        )
        world.follow(second)
        await world.resolver.settle()
        assert await world.short("late", "web") == {"172.18.0.2"}
        assert await world.short("api", "newcomer") == {"172.18.0.7"}
        assert "172.18.0.7\t" in await world.at("late", "cat", "/etc/hosts")
        world.follow(first)
        assert await world.short("api", "newcomer") == set()
        assert "172.18.0.7\t" not in await world.at("late", "cat", "/etc/hosts")

    in_world(work, user=user)


@as_root_and_as_user
def test_forwarding_to_the_hosts_servers(user: bool) -> None:
    """Rows "forwarding": host-loopback servers from the host's network; NXDOMAIN and NOERROR are passed through; "unknown single
    label" and other types are forwarded; a truncated answer is passed on and asked for again by TCP."""

    async def work(world: World) -> None:
        server = on_the_host("127.0.0.1")
        server.answers = {"example.org": "203.0.113.5", "single": "203.0.113.6", "large.org": "truncated", "web": "203.0.113.7"}
        await world.start(three_tiers(), "api")
        assert await world.short("api", "example.org") == {"203.0.113.5"}
        assert await world.short("api", "+tcp", "example.org") == {"203.0.113.5"}
        assert await world.short("api", "single") == {"203.0.113.6"}
        assert "status: NXDOMAIN" in await world.dig("api", "nothing.org")
        assert world.why("api").startswith("nobody is called nothing.org on back, front; host(127.0.0.1) says NXDOMAIN")
        assert len(await world.short("api", "large.org")) == 200
        await world.dig("api", "web", "TXT")
        asked = [(name, transport) for name, transport, _peer in server.asked]
        assert asked == [
            ("example.org", "udp"),
            ("example.org", "tcp"),
            ("single", "udp"),
            ("nothing.org", "udp"),
            ("large.org", "udp"),
            ("large.org", "tcp"),
            ("web", "udp"),
        ]
        server.close()

    in_world(work, user=user, upstream="nameserver 127.0.0.1\n")


@as_root_and_as_user
def test_forwarding_to_servers_that_the_user_gave(user: bool) -> None:
    """Rows "forwarding": --dns is asked from the container's namespace, where alone it is here; UDP and TCP."""

    async def work(world: World) -> None:
        made = add(three_tiers(), container("me", dns=("10.9.9.9",)), {"front": ["172.18.0.9"]})
        await world.start(made, "me", "api")
        server = await world.server_inside("me", "10.9.9.9")
        server.answers = {"example.org": "203.0.113.5"}
        for _ in range(3):
            assert await world.short("me", "example.org") == {"203.0.113.5"}
        assert await world.short("me", "+tcp", "example.org") == {"203.0.113.5"}
        assert {peer for _name, _transport, peer in server.asked} == {"10.9.9.9"}
        assert "# asked in turn: 10.9.9.9\n" in await world.at("me", "cat", "/etc/resolv.conf")
        server.close()

    in_world(work, user=user)


def test_servers_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows "forwarding": at most three, in order; silence, SERVFAIL and REFUSED go on to the next; all dead: SERVFAIL. The log
    says why."""
    monkeypatch.setattr(forwarding, "PATIENCE", 2.0)

    async def work(world: World) -> None:
        servers = [on_the_host(f"127.0.0.{n}") for n in (1, 2, 3, 4)]
        first, second, third, fourth = servers
        for one, said in ((first, "silent"), (second, "SERVFAIL"), (third, "203.0.113.5"), (fourth, "203.0.113.6")):
            one.answers["example.org"] = said
        await world.start(three_tiers(), "api")
        assert await world.short("api", "example.org") == {"203.0.113.5"}
        assert world.why("api").endswith(
            "host(127.0.0.1) was silent for 2 s; host(127.0.0.2) says SERVFAIL; host(127.0.0.3) says NOERROR"
        )
        third.answers["example.org"] = "REFUSED"
        assert "status: SERVFAIL" in await world.dig("api", "example.org")
        assert not fourth.asked
        for one in servers:
            one.close()
        assert "status: SERVFAIL" in await world.dig("api", "+tcp", "example.org")
        assert "host(127.0.0.1) cannot be asked: Connection refused" in world.why("api")

    in_world(work, upstream="".join(f"nameserver 127.0.0.{n}\n" for n in (1, 2, 3, 4)))


def test_patience() -> None:
    """Rows "forwarding": 4 s each."""
    assert forwarding.PATIENCE == 4.0


def test_internal() -> None:
    """Rows "--internal": a container on internal networks alone has nothing forwarded by the host; names there are answered; a
    network that is not internal, connected later, opens the way."""

    async def work(world: World) -> None:
        server = on_the_host("127.0.0.1")
        server.answers = {"example.org": "203.0.113.5"}
        shut = state(network("inside", "172.18.0.0/16", internal=True), network("open", "172.19.0.0/16"))
        shut = add(shut, container("db"), {"inside": ["172.18.0.3"]})
        first = add(shut, container("me"), {"inside": ["172.18.0.2"]})
        await world.start(first, "me")
        assert await world.short("me", "db") == {"172.18.0.3"}
        assert "status: SERVFAIL" in await world.dig("me", "example.org")
        assert not server.asked
        assert world.why("me").endswith("no server outside may be asked")
        world.follow(add(shut, container("me"), {"inside": ["172.18.0.2"], "open": ["172.19.0.2"]}))
        assert await world.short("me", "example.org") == {"203.0.113.5"}
        server.close()

    in_world(work, upstream="nameserver 127.0.0.1\n")


def test_too_many_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows "forwarding": more than 1024 in flight: REFUSED (20 here, as quickly seen)."""
    assert forwarding.MAX_IN_FLIGHT == 1024
    monkeypatch.setattr(forwarding, "MAX_IN_FLIGHT", 20)
    monkeypatch.setattr(forwarding, "PATIENCE", 60.0)  # those that are under way stay so
    flood = (
        "import socket, struct; s = socket.socket(type=socket.SOCK_DGRAM); s.connect(('127.0.0.11', 53)); s.settimeout(20);"
        "[s.send(struct.pack('!HHHHHH', n, 256, 1, 0, 0, 0) + b'\\3out\\3org\\0\\0\\1\\0\\1') for n in range(25)];"
        "print([s.recv(512)[3] & 15 for _ in range(5)])"
    )

    async def work(world: World) -> None:
        server = on_the_host("127.0.0.1")
        server.answers = {"out.org": "silent"}
        await world.start(three_tiers(), "api")
        assert await world.at("api", "/usr/bin/python3", "-c", flood) == "[5, 5, 5, 5, 5]\n"
        await until(lambda: len(server.asked) >= 20)
        assert len(server.asked) == 20
        server.close()

    in_world(work, upstream="nameserver 127.0.0.1\n")


def test_ndots() -> None:
    """Rows "unknown single label": not forwarded when the user set ndots; its option stands in resolv.conf."""

    async def work(world: World) -> None:
        server = on_the_host("127.0.0.1")
        await world.start(add(three_tiers(), container("me", dns_opt=("ndots:1",)), {"front": ["172.18.0.9"]}), "me")
        text = await world.dig("me", "single")
        assert "status: NOERROR" in text
        assert "ANSWER: 0" in text
        assert not server.asked
        assert "options ndots:1\n" in await world.at("me", "cat", "/etc/resolv.conf")
        server.close()

    in_world(work, upstream="nameserver 127.0.0.1\n")


def test_truncation_by_udp() -> None:
    """Rows "UDP": TC at 512 octets without EDNS, at the size that EDNS says with it; dig then asks by TCP."""

    async def work(world: World) -> None:
        made = add(state(network("n", "172.18.0.0/16")), container("me"), {"n": ["172.18.0.2"]})
        for n in range(100):
            made = add(made, container(f"c{n}"), {"n": [f"172.18.1.{n}"]}, aliases={"n": ("crowd",)})
        await world.start(made, "me")
        assert "flags: qr tc rd ra;" in await world.dig("me", "+noedns", "+ignore", "crowd")
        assert "flags: qr rd ra;" in await world.dig("me", "+bufsize=4096", "+ignore", "crowd")
        assert len(await world.short("me", "+noedns", "crowd")) == 100

    in_world(work)


def test_the_default_bridge() -> None:
    """Rows "default bridge": no embedded DNS; the host's resolv.conf without loopback servers, 8.8.8.8 and 8.8.4.4 if none is left;
    names fail (getent rc 2)."""

    async def work(world: World) -> None:
        made = add(add(three_tiers(), container("ca"), {"bridge": ["172.17.0.2"]}), container("cb"), {"bridge": ["172.17.0.3"]})
        await world.start(made, "ca")
        assert await world.at("ca", "cat", "/etc/resolv.conf") == "nameserver 8.8.8.8\nnameserver 8.8.4.4\nsearch example.org\n"
        await world.at("ca", "timeout", "20", "getent", "hosts", "cb", status=2)

    in_world(work, upstream="nameserver 127.0.0.53\nsearch example.org\n")


def test_why_a_name_is_not_found() -> None:
    """The query log answers "why NXDOMAIN": it is on another network, its container is stopped, it is on the default bridge."""

    async def work(world: World) -> None:
        server = on_the_host("127.0.0.1")
        made = add(three_tiers(), container("alone"), {"bridge": ["172.17.0.2"]})
        api = made.containers[ident("container api")]
        stopped = replace(made.containers[ident("container db")], fate=replace(api.fate, state="exited"))
        endpoints = {key: one for key, one in made.endpoints.items() if key[0] != stopped.id}
        made = replace(made, containers={**made.containers, stopped.id: stopped}, endpoints=endpoints)
        await world.start(made, "web")
        for name, why in {
            "worker": "worker is on back, where this container is not: docker network connect back ...",
            "db": "container db has that name, but it is exited: names hold while it runs",
            "alone": "container alone is on the default bridge, where no names are answered",
        }.items():
            await world.dig("web", name)
            assert world.why("web").endswith(f"host(127.0.0.1) says NXDOMAIN; {why}")
        row = world.resolver.log(ident("container web"))[0]
        assert (row.name, row.type, row.transport, row.rcode, row.answers) == ("worker", "A", "udp", "NXDOMAIN", -1)
        server.close()

    in_world(work, upstream="nameserver 127.0.0.1\n")


def test_hostile_clients() -> None:
    """Random datagrams, half a TCP question, many connections: others are answered meanwhile, and nothing stays open."""
    storm = (
        "import os, socket; s = socket.socket(type=socket.SOCK_DGRAM); s.connect(('127.0.0.11', 53));"
        "[s.send(os.urandom(n % 700)) for n in range(3000)];"
        "many = [socket.create_connection(('127.0.0.11', 53)) for _ in range(100)]; [t.send(b'\\0') for t in many];"
        "print(socket.gethostbyname('web'))"
    )

    async def work(world: World) -> None:
        await world.start(three_tiers(), "api")
        assert await world.at("api", "/usr/bin/python3", "-c", storm) == "172.18.0.2\n"
        assert await world.short("api", "web") == {"172.18.0.2"}
        before = len(list(Path("/proc/self/fd").iterdir()))
        for _ in range(5):
            await world.resolver.open({ident("container api"): world.namespaces["api"]})
        await until(lambda: len(list(Path("/proc/self/fd").iterdir())) <= before + 2)
        await world.resolver.close(ident("container api"))
        assert await world.at("api", "dig", "+time=1", "+tries=1", "web", status=9)

    in_world(work)


def test_where_nftables_are_not_there() -> None:
    """A kernel that refuses the redirection: the server is on port 53 itself, and says that no other can be."""

    async def work(world: World) -> None:
        await world.start(three_tiers(), "api")
        assert await world.short("api", "web") == {"172.18.0.2"}
        assert world.resolver.note(ident("container api")) == "no redirection by nftables: Protocol not supported"

    with pytest.MonkeyPatch.context() as patch:
        # The helper is a fresh interpreter: what it loads is told by its own first line.
        patch.setattr(helper, "_PROGRAM", helper._PROGRAM.replace("; main(", f"; {REFUSING}; main("))
        in_world(work)


REFUSING = (
    "from dataplane.proc import sockets;"
    "sockets.redirect = lambda address, port: (_ for _ in ()).throw(OSError(93, 'Protocol not supported'))"
)
