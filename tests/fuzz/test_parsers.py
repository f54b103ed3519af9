"""Hostile octets into everything that reads some: captures of every format and link type, gzip, virtio headers, offload facts."""

import io
import random
import struct
import zlib

import pytest
from files import LINKS, Files, virtio
from pool import Pool

from fastpath import Capture, CaptureError
from fastpath.offload import segments
from fastpath.vnet import claims
from tests.fuzz.counted import FRAMES

REFUSED = ("turn budget", "bad offload")


def read(file: bytes) -> int:
    """Records, or one CaptureError: how many records."""
    try:
        capture = Capture(io.BytesIO(file), "hostile")
    except CaptureError as error:
        assert str(error)
        return 0
    assert sum(1 for _ in capture) == capture.records
    assert capture.fault is None or str(capture.fault)
    return capture.records


@pytest.mark.parametrize("pcapng", [False, True], ids=["pcap", "pcapng"])
def test_captures_changed_anywhere_are_read_up_to_the_damage(reached, pcapng):
    sources = [Files(n, order=order, nano=n > 1, pcapng=pcapng, cut=0.02) for n, order in enumerate("<><>")]
    total = broken = 0
    while total < FRAMES:
        for source in sources:
            records = read(source.changed(damage=True))
            total += records
            broken += records < len(source.starts)
    assert broken
    reached("pcapng" if pcapng else "pcap", total)


def test_captures_of_every_link_type(reached):
    """Cooked, raw and loopback records become Ethernet frames."""
    sources = [Files(link, link=link, pcapng=link % 2 == 0) for link in LINKS]
    total = 0
    while total < FRAMES:
        for source in sources:
            records = read(source.changed())
            assert records == len(source.starts)
            total += records
    reached("link types", total)


def test_gzip_captures_changed_anywhere(reached):
    """What was compressed is hostile, and so is the gzip file itself."""
    source, chance = Files(21), random.Random(21)
    total = broken = 0
    while total < FRAMES:
        good = zlib.compress(source.changed(damage=True), level=1, wbits=31)
        total += read(good)
        for _ in range(4):
            damaged = bytearray(good[: chance.randrange(len(good))] if chance.random() < 0.3 else good)
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
            records = read(bytes(damaged))
            total += records
            broken += records < len(source.starts)
    assert broken
    reached("gzip", total)


@pytest.mark.parametrize("size", [10, 24])
def test_virtio_headers_that_lie_claim_nothing_outside_the_frame(reached, size):
    """What is believed lies within the octets."""
    chance, pool = random.Random(size), Pool(size)
    headers = [virtio(chance, size, chance.choice([60, 200, 1500])) for _ in range(10_000)]
    total = 0
    while total < FRAMES:
        # Copies of the right size, so that a sanitised build sees a read beyond them.
        for octets in map(bytes, pool.round()):
            if len(octets) < 14:
                continue
            total += 1
            believed = claims(chance.choice(headers), octets)
            if believed and believed["flags"] & 1:
                assert believed["csum_start"] + believed["csum_offset"] + 2 <= len(octets)
    reached(f"virtio headers of {size}", total)


def facts(chance: random.Random) -> dict[str, int]:
    """Offload facts that may point anywhere."""
    _, gso_type, _, gso_size, csum_start, csum_offset = struct.unpack_from("<BBHHHH", header := virtio(chance, 24, 1500))
    outer_transport, inner_network = struct.unpack_from("<HH", header, 20)
    return {
        "gso_type": gso_type,
        "gso_size": gso_size,
        "csum_start": csum_start,
        "csum_offset": csum_offset,
        "outer_transport": outer_transport,
        "inner_network": inner_network,
    }


def test_offload_facts_that_lie_are_refused(reached):
    """Every fact random: finished segments none of which is longer than the frame, or a named reason."""
    chance, pool = random.Random(14), Pool(14)
    several = [facts(chance) for _ in range(10_000)]
    refused = finished = 0
    while refused + finished < FRAMES:
        for octets in pool.round():
            own = 128 if len(octets) > 128 and chance.random() < 0.3 else 0
            try:
                parts = segments(octets, **chance.choice(several), own=own)
            except ValueError as reason:
                refused += 1
                assert str(reason) in REFUSED
            else:
                finished += 1
                assert max(map(len, parts)) <= len(octets)
    assert refused > finished > 0
    reached("offload (segments)", refused + finished)
