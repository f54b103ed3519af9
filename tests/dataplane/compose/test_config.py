"""`dataplane config`: a Compose file as it is understood is a Compose file of the same lab."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from dataplane.cli.run import run
from dataplane.compose import load
from dataplane.compose.config import config
from dataplane.compose.load import understood

EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("*.yaml"))
FILE = """
name: ${WHO:-shop}
x-logging: &quiet {labels: {a: b}}
services:
  base: {command: sleep infinity}
  other: {command: sleep infinity, profiles: [never]}
  web:
    extends: {service: base}
    <<: *quiet
    networks: {front: {aliases: [www]}, back: {ipv4_address: 10.9.0.9}}
    ports: ["127.0.0.1:8080:80", "9000-9002:9000-9002/udp", "53"]
    depends_on: [db]
    scale: 1
  db: {command: sleep infinity, networks: [back]}
networks:
  front: {}
  back: {driver: bridge, internal: true, ipam: {config: [{subnet: 10.9.0.0/24, gateway: 10.9.0.1}]}}
"""


def bare(topology):
    return replace(topology, source="", folder="", warnings=())


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_what_it_says_of_an_example_is_the_same_lab(file):
    root, topology = understood(file, environment={})
    assert bare(load(config(root, topology), environment={})) == bare(topology)


def test_short_forms_are_written_long_and_variables_put_in():
    root, topology = understood(FILE, environment={"WHO": "me"}, text=True)
    said = config(root, topology)
    assert said["name"] == "me"
    web = said["services"]["web"]
    assert web["networks"] == {"front": {"aliases": ["www"]}, "back": {"ipv4_address": "10.9.0.9"}}
    assert web["ports"][0] == {"mode": "ingress", "host_ip": "127.0.0.1", "target": 80, "published": "8080", "protocol": "tcp"}
    assert web["depends_on"] == {"db": {"condition": "service_started", "required": True}}
    assert web["deploy"] == {"replicas": 1}
    assert web["command"] == "sleep infinity"
    assert web["labels"] == {"a": "b"}
    assert said["networks"]["back"]["ipam"]["config"] == [{"subnet": "10.9.0.0/24", "gateway": "10.9.0.1"}]
    assert "other" not in said["services"]


def test_the_command(tmp_path, capsys, monkeypatch):
    file = tmp_path / "compose.yaml"
    file.write_text(FILE)
    monkeypatch.delenv("WHO", raising=False)
    assert run(["config", str(file)]) == 0
    assert bare(load(yaml.safe_load(capsys.readouterr().out))) == bare(load(file))
    assert run(["config", str(file), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["name"] == "shop"
    assert run(["config", str(file), "--services", "--networks"]) == 0
    assert capsys.readouterr().out.split() == ["base", "web", "db", "front", "back", "default"]
    assert run(["config", "-q", str(file)]) == 0
    assert capsys.readouterr().out == ""
    file.write_text(FILE + "colour: red\n")
    assert run(["config", "-q", str(file)]) == 2
    assert "colour" in capsys.readouterr().err
