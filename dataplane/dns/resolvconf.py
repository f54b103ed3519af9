"""A container's /etc/resolv.conf (resolv.conf(5)), made of the host's and of what its user asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address

from dataplane.desired.records import ContainerRecord
from dataplane.model import IPAddress

EMBEDDED = "127.0.0.11"
"""Where every container finds its names."""
DEFAULT4, DEFAULT6 = ("8.8.8.8", "8.8.4.4"), ("2001:4860:4860::8888", "2001:4860:4860::8844")
MAX_UPSTREAMS = 3


@dataclass(frozen=True, slots=True)
class Upstream:
    """A name server outside. ``host``: the host's own, asked from its network, where it may be on a loopback address; else it is
    asked from the container's."""

    address: IPAddress
    host: bool = False

    def __str__(self) -> str:
        return f"host({self.address})" if self.host else str(self.address)


@dataclass(frozen=True, slots=True)
class ResolvConf:
    """The file's directives. ``other``: lines that mean nothing to us, as they are."""

    servers: tuple[IPAddress, ...] = ()
    search: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    other: tuple[str, ...] = ()

    @property
    def ndots(self) -> bool:
        """It says for itself how many dots make a name whole."""
        return any(_is_ndots(option) for option in self.options)


def parse(text: str) -> ResolvConf:
    """The host's file. What cannot be read is left out, as the C library does."""
    servers: list[IPAddress] = []
    search: tuple[str, ...] = ()
    options: list[str] = []
    other: list[str] = []
    for line in text.splitlines():
        words = line.split()
        if not words or words[0][0] in "#;":
            continue
        match words[0], words[1:]:
            case "nameserver", [address, *_]:
                servers += _address(address)
            case (("domain" | "search"), [_, *_] as names):
                search = tuple(names)
            case "options", more:
                options += more
            case (("nameserver" | "domain" | "search"), _):
                pass
            case _:
                other.append(line)
    return ResolvConf(tuple(servers), search, tuple(options), tuple(other))


def _address(text: str) -> list[IPAddress]:
    try:
        return [ip_address(text)]
    except ValueError:
        return []


def _is_ndots(option: str) -> bool:
    key, _, value = option.partition(":")
    return key == "ndots" and value.isdecimal()


def asked(container: ContainerRecord, host: ResolvConf) -> ResolvConf:
    """The host's, with what the user said in the place of it: ``--dns``, ``--dns-search`` (``.`` for none), ``--dns-option``."""
    return ResolvConf(
        tuple(address for text in container.dns for address in _address(text)) or host.servers,
        tuple(name for name in container.dns_search if name != ".") if container.dns_search else host.search,
        container.dns_opt or host.options,
        host.other,
    )


def upstreams(container: ContainerRecord, host: ResolvConf) -> tuple[Upstream, ...]:
    """Whom the embedded server asks for a container, in order, three at most."""
    given = tuple(Upstream(address) for text in container.dns for address in _address(text))
    found = given or tuple(Upstream(address, host=True) for address in host.servers)
    return tuple(one for one in found if one.host or str(one.address) != EMBEDDED)[:MAX_UPSTREAMS]


def embedded(container: ContainerRecord, host: ResolvConf) -> ResolvConf:
    """The file of a container that has the embedded server."""
    file = asked(container, host)
    options = tuple(option for option in file.options if _is_ndots(option) or not option.startswith("ndots"))
    options = options if file.ndots else (*options, "ndots:0")
    return ResolvConf((ip_address(EMBEDDED),), file.search, options, file.other)


def plain(container: ContainerRecord, host: ResolvConf, *, ipv6: bool) -> ResolvConf:
    """The file of one that has not: the host's without loopback servers, which are others' there; public ones if none is left."""
    file = asked(container, host)
    if container.dns:
        return file
    usable = tuple(one for one in file.servers if not one.is_loopback and (ipv6 or one.version == 4))
    default = (*DEFAULT4, *(DEFAULT6 if ipv6 else ()))
    return ResolvConf(usable or tuple(map(ip_address, default)), file.search, file.options, file.other)


def text(file: ResolvConf, notes: Iterable[str] = ()) -> str:
    """The file as it is written; ``notes`` end up as comments."""
    lines = [f"nameserver {address}" for address in file.servers]
    lines += [f"search {' '.join(file.search)}"] if file.search else []
    lines += [f"options {' '.join(file.options)}"] if file.options else []
    return "".join(f"{line}\n" for line in (*lines, *file.other, *(f"# {note}" for note in notes)))
