"""A bridge with memory ports a, b, c…, and what it did, for tests."""

import string

from fastpath import Bridge, Engine, MemoryPort, Outbox

SECOND = 1_000_000_000
BROADCAST = "ff:ff:ff:ff:ff:ff"


def mac(number: int) -> str:
    return (0x020000000000 + number).to_bytes(6, "big").hex(":")


def octets(address: str) -> bytes:
    return bytes.fromhex(address.replace(":", ""))


def frame(source: str, target: str, payload: bytes = b"\x88\xb5" + bytes(46)) -> bytes:
    """An Ethernet frame; the payload begins with its type (default: the experimental one of IEEE 802)."""
    return octets(target) + octets(source) + payload


class Switch:
    """`n` ports on one bridge; `members` are the settings of each port by its letter."""

    def __init__(self, n: int = 4, *, burst: int = 256, seed: int = 0, mtus: dict[str, int] | None = None, members=None, **bridge):
        self.engine = Engine(burst=burst, seed=seed)
        self.outbox = Outbox()
        self.bridge = Bridge(self.engine, "bridge", **bridge)
        self.ports: dict[str, MemoryPort] = {}
        self.members: dict[str, int] = {}
        self.names: dict[int, str] = {}
        for name in string.ascii_lowercase[:n]:
            port = MemoryPort(self.engine, name, outbox=self.outbox, mtu=(mtus or {}).get(name, 1500))
            self.members[name] = self.bridge.add_member(port, **(members or {}).get(name, {}))
            port.lead_to(self.bridge, self.members[name])
            self.ports[name] = port
            self.names[port.index] = name

    def send(self, port: str, *frames: bytes, at: float = 0) -> list[tuple[str, bytes]]:
        """The frames arrive at the port at `at` seconds; everything emitted, in order."""
        for one in frames:
            self.ports[port].push(one)
        self.engine.run_until_idle(round(at * SECOND))
        return self.emitted()

    def emitted(self) -> list[tuple[str, bytes]]:
        return [(self.names[index], data) for index, _, data in self.outbox.take()]

    def reached(self, port: str, one: bytes, at: float = 0) -> str:
        """The letters of the ports that the frame left by, sorted; each got the identical octets, once."""
        out = self.send(port, one, at=at)
        assert all(data == one for _, data in out)
        letters = "".join(sorted(name for name, _ in out))
        assert len(set(letters)) == len(letters)
        return letters

    def dropped(self, name: str = "bridge") -> dict[str, int]:
        """Drops of a node by reason."""
        return {
            row["reason"].item(): int(row["count"]) for row in self.engine.drops() if (row["scope"], row["name"]) == ("node", name)
        }

    def stations(self, at: float = 0) -> dict[str, str]:
        """The live entries: port by address."""
        rows = self.bridge.stations(round(at * SECOND))
        return {int(row["mac"]).to_bytes(6, "big").hex(":"): self.bridge.names[row["member"]] for row in rows}


def balanced(engine: Engine) -> bool:
    """The equation of DESIGN, idea 5: per node and in sum; and what ports dropped is what nodes dropped of theirs."""
    rows = engine.counters()
    left = rows["in"] + rows["cloned"] + rows["originated"]
    right = rows["out"] + rows["consumed"] + rows["dropped"] + rows["held"]
    by_scope = {scope: sum(int(row["count"]) for row in engine.drops() if row["scope"] == scope) for scope in ("node", "port")}
    return bool((left == right).all()) and by_scope["node"] == by_scope["port"] == int(rows["dropped"].sum())
