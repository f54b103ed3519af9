from typing_extensions import Buffer

def segments(
    octets: Buffer,
    *,
    gso_type: int = 0,
    gso_size: int = 0,
    csum_start: int = 0,
    csum_offset: int = 0,
    outer_csum: bool = False,
    outer_transport: int = 0,
    inner_network: int = 0,
    own: int = 0,
) -> list[bytes]: ...
def pieces(
    octets: Buffer,
    longest: int,
    *,
    gso_type: int,
    gso_size: int,
    csum_start: int,
    csum_offset: int,
    own: int = 0,
) -> list[dict[str, int | bytes]]: ...
