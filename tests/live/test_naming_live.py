"""Names on a daemon's core: they follow every change of its state, and the next daemon answers where the last one was killed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from cores import core_in, create, end, inside, network, run, start

from dataplane.daemon.core import Core
from dataplane.daemon.names.files import HostResolv
from dataplane.daemon.names.naming import Naming
from dataplane.daemon.networks import Networks
from dataplane.desired import containers
from dataplane.desired.wishes import EndpointWish
from dataplane.model import PortBinding
from dataplane.names import LOCAL
from dataplane.proc.server import privileged

pytestmark = [pytest.mark.live, pytest.mark.skipif(not privileged(), reason="namespaces with names, and rules on the host")]


@asynccontextmanager
async def named_in(folder: Path, name: str, *, leave: bool = False) -> AsyncIterator[tuple[Core, Naming]]:
    async with core_in(folder, name, leave=leave) as core:
        naming = Naming(core, HostResolv(folder / "no-resolv.conf"))
        await naming.start()
        try:
            yield core, naming
        finally:
            await naming.stop()


async def dig(core: Core, container: str, *words: str) -> set[str]:
    text = await inside(core, container, f"dig +time=10 +tries=1 +short @127.0.0.11 {' '.join(words)}", check=False)
    return {line for line in text.splitlines() if not line.startswith(";")}


def test_names_follow_the_state(tmp_path: Path) -> None:
    """DOCKER.md 1.5 "names" on a running daemon: start, stop, connect with an alias, disconnect, rename; a packet goes to what the
    answer says."""

    async def main() -> None:
        async with named_in(tmp_path, "t-dns-a") as (core, _naming):
            await network(core, "mine")
            await network(core, "other")
            web, db = await run(core, "web", "mine"), await run(core, "db", "mine")
            (address,) = await dig(core, web, "db")
            assert await inside(core, web, f"ping -c 1 -W 10 {address}")
            assert await dig(core, web, "db.mine") == {address}
            late = await run(core, "late")
            assert not await dig(core, late, "db")
            networks = Networks(core)
            await networks.connect("mine", "late", EndpointWish(aliases=("newcomer",)))
            assert await dig(core, late, "db") == {address}
            assert await dig(core, web, "newcomer") == await dig(core, web, "late")
            await networks.disconnect("mine", "late")
            assert not await dig(core, web, "newcomer")
            async with core.lock:
                await core.change_to(containers.rename(core.state, db, "store"))
            assert await dig(core, web, "store") == {address}
            assert not await dig(core, web, "db")
            assert await dig(core, web, "-x", address) == {"store.mine."}
            await end(core, db)
            assert not await dig(core, web, "store")
            await start(core, db)
            assert len(await dig(core, web, "store")) == 1

    asyncio.run(main())


def test_the_next_daemon_answers(tmp_path: Path) -> None:
    """A daemon goes, its containers stay; the next one's name server takes the place of the last one's, within its start."""

    async def main() -> None:
        async with named_in(tmp_path, "t-dns-b", leave=True) as (core, _naming):
            await network(core, "mine")
            web, db = await run(core, "web", "mine"), await run(core, "db", "mine")
            before = await dig(core, web, "db")
            assert before
        async with named_in(tmp_path, "t-dns-b") as (core, _naming):
            assert await dig(core, web, "db") == before
            assert await dig(core, db, "+tcp", "web")

    asyncio.run(main())


def test_the_files_of_containers(tmp_path: Path) -> None:
    """DOCKER.md 1.5 "resolv.conf", "default bridge"; 1.3 --link there: an entry in hosts that follows the other's address."""

    async def main() -> None:
        async with named_in(tmp_path, "t-dns-c") as (core, naming):
            await network(core, "mine")
            db = await run(core, "db")
            web = await create(core, "web")
            linked = containers_linked(core, web, db)
            async with core.lock:
                await core.change_to(linked)
            await start(core, web)
            binds = naming.files.write(core.state, web)
            hosts = Path(binds["/etc/hosts"])
            assert hosts.read_text() == f"{LOCAL}172.17.0.2\tstore {db[:12]} db\n172.17.0.3\t{web[:12]}\n"
            assert Path(binds["/etc/resolv.conf"]).read_text() == "nameserver 8.8.8.8\nnameserver 8.8.4.4\n"
            assert Path(binds["/etc/hostname"]).read_text() == f"{web[:12]}\n"
            hosts.write_text(hosts.read_text() + "10.0.0.1\tmine.own\n")
            await end(core, db)
            await run(core, "third")
            await start(core, db)
            text = hosts.read_text()
            assert f"172.17.0.4\tstore {db[:12]} db\n" in text
            assert "172.17.0.2\tstore" not in text
            assert "10.0.0.1\tmine.own\n" in text
            await Networks(core).connect("mine", "web", EndpointWish())
            assert "nameserver 127.0.0.11\n" in Path(binds["/etc/resolv.conf"]).read_text()
            assert f"172.18.0.2\t{web[:12]}\n" in hosts.read_text()
            sharing = await create(core, "sharing", mode="container:web")
            await start(core, sharing)
            assert naming.files.write(core.state, sharing) == binds
            host = await run(core, "host", mode="host")
            assert naming.files.write(core.state, host) == {}
            await end(core, web)
            async with core.lock:
                await core.change_to(containers.remove(core.state, web))
            assert not hosts.exists()

    asyncio.run(main())


def containers_linked(core: Core, web: str, db: str):  # type: ignore[no-untyped-def]
    from dataclasses import replace

    record = replace(core.state.containers[web], links=((db, "store"),))
    return replace(core.state, containers={**core.state.containers, web: record})


def test_a_published_port_53(tmp_path: Path) -> None:
    """The container's own server on 0.0.0.0:53 and ours beside it, in a daemon's namespace."""
    code = "import socket; u = socket.socket(type=socket.SOCK_DGRAM); u.bind(('0.0.0.0', 53)); print(u.getsockname()[1])"
    serve = f'python3 -c "{code}"'

    async def main() -> None:
        async with named_in(tmp_path, "t-dns-d") as (core, _naming):
            await network(core, "mine")
            web = await run(core, "web", "mine", ports=(PortBinding(target=53, target_last=53, protocol="udp"),))
            assert await inside(core, web, serve) == "53\n"
            assert await dig(core, web, "web") == {"172.18.0.2"}

    asyncio.run(main())
