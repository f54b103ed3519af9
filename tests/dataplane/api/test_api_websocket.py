"""Attach over a WebSocket (RFC 6455): the same streams for clients that cannot take a connection over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from dataplane.api.server import serve
from tests.dataplane.api.asking import ask
from tests.dataplane.api.fake import Fake

ALL = "stream=1&stdin=1&stdout=1&stderr=1"


def made(path: Path, *command: str, start: bool = True, **body: object) -> None:
    assert ask(path, "POST /containers/create?name=c1", {"Image": "host", "Cmd": list(command), **body})[0] == 201
    if start:
        assert ask(path, "POST /containers/c1/start")[0] == 204


def talk(path: Path, query: str, work: Callable[[aiohttp.ClientWebSocketResponse], Awaitable[object]]) -> object:
    """What ``work`` makes of the open connection."""

    async def whole() -> object:
        place = f"http://daemon/v1.51/containers/c1/attach/ws?{query}"
        connector = aiohttp.UnixConnector(str(path))
        async with aiohttp.ClientSession(connector=connector) as session, session.ws_connect(place) as socket:
            return await asyncio.wait_for(work(socket), 10)

    return asyncio.run(whole())


async def everything(socket: aiohttp.ClientWebSocketResponse) -> list[bytes]:
    """Each message until the other side closes."""
    return [message.data async for message in socket]


def started(path: Path) -> Callable[[aiohttp.ClientWebSocketResponse], Awaitable[list[bytes]]]:
    """The same of one that starts only now."""

    async def work(socket: aiohttp.ClientWebSocketResponse) -> list[bytes]:
        assert (await asyncio.to_thread(ask, path, "POST /containers/c1/start"))[0] == 204
        return await everything(socket)

    return work


def test_what_is_sent_is_its_input_and_what_it_writes_comes(fake: Fake, socket_path: Path) -> None:
    """Text and binary messages in; binary messages out, without frames."""
    made(socket_path, "cat", OpenStdin=True)

    async def echoes(socket: aiohttp.ClientWebSocketResponse) -> list[bytes]:
        await socket.send_str("grün")
        first = await socket.receive_bytes()
        await socket.send_bytes(b"\0\xff")
        return [first, await socket.receive_bytes()]

    assert talk(socket_path, ALL, echoes) == ["grün".encode(), b"\0\xff"]


def test_attached_before_the_start_it_has_all_and_its_end_closes(fake: Fake, socket_path: Path) -> None:
    made(socket_path, "two", start=False)
    assert talk(socket_path, ALL, started(socket_path)) == [b"out\n", b"err\n", b"end\n"]


def test_one_stream_alone(fake: Fake, socket_path: Path) -> None:
    made(socket_path, "two", start=False)
    assert talk(socket_path, "stream=1&stderr=1", started(socket_path)) == [b"err\n"]


def test_the_keys_leave_and_it_runs_on(fake: Fake, socket_path: Path) -> None:
    made(socket_path, "cat", OpenStdin=True, Tty=True)

    async def leaves(socket: aiohttp.ClientWebSocketResponse) -> list[bytes]:
        await socket.send_bytes(b"x\x10\x11")
        return await everything(socket)

    assert talk(socket_path, ALL, leaves) in ([], [b"x"])
    assert ask(socket_path, "GET /containers/c1/json")[1]["State"]["Running"]


def test_a_client_that_goes_leaves_nothing_behind(fake: Fake, socket_path: Path) -> None:
    made(socket_path, "sleep", "infinity")

    async def nothing(socket: aiohttp.ClientWebSocketResponse) -> None:
        return None

    talk(socket_path, ALL, nothing)
    assert ask(socket_path, "POST /containers/c1/kill")[0] == 204


@pytest.mark.parametrize("name", ["c1", "nobody"])
def test_what_is_no_websocket_is_refused(fake: Fake, socket_path: Path, name: str) -> None:
    made(socket_path, "sleep", "infinity")
    status, said = ask(socket_path, f"GET /containers/{name}/attach/ws?{ALL}")
    assert (status, said["message"]) == {
        "c1": (400, "this path is for WebSockets (RFC 6455)"), "nobody": (404, "No such container: nobody"),
    }[name]  # fmt: skip


def test_they_are_counted_with_what_else_is_taken_over(fake: Fake, socket_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dataplane.api.takeover.MOST", 1)
    made(socket_path, "sleep", "infinity")

    async def another(_socket: aiohttp.ClientWebSocketResponse) -> int:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await asyncio.to_thread(talk, socket_path, ALL, everything)
        return refused.value.status

    assert talk(socket_path, ALL, another) == 503


def test_the_end_of_the_server_is_told(socket_path: Path) -> None:
    async def whole() -> tuple[aiohttp.WSMsgType, int]:
        server = await serve(Fake(), socket_path)
        await asyncio.to_thread(made, socket_path, "sleep", "infinity")
        connector, place = aiohttp.UnixConnector(str(socket_path)), f"http://daemon/v1.51/containers/c1/attach/ws?{ALL}"
        async with aiohttp.ClientSession(connector=connector) as session, session.ws_connect(place) as socket:
            message, _ = await asyncio.gather(socket.receive(), server.close())
            return message.type, message.data

    assert asyncio.run(whole()) == (aiohttp.WSMsgType.CLOSE, aiohttp.WSCloseCode.GOING_AWAY)


def test_a_client_that_goes_before_the_answer_is_no_failure_of_ours(
    fake: Fake, socket_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    made(socket_path, "sleep", "infinity")

    async def gone(*_: object) -> None:
        raise ConnectionResetError("Connection lost")

    monkeypatch.setattr(web.WebSocketResponse, "prepare", gone)
    with pytest.raises(aiohttp.ClientError):
        talk(socket_path, ALL, everything)
    assert ask(socket_path, "GET /containers/c1/json")[0] == 200
    assert capfd.readouterr().err == ""
