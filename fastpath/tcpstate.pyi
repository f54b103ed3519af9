STATES: tuple[str, ...]
NAMES: tuple[str, ...]
TABLE: tuple[tuple[str, ...], ...]
CODES: dict[str, int]

def drawn() -> str: ...
