"""Packets of one family, built by Scapy from names: the same words for IPv4 and IPv6."""

from __future__ import annotations

from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import (
    ICMPv6DestUnreach,
    ICMPv6EchoReply,
    ICMPv6EchoRequest,
    ICMPv6PacketTooBig,
    ICMPv6ParamProblem,
    ICMPv6TimeExceeded,
    IPv6,
)
from scapy.packet import Packet, Raw

from tests.gateway.plan import ADDRESSES

ICMP_OF = {4: 1, 6: 58}
# The same error in both families: (type, code) as RFC 792, RFC 1812 and RFC 4443 number them.
ERRORS = {
    "net unreachable": ((3, 0), (1, 0)),
    "host unreachable": ((3, 1), (1, 3)),
    "port unreachable": ((3, 3), (1, 4)),
    "prohibited": ((3, 13), (1, 1)),
    "too big": ((3, 4), (2, 0)),
    "time exceeded": ((11, 0), (3, 0)),
    "reassembly time": ((11, 1), (3, 1)),
    "parameter": ((12, 0), (4, 0)),
    "cut chain": ((12, 0), (4, 3)),
}


class Packets:
    """`v`: the family, 4 or 6. Sources and destinations are names of plan.ADDRESSES or addresses."""

    v: int

    def at(self, name: str) -> str:
        """The address that a name stands for."""
        return ADDRESSES[name][self.v == 6] if name in ADDRESSES else name

    def ip(self, src: str, dst: str, ttl: int = 64, **fields: object) -> Packet:
        """An IP header. `id` (or `ip_id`), `df`, `options` are IPv4's and left out for IPv6; `tos` is its traffic class."""
        if fields.pop("df", False):
            fields["flags"] = "DF"
        fields["id"] = fields.pop("ip_id", fields.get("id", 1))
        if self.v == 4:
            return IP(src=self.at(src), dst=self.at(dst), ttl=ttl, **fields)
        kept = {name: value for name, value in fields.items() if name not in {"tos", "id", "flags", "frag", "options"}}
        if "tos" in fields:
            kept["tc"] = fields["tos"]
        return IPv6(src=self.at(src), dst=self.at(dst), hlim=ttl, **kept)

    def udp(self, src: str, sport: int, dst: str, dport: int, payload: bytes = b"data", **fields: object) -> Packet:
        return self.ip(src, dst, **fields) / UDP(sport=sport, dport=dport) / Raw(payload)

    def tcp(
        self, src: str, sport: int, dst: str, dport: int, flags: str = "S", seq: int = 0, ack: int = 0, **more: object
    ) -> Packet:
        """`payload`, `window`, `urgptr`, `tcp_options`; the rest goes to the IP header."""
        payload = more.pop("payload", b"")
        header = {"window": more.pop("window", 8192), "urgptr": more.pop("urgptr", 0), "options": more.pop("tcp_options", [])}
        packet = self.ip(src, dst, **more) / TCP(sport=sport, dport=dport, flags=flags, seq=seq, ack=ack, **header)
        return packet / Raw(payload) if payload else packet

    def echo(self, src: str, dst: str, id: int = 7, seq: int = 1, payload: bytes = b"ping", **fields: object) -> Packet:
        message = ICMP(type=8, id=id, seq=seq) if self.v == 4 else ICMPv6EchoRequest(id=id, seq=seq)
        return self.ip(src, dst, **fields) / message / Raw(payload)

    def reply(self, src: str, dst: str, id: int = 7, seq: int = 1, payload: bytes = b"ping", **fields: object) -> Packet:
        message = ICMP(type=0, id=id, seq=seq) if self.v == 4 else ICMPv6EchoReply(id=id, seq=seq)
        return self.ip(src, dst, **fields) / message / Raw(payload)

    def error(self, src: str, dst: str, kind: str, quoted: bytes | Packet, mtu: int = 0, **fields: object) -> Packet:
        """An ICMP error about a packet, quoting these octets of it."""
        quote = quoted if isinstance(quoted, bytes) else bytes(quoted)
        type_, code = ERRORS[kind][self.v == 6]
        if self.v == 4:
            extra = {"nexthopmtu": mtu} if kind == "too big" else {"ptr": mtu} if kind == "parameter" else {}
            return self.ip(src, dst, **fields) / ICMP(type=type_, code=code, **extra) / Raw(quote)
        layer = {1: ICMPv6DestUnreach, 2: ICMPv6PacketTooBig, 3: ICMPv6TimeExceeded, 4: ICMPv6ParamProblem}[type_]
        extra = {"mtu": mtu} if type_ == 2 else {"ptr": mtu} if type_ == 4 else {}
        return self.ip(src, dst, **fields) / layer(code=code, **extra) / Raw(quote)

    def other(self, src: str, dst: str, protocol: int, payload: bytes, **fields: object) -> Packet:
        """Any protocol, without a transport header that we or Scapy would know."""
        named = {"proto": protocol} if self.v == 4 else {"nh": protocol}
        return self.ip(src, dst, **named, **fields) / Raw(payload)

    def query(self, kind: str, src: str, sport: int, dst: str, dport: int, **fields: object) -> Packet:
        """A first packet of `udp`, `tcp` or `icmp` from one endpoint to another; an echo's port is its identifier."""
        if kind == "udp":
            return self.udp(src, sport, dst, dport, **fields)
        if kind == "tcp":
            return self.tcp(src, sport, dst, dport, **fields)
        fields["ip_id"] = fields.pop("id", 1)
        return self.echo(src, dst, id=sport, **fields)

    def answer(self, kind: str, src: str, sport: int, dst: str, dport: int, **fields: object) -> Packet:
        """What comes back for a `query`."""
        if kind == "udp":
            return self.udp(src, sport, dst, dport, **fields)
        if kind == "tcp":
            return self.tcp(src, sport, dst, dport, **{"flags": "SA", "ack": 1, **fields})
        fields["ip_id"] = fields.pop("id", 1)
        return self.reply(src, dst, id=dport, **fields)
