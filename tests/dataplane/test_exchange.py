"""A Topology travels as JSON and comes back equal; what is no topology is refused with its place."""

import copy
import json
from pathlib import Path

import pytest

from dataplane import compose
from dataplane.exchange import from_json, to_json
from dataplane.model import Topology

EXAMPLES = sorted(Path(__file__).parents[2].glob("examples/*.yaml"))

TEXT = """
name: all
services:
  web:
    image: host
    command: [sleep, "1"]
    environment: {A: "1"}
    networks: {front: {ipv4_address: 10.1.0.5, aliases: [www], mac_address: "02:00:00:00:00:01"}, back: {}}
    healthcheck: {test: [CMD, "true"], interval: 1s}
    restart: on-failure:3
    depends_on: {db: {condition: service_started, restart: true}}
    extra_hosts: [there=192.0.2.1]
    sysctls: {net.ipv4.ip_forward: "1"}
    ports: ["127.0.0.1:8080:80", "9000-9009:9000-9009/udp", "[::1]:1:1"]
  db: {image: host, scale: 2}
networks:
  front: {ipam: {config: [{subnet: 10.1.0.0/16, ip_range: 10.1.1.0/24}]}, driver_opts: {com.docker.network.driver.mtu: "1400"}}
  back: {enable_ipv6: true}
x-dataplane:
  uplink:
    kind: packet
    name: eth0
    address: [192.0.2.2/24, "2001:db8::2/64"]
    gateway: 192.0.2.1
    neighbors: {192.0.2.9: "02:00:00:00:00:09"}
  nat: {timeouts: {udp: 30}, addresses: [192.0.2.5], static: {192.0.2.6: 10.1.0.5}, exclude: ["fd00::/8"]}
"""


def topology():
    return compose.load(TEXT, text=True, environment={})


def test_there_and_back():
    assert from_json(Topology, json.loads(json.dumps(to_json(topology())))) == topology()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_there_and_back(path):
    one = compose.load(path, environment={})
    assert from_json(Topology, json.loads(json.dumps(to_json(one)))) == one


@pytest.mark.parametrize(
    ("keys", "value", "place"),
    [
        (("name",), 1, "Topology.name is not of type str"),
        (("services", "web", "replicas"), True, "Topology.services.web.replicas is not of type int"),
        (("services", "web", "nonsense"), 1, "Topology.services.web has no nonsense"),
        (("services", "web", "process", "command"), "sleep", "Topology.services.web.process.command is not of type list"),
        (("networks", "front", "pools"), [{"subnet": "10.1.0.5/16"}], r"Topology.networks.front.pools\[0\].subnet is none of"),
        (("networks",), [], "Topology.networks is not of type dict"),
    ],
)
def test_what_is_no_topology_is_refused(keys, value, place):
    body = copy.deepcopy(to_json(topology()))
    target = body
    for key in keys[:-1]:
        target = target[key]
    target[keys[-1]] = value
    with pytest.raises(ValueError, match=place):
        from_json(Topology, body)
