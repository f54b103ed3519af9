"""Names of containers: which may be, whose they are, and invented ones. Pure."""

from __future__ import annotations

import re
from ipaddress import ip_address
from itertools import count

from dataplane.desired.records import State
from dataplane.desired.refused import Refused
from dataplane.desired.wishes import ContainerWish
from dataplane.desired.words import PLACES, QUALITIES

SHAPE = "[a-zA-Z0-9][a-zA-Z0-9_.-]"
HOSTNAME = 64
"""Octets of a host's name (HOST_NAME_MAX)."""
_WORD = re.compile(r"[^\s/\x00-\x1f\x7f]+")
_NAME = re.compile(f"{SHAPE}+", re.ASCII)


def require_free(state: State, name: str) -> None:
    """Refused 400: no container can be called so; 409: one is."""
    if not _NAME.fullmatch(name):
        raise Refused(400, f"Invalid container name ({name}), only {SHAPE} are allowed", mend="two characters at least")
    other = next((one for one in state.containers.values() if one.name == name), None)
    if other is not None:
        raise Refused(
            409,
            f'Conflict. The container name "/{name}" is already in use by container "{other.id}". '
            "You have to remove (or rename) that container to be able to reuse that name.",
            mend=f"remove it: rm {name}",
        )


def require_words(wish: ContainerWish) -> None:
    """Refused 400: names that the kernel, or a line of a hosts file or of resolv.conf, has no place for."""
    record = wish.record
    if record.hostname and (len(record.hostname) > HOSTNAME or not _WORD.fullmatch(record.hostname)):
        words = f"invalid hostname: {record.hostname}"
        raise Refused(400, words, mend=f"at most {HOSTNAME} characters, without spaces and slashes (sethostname(2))")
    for what, name in (
        *(("link", alias) for _, alias in wish.links),
        *(("link", alias) for one in wish.networks.values() for _, alias in one.links),
        *(("extra host", name) for name, _ in record.extra_hosts),
        *(("domain name", name) for name in [record.domainname]),
    ):
        if name and not _WORD.fullmatch(name):
            raise Refused(400, f"invalid {what}: {name}", mend="write it without spaces and slashes")
    for text in record.dns:
        if not is_address(text):
            raise Refused(400, f'ParseAddr("{text[:128]}"): unable to parse IP', mend="a DNS server is an IP address, like 8.8.8.8")
    for what, texts in (("DNS search domain", record.dns_search), ("DNS option", record.dns_opt)):
        for text in texts:
            if not re.fullmatch(r"\S{0,255}", text):
                raise Refused(400, f"invalid {what}: {text[:128]}", mend="one word each: it stands in a line of resolv.conf")


def is_address(text: str) -> bool:
    """IPv4 or IPv6."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def invented(state: State, id: str) -> str:
    """A quality and a place, picked by the digits of the id; numbered where that is taken."""
    number, taken = int(id[:16], 16), {one.name for one in state.containers.values()}
    base = f"{QUALITIES[number % len(QUALITIES)]}_{PLACES[number // len(QUALITIES) % len(PLACES)]}"
    return next(name for suffix in count() for name in [f"{base}{suffix or ''}"] if name not in taken)
