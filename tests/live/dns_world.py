"""Containers as far as names go: namespaces with a shim each, a name server, and what programs in there find out."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
from private_world import in_lab

sys.path.insert(0, str(Path(__file__).parents[1] / "dataplane" / "dns"))
from states import ident

from dataplane.daemon.names.dns import Resolver
from dataplane.daemon.names.files import Files, HostResolv
from dataplane.desired.records import State
from dataplane.proc.helper import Helper
from dataplane.proc.instance import Instance
from dataplane.proc.spec import InstanceSpec, NamespaceRef

OUTSIDE = 5353  # where name servers outside are in these tests: an ordinary user may not open 53


class World:
    """Used on an event loop; ``at`` runs a program in a container and gives its output."""

    def __init__(self, helper: Helper, resolver: Resolver, files: Files) -> None:
        self.helper, self.resolver, self.files = helper, resolver, files
        self.namespaces: dict[str, NamespaceRef] = {}
        self.shims: dict[str, Instance] = {}

    async def start(self, state: State, *names: str) -> None:
        """Run containers of a state."""
        self.follow(state)
        for name in names:
            key = ident(f"container {name}")
            namespace = await asyncio.to_thread(self._make, name, state)
            self.namespaces[name] = namespace
            assert not await self.resolver.open({key: namespace})
            spec = InstanceSpec(name=name, namespace=namespace, binds=self.files.write(state, key))
            self.shims[name] = await asyncio.to_thread(self.helper.spawn, spec)

    def _make(self, name: str, state: State) -> NamespaceRef:
        """A namespace whose lo has the container's addresses: without one that is not 127.0.0.0/8 the C library asks for none."""
        namespace = self.helper.create_namespace(name)
        with self.helper.netlink(namespace) as ip:
            ip.link("set", index=1, state="up")
            for (owner, _), record in state.endpoints.items():
                if owner == ident(f"container {name}"):
                    ip.addr("add", index=1, address=str(record.endpoint.ipv4), prefixlen=32)
        return namespace

    def follow(self, state: State) -> None:
        self.files.follow(state)
        self.resolver.follow(state)

    async def at(self, name: str, *words: str, status: int | None = 0) -> str:
        got, octets = await asyncio.to_thread(self.shims[name].run, list(words), timeout=60, limit=1 << 20)
        text = octets.decode()
        assert status is None or got == status, f"{words}: {got}: {text}"
        return text

    async def dig(self, name: str, *words: str) -> str:
        """With all the time that an answer may take on a busy machine."""
        return (await self.at(name, "dig", "+time=20", "+tries=1", *words)).strip()

    async def short(self, name: str, *words: str) -> set[str]:
        return set((await self.dig(name, "+short", *words)).split())

    async def server_inside(self, name: str, address: str) -> Upstream:
        """A name server at an address that is only there in a container's namespace."""
        namespace = self.namespaces[name]

        def prepare() -> tuple[socket.socket, socket.socket]:
            with self.helper.netlink(namespace) as ip:
                ip.addr("add", index=1, address=address, prefixlen=32)
            return self.helper.open_socket(namespace, "udp", 4), self.helper.open_socket(namespace, "tcp", 4)

        return Upstream(*await asyncio.to_thread(prepare), address)

    def why(self, name: str) -> str:
        return self.resolver.log(ident(f"container {name}"))[-1].why


class Upstream:
    """A name server outside, on sockets of the test's; ``answers``: by name, an address, or what becomes of the question."""

    def __init__(self, udp: socket.socket, tcp: socket.socket, address: str) -> None:
        self.asked: list[tuple[str, str, str]] = []
        self.answers: dict[str, str] = {}
        udp.setblocking(False)
        udp.bind((address, OUTSIDE))
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        tcp.bind((address, OUTSIDE))
        tcp.listen()
        self._udp = udp
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(udp, self._readable)
        self._serving = asyncio.ensure_future(asyncio.start_server(self._converse, sock=tcp))

    def _answer(self, query: bytes, transport: str, peer: str) -> bytes:
        question = dns.message.from_wire(query)
        name = question.question[0].name.to_text(omit_final_dot=True)
        self.asked.append((name, transport, peer))
        said = self.answers.get(name, "NXDOMAIN")
        if said == "silent":
            return b""
        reply = dns.message.make_response(question)
        reply.flags |= dns.flags.RA
        if said == "truncated" and transport == "udp":
            reply.flags |= dns.flags.TC
        elif said == "truncated":
            reply.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "A", *(f"203.0.113.{n}" for n in range(200))))
        elif said[0].isdigit():
            reply.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "A", said))
        else:
            reply.set_rcode(dns.rcode.from_text(said))
        return reply.to_wire(max_size=65535)

    def _readable(self) -> None:
        query, peer = self._udp.recvfrom(4096)
        if reply := self._answer(query, "udp", peer[0]):
            self._udp.sendto(reply, peer)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        size = int.from_bytes(await reader.readexactly(2), "big")
        reply = self._answer(await reader.readexactly(size), "tcp", writer.get_extra_info("peername")[0])
        writer.write(len(reply).to_bytes(2, "big") + reply)
        writer.close()

    def close(self) -> None:
        self._loop.remove_reader(self._udp)
        self._udp.close()
        self._serving.result().close()


def on_the_host(address: str) -> Upstream:
    return Upstream(socket.socket(type=socket.SOCK_DGRAM), socket.socket(), address)


Work = Callable[[World], Awaitable[None]]


def in_world(work: Work, *, user: bool = False, upstream: str = "", port: int = OUTSIDE) -> None:
    """``work`` in a private world whose host has the name servers ``upstream`` (a resolv.conf)."""

    def inside(helper: Helper) -> None:
        async def main() -> None:
            with _resolv(upstream) as host:
                resolver, files = Resolver(helper, host, port=port), Files(helper.folder, host)
                try:
                    await work(World(helper, resolver, files))
                finally:
                    await resolver.stop()

        asyncio.run(main())

    in_lab(inside, user=user)


@contextmanager
def _resolv(text: str) -> Iterator[HostResolv]:
    with TemporaryDirectory(prefix="t-dns-", dir=os.environ.get("XDG_RUNTIME_DIR", "/run")) as folder:
        path = Path(folder) / "resolv.conf"
        path.write_text(text)
        yield HostResolv(path)
