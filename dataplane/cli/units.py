"""Quantities as people read them, a few characters wide."""

from __future__ import annotations


def octets(number: float) -> str:
    """``999 B``, ``1.5 kB``, ``12 MB``: decimal steps, as links are rated."""
    return f"{_scaled(number, 'B')}"


def bit_rate(octets_per_second: float | None) -> str:
    """``1.2 Gbit/s``; a dash when there is no interval yet."""
    return "-" if octets_per_second is None else _scaled(octets_per_second * 8, "bit/s")


def frame_rate(frames_per_second: float | None) -> str:
    """``950 /s``; a dash when there is no interval yet."""
    return "-" if frames_per_second is None else f"{frames_per_second:,.0f}/s"


def seconds(number: float) -> str:
    """``0.3 s``, ``45 s``, ``12 min``, ``3 h``, ``9 d``."""
    if number < 10:
        return f"{number:.1f} s"
    for limit, unit, length in ((100, "s", 1), (6_000, "min", 60), (172_800, "h", 3_600)):
        if number < limit:
            return f"{number / length:.0f} {unit}"
    return f"{number / 86_400:.0f} d"


def _scaled(number: float, unit: str) -> str:
    prefix = ""
    for larger in "kMGT":
        if number < 1000:
            break
        number, prefix = number / 1000, larger
    digits = 0 if not prefix or number >= 100 else 1
    return f"{number:.{digits}f} {prefix}{unit}"
