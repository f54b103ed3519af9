"""GRO: what is merged and split again is what was sent, octet for octet; what must not be merged is not."""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastpath.merge import merged
from fastpath.offload import segments
from fastpath.wire import checksum
from tests.fastpath.packets import undone

FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = (1 << bit for bit in range(8))
ETHERNET = bytes.fromhex("0242 0a00 0002 0242 0a00 0001".replace(" ", ""))
STAMPS = bytes.fromhex("0101080a0000000100000002")
CSUM, TSO4, TSO6 = 1, 2, 4


@dataclass
class Flow:
    """One direction of a connection: `segment` makes its next frame."""

    v: int = 4
    port: int = 40000
    tags: bytes = b""
    sequence: int = 2**32 - 3000
    identification: int = 65530
    fields: dict[str, int] = field(default_factory=dict)

    def segment(self, payload: bytes, *, flags: int = ACK, options: bytes = STAMPS, corrupt: bool = False, **fields: int) -> bytes:
        """Fields given here are of this segment only."""
        said = {"ttl": 64, "service": 0, "df": 1, "ack": 7, "window": 500, "sequence": self.sequence, "id": self.identification}
        said |= self.fields | fields
        words = 5 + len(options) // 4
        tcp = struct.pack(
            ">HHIIBBHHH", self.port, 80, said["sequence"] % 2**32, said["ack"], words << 4, flags, said["window"], 0, 0
        )
        tcp += options + payload
        self.sequence = (said["sequence"] + len(payload)) % 2**32
        self.identification = (said["id"] + 1) % 65536
        if self.v == 4:
            addresses = bytes([10, 0, 0, 1, 10, 0, 0, 2])
            place = said["df"] << 14 | said.get("place", 0)
            ip = struct.pack(">BBHHHBBH", 0x45, said["service"], 20 + len(tcp), said["id"], place, said["ttl"], 6, 0)
            ip += addresses
            ip = ip[:10] + struct.pack(">H", checksum(ip) ^ said.get("broken", 0)) + ip[12:]
        else:
            addresses = b"\xfd" + bytes(14) + b"\1" + b"\xfd" + bytes(14) + b"\2"
            ip = struct.pack(">IHBB", 6 << 28 | said["service"] << 20 | said.get("label", 5), len(tcp), 6, said["ttl"]) + addresses
        total = checksum(addresses + struct.pack(">IHH", len(tcp), 0, 6) + tcp)
        tcp = tcp[:16] + struct.pack(">H", total ^ corrupt) + tcp[18:]
        return ETHERNET + self.tags + (b"\x08\x00" if self.v == 4 else b"\x86\xdd") + ip + tcp


def split(found: list[dict]) -> list[bytes]:
    """The frames of a burst again, those of a run one after the other."""
    frames = []
    for one in found:
        facts = {name: value for name, value in one.items() if name not in ("octets", "frames")}
        parts = segments(one["octets"], **facts) if facts else [one["octets"]]
        assert len(parts) == one["frames"]
        frames += parts
    return frames


def counts(frames: list[bytes], **settings) -> list[int]:
    """How many frames went into each of what left."""
    return [one["frames"] for one in merged(frames, **settings)]


@pytest.mark.parametrize("own", [0, 128])
@pytest.mark.parametrize("tags", [b"", bytes.fromhex("81000007")])
def test_a_stream_is_one_super_frame(v, tags, own):
    """45 segments of 1,448 octets, the last of them shorter and with PSH: one frame, which splits into the same octets."""
    flow = Flow(v, tags=tags)
    frames = [flow.segment(bytes([n]) * 1428) for n in range(43)] + [flow.segment(b"end", flags=ACK | PSH)]
    found = merged(frames, own=own)
    assert [one["frames"] for one in found] == [44]
    assert found[0]["gso_size"] == 1428
    assert found[0]["gso_type"] == (1 if v == 4 else 4)
    assert split(found) == frames


