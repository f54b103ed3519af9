"""From a query's octets to what becomes of it: an answer, or a question to somebody else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address

import dns.exception
import dns.name
import dns.reversename

from dataplane.dns import wire
from dataplane.dns.view import Found, View
from dataplane.dns.wire import Answer, Question, Unreadable
from dataplane.model import IPAddress

Order = Callable[[Sequence[bytes]], Sequence[bytes]]


def _as_they_are(records: Sequence[bytes]) -> Sequence[bytes]:
    return records


@dataclass(frozen=True, slots=True)
class Response:
    """``answer`` None: hand the question on (``question`` is there then), or answer nothing. ``rcode`` as it is answered."""

    question: Question | None
    answer: Answer | None
    rcode: int
    why: str

    @property
    def forward(self) -> bool:
        """It is to be handed on."""
        return self.answer is None and self.question is not None

    def octets(self, number: bytes, order: Order = _as_they_are) -> bytes:
        """The answer to the query of that ``number`` (two octets), its records in that ``order``; b"" where there is none."""
        if self.answer is None:
            return b""
        records = self.answer.records
        return b"".join((number, self.answer.head, *(order(records) if len(records) > 1 else records)))


def respond(view: View, query: bytes, *, tcp: bool = False) -> Response:
    """What a container with this view gets for a query."""
    try:
        question = wire.read(query)
    except Unreadable as error:
        if error.rcode is None:
            return Response(None, None, wire.FORMERR, str(error))
        return Response(None, Answer(wire.error(query, error.rcode)[2:]), error.rcode, str(error))
    size = wire.MAX_SIZE if tcp else question.size
    match question.kind if question.internet else 0:
        case wire.A | wire.AAAA | wire.MX:
            return _named(view, question, size)
        case wire.PTR:
            return _reverse(view, question, size)
    return Response(question, None, 0, f"{question.kind_name} is not ours to answer")


def _named(view: View, question: Question, size: int) -> Response:
    found = view.find(question.name) if question.name else None
    if found is not None:
        version = {wire.A: 4, wire.AAAA: 6}.get(question.kind)
        addresses = [address for address in found.addresses if address.version == version]
        return _say(question, addresses, size, _found(found, addresses, question))
    if view.ndots and question.kind != wire.MX and "." not in question.name:
        return _say(question, (), size, f"{_unknown(view, question.name)}; one word alone is not asked outside: the user set ndots")
    return Response(question, None, 0, _unknown(view, question.name))


def _reverse(view: View, question: Question, size: int) -> Response:
    address = _address(question.name)
    name = view.name_of(address) if address is not None else None
    if name is None:
        return Response(question, None, 0, f"{address or question.name} is nobody's address on {_networks(view)}")
    return _say(question, (wire.name_octets(name),), size, f"{address} is {name}")


def _address(name: str) -> IPAddress | None:
    try:
        found = ip_address(dns.reversename.to_address(dns.name.from_text(name)))
    except (dns.exception.DNSException, ValueError):
        return None
    # Fewer than four numbers would be read as a network.
    return found if name.count(".") == (5 if isinstance(found, IPv4Address) else 33) else None


def _say(question: Question, data: Sequence[IPAddress | bytes], size: int, why: str) -> Response:
    return Response(question, wire.answer(question, data, size=size), wire.NOERROR, why)


def _found(found: Found, addresses: Sequence[IPAddress], question: Question) -> str:
    where = f"on {found.network}" + (f", by a link to {found.linked}" if found.linked else "")
    if addresses:
        return f"{', '.join(map(str, addresses))} {where}"
    return f"known {where}, but it has no {question.kind_name} record there"


def _unknown(view: View, name: str) -> str:
    return f"nobody is called {name or 'the root'} on {_networks(view)}"


def _networks(view: View) -> str:
    return ", ".join(zone.network.name for zone in view.zones) or "any network"
