"""Questions and answers as octets (RFC 1035 section 4, RFC 6891). dnspython reads; answers, all of one shape, are written here."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdatatype

from dataplane.model import IPAddress

TTL = 600
MIN_SIZE, MAX_SIZE = 512, 65535
HEADER = struct.Struct("!HHHHHH")
_TAIL = struct.Struct("!HH")
_RECORD = struct.Struct("!HHIH")
QR, RA, RD, TC, CD = 0x8000, 0x0080, 0x0100, 0x0200, 0x0010
_OPCODE = 0x7800
_TO_NAME = b"\xc0\x0c"  # the question's name, which follows the header (RFC 1035 section 4.1.4)
NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED = 0, 1, 2, 3, 4, 5
A, PTR, MX, AAAA, IN = 1, 12, 15, 28, 1


@dataclass(frozen=True, slots=True)
class Question:
    """``name`` in lower case without the last dot; ``wire``: the question section in the asker's own case. ``flags``: of the
    header. ``size``: octets of an answer by UDP."""

    name: str
    kind: int
    kind_name: str
    internet: bool
    wire: bytes
    flags: int
    size: int


class Unreadable(Exception):  # noqa: N818 it is what the question is
    """A question that gets an error of the protocol as its answer, or none (``rcode`` None)."""

    def __init__(self, why: str, rcode: int | None) -> None:
        super().__init__(why)
        self.rcode = rcode


def read(query: bytes) -> Question:
    """The one question of a query."""
    if len(query) < HEADER.size:
        raise Unreadable("shorter than a header", None)
    _id, flags, questions, answers, authorities, more = HEADER.unpack_from(query)
    if flags & QR:
        raise Unreadable("an answer, no question", None)
    if flags & _OPCODE:
        raise Unreadable("no ordinary query", NOTIMP)
    if questions != 1 or answers or authorities:
        raise Unreadable("not exactly one question", FORMERR)
    try:
        name, kind, group, size = _whole(query) if more else _bare(query)
        text = name.to_text(omit_final_dot=True).lower() if len(name) > 1 else ""
        wire = (name.to_wire() or b"") + _TAIL.pack(kind, group)
    except (dns.exception.DNSException, ValueError, struct.error) as error:
        raise Unreadable(f"not readable: {error}", FORMERR) from None
    return Question(text, kind, dns.rdatatype.to_text(dns.rdatatype.RdataType.make(kind)), group == IN, wire, flags, size)


def _bare(query: bytes) -> tuple[dns.name.Name, int, int, int]:
    """A query of a question and nothing else."""
    name, used = dns.name.from_wire(query, HEADER.size)
    if len(query) != HEADER.size + used + _TAIL.size:
        raise ValueError("more or less than a question")
    return name, *_TAIL.unpack_from(query, HEADER.size + used), MIN_SIZE


def _whole(query: bytes) -> tuple[dns.name.Name, int, int, int]:
    """One with EDNS, or more yet."""
    message = dns.message.from_wire(query)
    (asked,) = message.question
    return asked.name, int(asked.rdtype), int(asked.rdclass), max(MIN_SIZE, message.payload) if message.edns >= 0 else MIN_SIZE


def error(query: bytes, rcode: int) -> bytes:
    """An answer that says nothing but ``rcode``; the question is repeated where it can be read."""
    number, flags, *_ = HEADER.unpack_from(query)
    try:
        question = read(query).wire
    except Unreadable:
        question = b""
    flags = QR | flags & (_OPCODE | RD | CD) | RA | rcode
    return HEADER.pack(number, flags, 1 if question else 0, 0, 0, 0) + question


@dataclass(frozen=True, slots=True)
class Answer:
    """All but its first two octets, the query's number. ``records``: to be put in any order behind ``head``."""

    head: bytes
    records: tuple[bytes, ...] = ()


def answer(question: Question, data: Sequence[IPAddress | bytes], *, size: int) -> Answer:
    """NOERROR with a record of the question's type for each of ``data``, not compressed unless it would not fit into ``size``
    octets; if it does not even so, as many as do, marked as truncated."""
    octets = [one if isinstance(one, bytes) else one.packed for one in data]
    room = size - HEADER.size - len(question.wire)
    owner = question.wire[:-4]
    if sum(len(owner) + _RECORD.size + len(one) for one in octets) > room:
        owner = _TO_NAME
    records = tuple(owner + _RECORD.pack(question.kind, IN, TTL, len(one)) + one for one in octets)
    fits, used = 0, 0
    while fits < len(records) and used + len(records[fits]) <= room:
        used += len(records[fits])
        fits += 1
    flags = QR | question.flags & (RD | CD) | RA | (TC if fits < len(records) else 0)
    head = HEADER.pack(0, flags, 1, fits, 0, 0)[2:] + question.wire
    return Answer(head, records[:fits])


def name_octets(name: str) -> bytes:
    """A name as it stands in a record; dots part its labels. ValueError where it is too long."""
    try:
        return dns.name.from_text(name).to_wire() or b""
    except dns.exception.DNSException as error:
        raise ValueError(str(error)) from None


def rcode_of(reply: bytes) -> int:
    """The four bits of the header: what others do with it hangs on no more."""
    return reply[3] & 15


def rcode_name(rcode: int) -> str:
    """As dig writes it."""
    return dns.rcode.to_text(dns.rcode.Rcode.make(rcode))


def answers(query: bytes, reply: bytes) -> bool:
    """A reply to that query, as far as both say: the number, and the question in whatever case."""
    if len(reply) < HEADER.size or reply[:2] != query[:2] or not reply[2] & 0x80:
        return False
    try:
        asked = read(query).wire
    except Unreadable:
        return False
    got = reply[HEADER.size : HEADER.size + len(asked)]
    # A server that cannot read the question may leave it out.
    return got.lower() == asked.lower() or (reply[4:6] == b"\0\0" and rcode_of(reply) != NOERROR)
