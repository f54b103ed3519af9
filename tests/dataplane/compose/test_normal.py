"""Mounts, devices and limits as `docker compose config` writes them."""

from dataplane.compose import load
from dataplane.compose.config import config
from dataplane.compose.load import understood

FILE = """
services:
  web:
    image: host
    volumes:
      - ./a:/a:ro
      - /b:/b:Z,rslave,cached
      - data:/c:nocopy
      - /d
      - {type: bind, source: e, target: /e/, read_only: "true", bind: {propagation: shared}, consistency: cached}
      - {type: tmpfs, target: /f, tmpfs: {size: 1m, mode: 01777}}
    tmpfs: /run:size=64m
    devices: [/dev/null, "/dev/zero:/dev/x:r", vendor.com/gpu=0, {source: /dev/fuse}]
    shm_size: 64m
    ulimits: {core: 0, nofile: {soft: "5", hard: 6}}
  db: {image: postgres, volumes: ["./pg:/var/lib/pg"]}
"""


def test_long_forms(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    root, topology = understood(FILE, environment={}, text=True)
    said = config(root, topology)["services"]
    assert said["web"] | {"image": "", "networks": ""} == {
        "image": "",
        "networks": "",
        "volumes": [
            {"type": "bind", "source": f"{tmp_path}/a", "target": "/a", "read_only": True, "bind": {"create_host_path": True}},
            {
                "type": "bind",
                "source": "/b",
                "target": "/b",
                "bind": {"create_host_path": True, "selinux": "Z", "propagation": "rslave"},
                "consistency": "cached",
            },
            {"type": "volume", "source": "data", "target": "/c", "volume": {"nocopy": True}},
            {"type": "volume", "target": "/d", "volume": {}},
            {
                "type": "bind",
                "source": f"{tmp_path}/e",
                "target": "/e",
                "read_only": True,
                "bind": {"propagation": "shared"},
                "consistency": "cached",
            },
            {"type": "tmpfs", "target": "/f", "tmpfs": {"size": "1048576", "mode": 0o1777}},
        ],
        "tmpfs": ["/run:size=64m"],
        "devices": [
            {"source": "/dev/null", "target": "/dev/null", "permissions": "rwm"},
            {"source": "/dev/zero", "target": "/dev/x", "permissions": "r"},
            "vendor.com/gpu=0",
            {"source": "/dev/fuse", "target": "/dev/fuse", "permissions": "rwm"},
        ],
        "shm_size": "67108864",
        "ulimits": {"core": 0, "nofile": {"soft": 5, "hard": 6}},
    }
    assert said["db"]["volumes"] == [
        {"type": "bind", "source": f"{tmp_path}/pg", "target": "/var/lib/pg", "bind": {"create_host_path": True}}
    ], "also of what is not run"


def test_it_is_the_same_lab(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    root, topology = understood(FILE, environment={}, text=True)
    monkeypatch.chdir("/")
    again = load(config(root, topology), environment={})
    assert (again.services, again.warnings) == (topology.services, topology.warnings)
