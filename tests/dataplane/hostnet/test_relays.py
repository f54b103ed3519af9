"""The relays carry bytes and datagrams both ways, end what ends, and are bounded."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_address

import pytest

from dataplane.hostnet import relay_tcp, relay_udp
from dataplane.hostnet.relay_tcp import TcpRelay
from dataplane.hostnet.relay_udp import UdpRelay
from dataplane.hostnet.sockets import Port, bind
from dataplane.hostnet.target import Target

PATIENCE = 10.0
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def run(work: Awaitable[None]) -> None:
    async def within() -> None:
        await asyncio.wait_for(work, PATIENCE)  # type: ignore[arg-type]

    asyncio.run(within())


@asynccontextmanager
async def relayed(serve: Serve) -> AsyncIterator[tuple[TcpRelay, str, int]]:
    """A server on 127.0.0.1 behind a relay on [::1]."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    listener = bind(Port("tcp", ip_address("::1"), 0))
    assert listener is not None
    relay = TcpRelay()
    relay.add(listener, Target(*server.sockets[0].getsockname()[:2]))
    try:
        yield relay, *listener.getsockname()[:2]
    finally:
        await relay.close()
        server.close()
        listener.close()


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


async def exchange(host: str, port: int, data: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(host, port)

    async def send() -> None:
        writer.write(data)
        await writer.drain()
        writer.write_eof()

    sending = asyncio.create_task(send())
    answer = await reader.read()
    await sending
    writer.close()
    return answer


def test_many_connections_at_once_each_with_its_own_bytes() -> None:
    async def work() -> None:
        async with relayed(echo) as (relay, host, port):
            wanted = [bytes([n]) * (n * 5000) for n in range(1, 51)]
            assert await asyncio.gather(*(exchange(host, port, data) for data in wanted)) == wanted
            assert relay.relayed == 50

    run(work())


def test_the_end_of_one_direction_is_passed_on_while_the_other_goes_on() -> None:
    async def late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.read() == b"all of it"
        writer.write(b"got it")
        writer.close()

    async def work() -> None:
        async with relayed(late) as (_relay, host, port):
            assert await exchange(host, port, b"all of it") == b"got it"

    run(work())


def test_a_server_that_is_not_there_resets_the_client() -> None:
    async def work() -> None:
        async with relayed(echo) as (relay, host, port):
            (listener,) = relay._ports
            relay.add(listener, Target("127.0.0.1", 1))
            reader, writer = await asyncio.open_connection(host, port)
            with pytest.raises(ConnectionResetError):
                await reader.read()
            writer.close()

    run(work())


def test_a_slow_reader_slows_its_writer() -> None:
    async def work() -> None:
        held: list[asyncio.StreamWriter] = []

        async def never_reads(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            held.append(writer)
            _reader._transport.pause_reading()  # type: ignore[attr-defined]
            await asyncio.sleep(PATIENCE)

        async with relayed(never_reads) as (_relay, host, port):
            _reader, writer = await asyncio.open_connection(host, port)
            sent = 0
            with suppress(TimeoutError):
                while sent < 1 << 28:
                    writer.write(bytes(1 << 20))
                    await asyncio.wait_for(writer.drain(), 0.5)
                    sent += 1 << 20
            assert sent < 1 << 26
            writer.transport.abort()
            for one in held:
                one.transport.abort()

    run(work())


def test_beyond_the_limit_connections_wait_for_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_tcp, "SESSIONS", 2)

    async def work() -> None:
        async with relayed(echo) as (relay, host, port):
            first = [await asyncio.open_connection(host, port) for _ in range(2)]
            for reader, writer in first:
                writer.write(b"x")
                assert await reader.readexactly(1) == b"x"
            third = asyncio.create_task(exchange(host, port, b"third"))
            await asyncio.sleep(0.1)
            assert (relay.relayed, third.done()) == (2, False)
            first[0][1].close()
            assert await third == b"third"
            first[1][1].close()

    run(work())


# -- UDP ----------------------------------------------------------------------------------------------------------------


class Reverser(asyncio.DatagramProtocol):
    """Answers each datagram reversed, and notes who asked."""

    def __init__(self) -> None:
        self.peers: set[object] = set()

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.peers.add(addr)
        self.transport.sendto(data[::-1], addr)


@asynccontextmanager
async def relayed_datagrams(address: str | None) -> AsyncIterator[tuple[UdpRelay, Reverser, int]]:
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(Reverser, local_addr=("127.0.0.1", 0))
    port = bind(Port("udp", ip_address(address) if address else None, 0))
    assert port is not None
    relay = UdpRelay()
    relay.add(port, Target(*transport.get_extra_info("sockname")[:2]))
    try:
        yield relay, server, port.getsockname()[1]
    finally:
        relay.close()
        transport.close()
        port.close()


async def ask(host: str, port: int, data: bytes, client: socket.socket | None = None) -> bytes:
    """From a connected socket: an answer that comes from another address is not heard."""
    loop = asyncio.get_running_loop()
    if client is None:
        client = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    client.setblocking(False)
    client.connect((host, port))
    client.send(data)
    return await asyncio.wait_for(loop.sock_recv(client, 65535), PATIENCE)


def test_answers_come_from_the_address_that_was_asked() -> None:
    async def work() -> None:
        async with relayed_datagrams(None) as (_relay, _server, port):
            for host in ("::1", "127.0.0.1", "127.0.0.5"):
                assert await ask(host, port, b"abc") == b"cba"

    run(work())


def test_each_client_has_a_socket_of_its_own_and_keeps_it() -> None:
    async def work() -> None:
        async with relayed_datagrams("::1") as (relay, server, port):
            client = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
            for text in (b"one", b"two", bytes(9000)):
                assert await ask("::1", port, text, client) == text[::-1]
            assert (relay.relayed, len(server.peers)) == (1, 1)
            await ask("::1", port, b"other")
            assert (relay.relayed, len(server.peers)) == (2, 2)
            client.close()

    run(work())


def test_the_client_that_was_silent_longest_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_udp, "SESSIONS", 3)

    async def work() -> None:
        async with relayed_datagrams("::1") as (relay, _server, port):
            for n in range(10):
                assert await ask("::1", port, bytes([n])) == bytes([n])
            assert len(relay._sessions) == 3

    run(work())


def test_silent_clients_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_udp, "SWEEP", 0.05)

    async def work() -> None:
        async with relayed_datagrams("::1") as (relay, _server, port):
            await ask("::1", port, b"x")
            assert relay._sessions
            monkeypatch.setattr(relay_udp, "IDLE", 0.05)
            async with asyncio.timeout(PATIENCE):
                while relay._sessions:
                    await asyncio.sleep(0.01)

    run(work())
