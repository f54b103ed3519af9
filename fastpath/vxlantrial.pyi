from typing_extensions import Buffer

def pushed(
    octets: Buffer,
    *,
    source: str,
    target: str,
    vni: int,
    port: int = 4789,
    ttl: int = 64,
    dscp: int = 0,
    inherit_ttl: bool = False,
    inherit_dscp: bool = False,
    checksum: bool = False,
    seed: int = 0,
    flags: int = 0,
    csum_start: int = 0,
    csum_offset: int = 0,
) -> bytes: ...
def popped(octets: Buffer, *, port: int = 4789, strict: bool = False) -> tuple[int, bytes] | str: ...
def source_port(octets: Buffer, seed: int = 0) -> int: ...
def ecn(octets: Buffer, outer: int) -> bytes | None: ...
def stripped(octets: Buffer) -> bytes | None: ...
def taken_apart(
    octets: Buffer,
    own: int,
    *,
    gso_type: int,
    gso_size: int,
    csum_start: int = 0,
    csum_offset: int = 0,
    unfinished: bool = False,
    first: int = 0,
    slots: int = 2048,
) -> tuple[list[tuple[bytes, bytes]], dict[str, int]]: ...
