from typing_extensions import Buffer

def fragments(
    octets: Buffer,
    mtu: int,
    *,
    network: int = 14,
    identification: int = -1,
    csum_start: int = 0,
    csum_offset: int = 0,
    own: int = 0,
    lasting: bool = True,
) -> list[bytes]: ...