def test_a_super_frame_is_at_most_65535_octets_of_ip(v):
    flow = Flow(v)
    frames = [flow.segment(bytes(8900)) for _ in range(16)]
    assert counts(frames) == [7, 7, 2]
    assert split(merged(frames)) == frames
    flow = Flow(v)
    frames = [flow.segment(bytes(100)) for _ in range(130)]
    assert counts(frames) == [64, 64, 2]


DIFFERENT = {
    "ttl": {"ttl": 63},
    "service": {"service": 4},
    "congestion": {"service": 3},
    "acknowledgment": {"ack": 8},
    "window": {"window": 501},
    "sequence": {"sequence": 5},
    "options": {"options": STAMPS[:-1] + b"\3"},
    "no options": {"options": b""},
    "longer": {"size": 1001},
    "syn": {"flags": ACK | SYN},
    "rst": {"flags": ACK | RST},
    "urg": {"flags": ACK | URG},
    "cwr": {"flags": ACK | CWR},
    "ece": {"flags": ACK | ECE},
    "no ack": {"flags": 0},
    "acknowledgment only": {"size": 0},
    "checksum": {"corrupt": True},
}


@pytest.mark.parametrize("difference", DIFFERENT)
def test_what_differs_begins_anew(v, difference):
    """The third of five segments differs in one thing: it is passed as it came, behind what was merged, and before what follows."""
    flow = Flow(v)
    frames = [flow.segment(bytes([n]) * 1000) for n in range(2)]
    changes = dict(DIFFERENT[difference])
    frames.append(flow.segment(bytes([2]) * changes.pop("size", 1000), **changes))
    frames += [flow.segment(bytes([n]) * 1000) for n in (3, 4)]
    found = merged(frames)
    assert found[0]["frames"] == 2
    assert split(found) == frames


V4_ONLY = {
    "identification": {"df": 0, "id": 99},
    "may fragment": {"df": 0},
    "fragment": {"place": 0x2000},
    "header checksum": {"broken": 1},
}


@pytest.mark.parametrize("difference", V4_ONLY)
def test_what_differs_in_ipv4(difference):
    flow = Flow(4, fields={"df": 0} if difference == "identification" else {})
    frames = [flow.segment(bytes(1000)) for n in range(2)]
    frames.append(flow.segment(bytes(1000), **V4_ONLY[difference]))
    frames += [flow.segment(bytes(1000)) for n in range(2)]
    found = merged(frames)
    assert found[0]["frames"] == 2
    assert len(found) > 1
    assert split(found) == frames


def test_with_df_the_identification_says_nothing():
    """RFC 6864, 4.1: senders that leave it zero are merged too."""
    flow = Flow(4)
    frames = [flow.segment(bytes(1000), id=0) for _ in range(5)]
    assert counts(frames) == [5]
    assert [octets[:18] + octets[20:24] + octets[26:] for octets in split(merged(frames))] == [
        octets[:18] + octets[20:24] + octets[26:] for octets in frames
    ]


