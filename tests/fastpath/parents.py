"""A segment behind a parent, on memory ports: `wire` and members a, b, c…; what it did, for tests."""

from fastpath import Engine, Ipvlan, Macvlan, MemoryPort, Outbox, Vlan

SECOND = 1_000_000_000
BROADCAST = "ff:ff:ff:ff:ff:ff"
OURS = 0x02AA00000001
"""The MAC of the parent, which members of an Ipvlan share."""


class Segment:
    """Who got what: `reached("a", frame)` gives the letters of members, and `w` for the wire, sorted."""

    def __init__(self, make, *, wire: bool = True) -> None:
        self.engine, self.outbox = Engine(), Outbox()
        self.node = make(self.engine)
        self.ports: dict[str, MemoryPort] = {}
        self.numbers: dict[str, int] = {}
        self.names: dict[int, str] = {}
        if wire:
            port = self._port("w")
            self.node.lead_wire(port)
            port.lead_to(self.node, 0)

    def _port(self, name: str) -> MemoryPort:
        port = self.ports[name] = MemoryPort(self.engine, name, outbox=self.outbox, mtu=9000)
        self.names[port.index] = name
        return port

    def add(self, name: str, **settings) -> int:
        port = self._port(name)
        add = self.node.add_network if isinstance(self.node, Vlan) else self.node.add_member
        self.numbers[name] = add(port, **settings)
        port.lead_to(self.node, self.numbers[name])
        return self.numbers[name]

    def send(self, name: str, *frames: bytes, at: float = 0) -> list[tuple[str, bytes]]:
        for one in frames:
            self.ports[name].push(one)
        self.engine.run_until_idle(max(round(at * SECOND), self.engine.now))
        return [(self.names[index], octets) for index, _, octets in self.outbox.take()]

    def reached(self, name: str, one: bytes) -> str:
        out = self.send(name, one)
        assert all(octets == one for _, octets in out)
        assert len({letter for letter, _ in out}) == len(out)
        return "".join(sorted(letter for letter, _ in out))

    def dropped(self) -> dict[str, int]:
        """Of the node, by reason, since the last call."""
        before = getattr(self, "_before", {})
        rows = {
            str(r["reason"]): int(r["count"]) for r in self.engine.drops() if r["scope"] == "node" and r["name"] == self.node.name
        }
        self._before = rows
        return {reason: n - before.get(reason, 0) for reason, n in rows.items() if n > before.get(reason, 0)}

    def balanced(self) -> bool:
        rows = self.engine.counters()
        into = rows["in"] + rows["cloned"] + rows["originated"]
        return bool((into == rows["out"] + rows["consumed"] + rows["dropped"] + rows["held"]).all())


def macvlan(modes: str, *, wire: bool = True) -> Segment:
    """Members a, b, c… in modes by their first letters (b, p, v, t for passthru); member n has the address 02:00:00:00:00:n."""
    words = {"b": "bridge", "p": "private", "v": "vepa", "t": "passthru"}
    made = Segment(lambda engine: Macvlan(engine, "segment"), wire=wire)
    for n, mode in enumerate(modes, 1):
        made.add("abcdefgh"[n - 1], mac=0x020000000000 + n, mode=words[mode])
    return made


def ipvlan(members: int = 3, *, mode: str = "l2", flag: str = "bridge", wire: bool = True) -> Segment:
    """Members a, b, c… with 10.0.0.n and fd00::n."""
    made = Segment(lambda engine: Ipvlan(engine, "segment", mac=OURS, mode=mode, flag=flag), wire=wire)
    for n in range(1, members + 1):
        made.add("abcdefgh"[n - 1], addresses=[f"10.0.0.{n}", f"fd00::{n}"])
    return made


def vlans(*identifiers: int) -> Segment:
    """Networks a, b, c… with these VLANs."""
    made = Segment(lambda engine: Vlan(engine, "segment"))
    for letter, identifier in zip("abcdefgh", identifiers, strict=False):
        made.add(letter, identifier=identifier)
    return made
