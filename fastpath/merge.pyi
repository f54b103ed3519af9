from collections.abc import Sequence

def merged(
    frames: Sequence[bytes], *, takes: int = 7, valid: bool = False, undone: bool = False, own: int = 0
) -> list[dict[str, int | bytes]]: ...
