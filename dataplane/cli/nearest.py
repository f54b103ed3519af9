"""Did you mean: the nearest right words to a wrong one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def suggest(word: str, right: Iterable[str], all_of_them: str) -> str:
    """What to do about ``word``: the right words that look like it, and the command that lists all."""
    near = get_close_matches(word, list(right), n=3, cutoff=0.6)
    if not near:
        return f"`{all_of_them}` lists what there is"
    return f"did you mean {' or '.join(near)}? `{all_of_them}` lists what there is"
