"""What a benchmark that takes words is told on the command line: `dataplane bench encap --size 1500 --flows 1000`."""

from __future__ import annotations

from dataclasses import dataclass

from bench.traffic import IMIX

NAMED = {"imix": IMIX}
LEAST, LARGEST = 42, 8000


def size(text: str) -> tuple[int, ...]:
    """Octets without FCS, or "IMIX". Errors: ValueError."""
    if text.lower() in NAMED:
        return NAMED[text.lower()]
    if not text.isdecimal() or not LEAST <= int(text) <= LARGEST:
        raise ValueError(f"{text!r} is neither a number of octets from {LEAST} to {LARGEST} nor IMIX")
    return (int(text),)


def short(number: int) -> str:
    """1000 as "1 k"."""
    for unit, name in ((1_000_000, " M"), (1000, " k")):
        if number >= unit and number % unit == 0:
            return f"{number // unit}{name}"
    return str(number)


@dataclass(frozen=True)
class Settings:
    """What is empty or None is the case's own choice. A case without settings refuses them."""

    sizes: tuple[str, ...] = ()
    flows: tuple[int, ...] = ()
    peers: tuple[int, ...] = ()
    bursts: tuple[int, ...] = ()
    outer: int | None = None
    pcap: str | None = None

    @property
    def given(self) -> list[str]:
        """The options that were, as they are written."""
        values = {
            "--size": self.sizes,
            "--flows": self.flows,
            "--peers": self.peers,
            "--burst": self.bursts,
            "--outer": self.outer,
            "--pcap": self.pcap,
        }
        return [name for name, value in values.items() if value]
