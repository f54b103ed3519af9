"""What ``dataplane vtep`` says of rows that it was told."""

from dataplane.cli import vtep

PEER = {
    "peer": "192.0.2.2", "kind": "file", "stations": 2, "silent": None, "in_frames": 1, "in_octets": 100, "out_frames": 1200,
    "out_octets": 120_000,
}  # fmt: skip
STATION = {"mac": "02:42:0a:00:09:05", "peer": "192.0.2.2", "given": False, "addresses": [], "age": 3.2}
OVERLAY = {
    "network": "net", "vtep": "vtep", "vni": 4097, "local": "192.0.2.1", "group": None, "mtu": 1450, "underlay": "underlay",
    "kind": "udp", "port": 4789, "floods": 7, "limited": 0, "peers": [PEER], "stations": [STATION], "moving": [], "claims": [],
}  # fmt: skip


def test_an_overlay_in_a_line():
    assert vtep.overlay_cells(OVERLAY) == ("net", 4097, "192.0.2.1", "underlay (udp, port 4789)", None, 1450, 1, 7, 0)


def test_a_peer_in_a_line():
    assert vtep.peer_cells(OVERLAY, PEER) == ("net", "192.0.2.2", "file", 2, "never", 1, "100 B", 1200, "120 kB")
    assert vtep.peer_cells(OVERLAY, {**PEER, "silent": 2.0})[4] == "2.0 s ago"


def test_a_station_in_a_line():
    assert vtep.station_cells(STATION) == ("02:42:0a:00:09:05", "192.0.2.2", "learning", None, "3.2 s")
    given = {**STATION, "given": True, "addresses": ["10.0.9.5", "fd00::5"]}
    assert vtep.station_cells(given) == ("02:42:0a:00:09:05", "192.0.2.2", "file", "10.0.9.5 fd00::5", None)


def test_what_looks_wrong_is_a_sentence():
    assert vtep.reports(OVERLAY) == []
    moving = {"mac": "02:42:0a:00:09:05", "moves": 1234, "source": "web.net", "target": "vtep 192.0.2.2"}
    claim = {"address": "10.0.9.5", "mac": "02:00:00:00:00:01", "other": "02:00:00:00:00:02", "changes": 3}
    first, second = vtep.reports({**OVERLAY, "moving": [moving], "claims": [claim]})
    assert "02:42:0a:00:09:05 on net keeps moving, 1,234 times so far, just now from web.net to vtep 192.0.2.2" in first
    assert "10.0.9.5 on net is claimed by 02:00:00:00:00:01 and by 02:00:00:00:00:02" in second
