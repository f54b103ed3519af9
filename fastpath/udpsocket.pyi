from collections.abc import Iterable

SOL_UDP: int

def open_udp(addresses: Iterable[str], port: int = 4789, *, groups: Iterable[str] = (), senders: int = 64) -> list[int]: ...
