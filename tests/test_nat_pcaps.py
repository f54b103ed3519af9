"""What a live gateway made of real traffic, a replay makes of it too: pcaps/nat was taken on both sides of one.

NAME-sent is everything that was sent to the gateway, NAME-world and NAME-client what came out of it there.
"""

from pathlib import Path

import pytest

from dataplane.replay import replay
from fastpath import Capture

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "pcaps" / "nat"
CLIENT = bytes.fromhex("02420a32000a")
NAMES = ["errors", "fragments", "in", "out"]


def frames(path: Path) -> list[bytes]:
    with path.open("rb", buffering=0) as file:
        return [octets for _, octets, _ in Capture(file, path.name)]


def without_identification(frame: bytes) -> bytes:
    """Of a packet that the gateway itself began, or fragmented anew: the number is its own, the header's checksum follows."""
    return frame[:18] + frame[20:24] + frame[26:]


@pytest.mark.parametrize("name", NAMES)
def test_a_replay_makes_of_it_what_the_live_gateway_made(name: str, tmp_path: Path) -> None:
    replay(ROOT / "examples" / "nat.yaml", inputs=[("auto", FOLDER / f"{name}-sent.pcap")], out=tmp_path)
    # A station that has not been heard of yet is flooded to.
    found = {
        "world": frames(tmp_path / "uplink.pcap"),
        "client": [frame for frame in frames(tmp_path / "client.home.pcap") if frame.startswith(CLIENT)],
    }
    for side, got in found.items():
        wanted = frames(FOLDER / f"{name}-{side}.pcap")
        strip = without_identification if name in {"errors", "fragments"} else bytes
        assert [strip(frame).hex() for frame in got] == [strip(frame).hex() for frame in wanted], side


def test_all_are_listed() -> None:
    text = (ROOT / "pcaps" / "README.md").read_text()
    for path in FOLDER.glob("*.pcap"):
        assert f"nat/{path.name.rpartition('-')[0] or path.stem}" in text, path.name
    assert {path.name for path in FOLDER.glob("*.pcap")} == {
        "sent.pcap",
        *(f"{name}-{side}.pcap" for name in NAMES for side in ("sent", "world", "client")),
    }
