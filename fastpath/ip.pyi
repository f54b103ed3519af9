from typing import Any

from typing_extensions import Buffer

def read(octets: Buffer, own: int = 0) -> dict[str, Any] | str: ...
