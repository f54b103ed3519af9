"""How long a flow lives without a packet, in seconds by kind of flow.

The defaults meet the documents: UDP RFC 4787 REQ-5 (at least 120, better 300); TCP RFC 5382 REQ-5 (at least 7,440 established, and
240 transitory: opening, or after both FINs or a RST); ICMP queries RFC 5508 REQ-2 (at least 60). "linux" gives the kernel's own.
"""

from collections.abc import Mapping

DEFAULT: dict[str, float] = {
    "udp": 300,  # nobody has answered yet
    "udp_stream": 300,
    "tcp_established": 7440,
    "tcp_transitory": 240,
    "icmp": 60,
    "other": 600,  # protocols without ports, SCTP among them
}
LINUX: dict[str, float] = {
    "udp": 30,
    "udp_stream": 120,
    "tcp_established": 432_000,
    "tcp_transitory": 120,
    "icmp": 30,
    "other": 600,
}
# By the lists of flowtable.pxd: OPENING, QUERIES, ECHOES, OTHERS, CLOSING, ANSWERED, ESTABLISHED, OTHERS_ANSWERED.
LIST_TIMEOUTS = ("tcp_transitory", "udp", "icmp", "other", "tcp_transitory", "udp_stream", "tcp_established", "other")
LONGEST = 30 * 24 * 3600


def resolve(timeouts: Mapping[str, float] | str | None) -> dict[str, float]:
    """All timeouts, those given over the defaults. Errors: ValueError."""
    if timeouts == "linux":
        return dict(LINUX)
    if isinstance(timeouts, str):
        raise ValueError(f'timeouts: a mapping of seconds, or "linux", not "{timeouts}"')
    given = dict(timeouts or {})
    for name, seconds in given.items():
        if name not in DEFAULT:
            raise ValueError(f"timeouts: {name} is not known; there are {', '.join(DEFAULT)}")
        if not 1 <= seconds <= LONGEST:
            raise ValueError(f"timeouts: {name} is {seconds}, and may be 1 to {LONGEST} seconds")
    return DEFAULT | given