def test_flow_label():
    flow = Flow(6)
    frames = [flow.segment(bytes(1000), label=n // 2) for n in range(4)]
    assert counts(frames) == [2, 2]


def test_a_wrong_checksum_stays_wrong_and_alone(v):
    """Wherever it stands, and the first of a run is looked at as well."""
    for place in range(4):
        flow = Flow(v)
        frames = [flow.segment(bytes([n]) * 700, corrupt=n == place) for n in range(4)]
        found = merged(frames)
        assert split(found) == frames
        assert next(one for one in found if one["octets"] == frames[place])["frames"] == 1
    # What somebody we trust has verified is not looked at again.
    assert counts(frames, valid=True) == [4]


def test_checksums_that_are_left_to_do(v):
    """Segments whose checksum field has the pseudo-header's sum are merged, the payload unseen; another sum stands alone."""
    flow = Flow(v)
    frames = [flow.segment(bytes([n]) * 700) for n in range(4)]
    without = [undone(octets) for octets in frames]
    found = merged(without, undone=True)
    assert split(found) == frames
    assert [one["frames"] for one in found] == [4]
    assert counts([*without[:2], frames[2], without[3]], undone=True) == [2, 1, 1]


@pytest.mark.parametrize("flags", [PSH, FIN, PSH | FIN])
def test_psh_and_fin_end_a_run(v, flags):
    """And are the last segment's, and no other's, when it is split."""
    flow = Flow(v)
    frames = [flow.segment(bytes([n]) * 500, flags=ACK | (flags if n in (2, 3) else 0)) for n in range(6)]
    assert counts(frames) == [3, 1, 2]
    assert split(merged(frames)) == frames


def test_a_shorter_segment_ends_a_run(v):
    flow = Flow(v)
    frames = [flow.segment(bytes(size)) for size in (500, 500, 499, 500, 1, 500)]
    assert counts(frames) == [3, 2, 1]


def test_flows_that_take_turns(v):
    """Segments need not stand side by side; eight flows at a time."""
    flows = [Flow(v, port=1000 + n) for n in range(8)]
    frames = [flow.segment(bytes([n]) * 400) for n in range(20) for flow in flows]
    found = merged(frames)
    assert [one["frames"] for one in found] == [20] * 8
    assert split(found) == [frames[number + 8 * n] for number in range(8) for n in range(20)]
    flows = [Flow(v, port=1000 + n) for n in range(9)]
    frames = [flow.segment(bytes([n]) * 400) for n in range(20) for flow in flows]
    assert sorted(split(merged(frames))) == sorted(frames)


def test_padding_and_other_protocols_are_left_alone(v):
    """A padded segment ends the run; UDP between segments is passed by, and is never merged."""
    flow = Flow(v)
    first, padded, third = (flow.segment(bytes(200)) for _ in range(3))
    assert counts([first, padded + b"\0\0", third]) == [1, 1, 1]
    flow = Flow(v)
    frames = [flow.segment(bytes(200)) for _ in range(3)]
    at = 23 if v == 4 else 20
    datagram = frames[0][:at] + b"\x11" + frames[0][at + 1 :]
    assert counts([frames[0], datagram, datagram, frames[1], frames[2]]) == [3, 1, 1]


def test_what_the_outside_does_not_take(v):
    flow = Flow(v)
    frames = [flow.segment(bytes(500)) for _ in range(3)]
    assert counts(frames, takes=CSUM) == [1, 1, 1]
    assert counts(frames, takes=TSO4 | TSO6) == [1, 1, 1]
    assert counts(frames, takes=CSUM | (TSO6 if v == 4 else TSO4)) == [1, 1, 1]
    assert counts(frames, takes=CSUM | (TSO4 if v == 4 else TSO6)) == [3]


def of_port(frames: list[bytes], port: int) -> list[bytes]:
    return [one for one in frames if one[34 if one[12] == 8 else 54 :][:2] == struct.pack(">H", port)]


@settings(deadline=None, max_examples=150)
@given(st.integers(0, 2**32), st.integers(1, 200), st.integers(1, 12), st.sampled_from([0, 128]))
def test_merged_and_split_again(seed, n, flows, own):
    """Any burst of segments good and bad: the same frames, those of a flow in the same order."""
    chance = random.Random(seed)
    all_flows = [Flow(chance.choice([4, 6]), port=1000 + k, sequence=chance.randrange(2**32)) for k in range(flows)]
    frames = []
    for _ in range(n):
        flow = chance.choice(all_flows)
        changes = {}
        if chance.random() < 0.2:
            changes = dict(chance.choice(list(DIFFERENT.values())))
        size = changes.pop("size", chance.choice([1000, 1000, 1000, 1000, 300, 1]))
        flags = changes.pop("flags", ACK | (PSH if chance.random() < 0.1 else 0))
        frames.append(flow.segment(chance.randbytes(size), flags=flags, **changes))
    found = split(merged(frames, own=own))
    for flow in all_flows:
        assert of_port(found, flow.port) == of_port(frames, flow.port)
    assert len(found) == len(frames)
