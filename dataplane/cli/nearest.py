"""Did you mean: the nearest right words to a wrong one."""

from __future__ import annotations

from collections.abc import Iterable

from dataplane.similar import similar


def suggest(word: str, right: Iterable[str], all_of_them: str) -> str:
    """What to do about ``word``: the right words that look like it, and the command that lists all."""
    near = similar(word, right, most=3)
    if not near:
        return f"`{all_of_them}` lists what there is"
    return f"did you mean {' or '.join(near)}? `{all_of_them}` lists what there is"
