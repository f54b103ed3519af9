"""A Compose file as requests of Docker's API, with docker compose's names and labels (issue 5: Compose)."""

import pytest

from dataplane import compose
from dataplane.errors import UserError
from dataplane.project import labels, wanted

FILE = """
name: shop
services:
  web:
    networks: {front: {aliases: [www], gw_priority: 2}, back: {interface_name: lan0}}
    image: host
    command: [sleep, "9"]
    ports: ["8080:80", "127.0.0.1:9000-9001:9000-9001/udp", "8100-8110:81", "82"]
    expose: ["7-8"]
    environment: {A: b}
    links: ["db:store"]
    depends_on: {db: {condition: service_healthy}}
    restart: on-failure:3
    deploy: {replicas: 2}
    stop_grace_period: 3s
  db: {networks: {back: {ipv4_address: 10.9.0.7}}, image: postgres, container_name: the-db, healthcheck: {test: "true"}}
  side: {network_mode: "service:db", image: host, command: [sleep, "1"]}
  alone: {network_mode: none, image: host}
networks:
  front: {enable_ipv6: true}
  back: {name: backnet, internal: true, labels: {x: y}, ipam: {config: [{subnet: 10.9.0.0/24, gateway: 10.9.0.254}]}}
"""


@pytest.fixture
def topology():
    return compose.load(FILE)


def without_hash(found):
    return {key: value for key, value in found.items() if key not in {labels.HASH, labels.FILES, labels.FOLDER}}


def test_networks(topology):
    front, back = wanted.networks(topology)
    assert (front.name, back.name) == ("shop_front", "backnet")
    assert front.body["EnableIPv6"] is True
    assert back.body["Internal"] is True
    assert back.body["IPAM"]["Config"] == [{"Subnet": "10.9.0.0/24", "Gateway": "10.9.0.254"}]
    assert without_hash(back.body["Labels"]) == {
        "x": "y",
        "com.docker.compose.network": "back",
        "com.docker.compose.project": "shop",
        "com.docker.compose.version": labels.OURS,
    }


def test_containers(topology):
    found = {one.name: one.body for one in wanted.containers(topology)}
    assert list(found) == ["shop-web-1", "shop-web-2", "the-db", "shop-side-1", "shop-alone-1"]
    web = found["shop-web-2"]
    assert web["Cmd"] == ["sleep", "9"]
    assert web["HostConfig"]["PortBindings"] == {
        "80/tcp": [{"HostIp": "", "HostPort": "8080"}],
        "9000/udp": [{"HostIp": "127.0.0.1", "HostPort": "9000"}],
        "9001/udp": [{"HostIp": "127.0.0.1", "HostPort": "9001"}],
        "81/tcp": [{"HostIp": "", "HostPort": "8100-8110"}],
        "82/tcp": [{"HostIp": "", "HostPort": ""}],
    }
    assert {"7/tcp", "8/tcp", "80/tcp"} <= web["ExposedPorts"].keys()
    assert web["HostConfig"]["NetworkMode"] == "shop_front"
    assert web["HostConfig"]["RestartPolicy"] == {"Name": "on-failure", "MaximumRetryCount": 3}
    assert web["StopTimeout"] == 3
    front, back = (web["NetworkingConfig"]["EndpointsConfig"][name] for name in ("shop_front", "backnet"))
    assert front["Aliases"] == ["web", "www"]
    assert front["GwPriority"] == 2
    assert "IPAMConfig" not in back
    assert back["DriverOpts"] == {"com.docker.network.endpoint.ifname": "lan0"}
    assert back["Links"] == ["the-db:store"]
    assert without_hash(web["Labels"]) == {
        "com.docker.compose.project": "shop",
        "com.docker.compose.service": "web",
        "com.docker.compose.container-number": "2",
        "com.docker.compose.oneoff": "False",
        "com.docker.compose.depends_on": "db:service_started:false",  # nobody checks the health of what never runs
        "com.docker.compose.version": labels.OURS,
    }


def test_an_image_that_is_not_the_hosts_is_an_idle_namespace(topology):
    """DESIGN, "The topology file": its command is never run."""
    db = next(one.body for one in wanted.containers(topology) if one.service == "db")
    assert db["NetworkingConfig"]["EndpointsConfig"]["backnet"]["IPAMConfig"] == {"IPv4Address": "10.9.0.7"}
    assert (db["Cmd"], db["Image"], db["StopSignal"]) == (["sleep", "infinity"], "host", "SIGKILL")


def test_network_modes(topology):
    modes = {one.name: one.body["HostConfig"]["NetworkMode"] for one in wanted.containers(topology)}
    assert (modes["shop-side-1"], modes["shop-alone-1"]) == ("container:the-db", "none")


def test_what_changed_has_another_hash(topology):
    other = compose.load(FILE.replace("A: b", "A: c"))
    before, after = ({one.name: one.hash for one in wanted.containers(each)} for each in (topology, other))
    assert {name for name in before if before[name] != after[name]} == {"shop-web-1", "shop-web-2"}


def test_mounts_devices_and_limits():
    """As `docker run` would ask for them; a file that has none asks for none, so that its hash is as it was."""
    keys = "volumes: ['/a:/b:ro', {type: bind, source: /c, target: /d}, {type: tmpfs, target: /e, read_only: true}]"
    more = "tmpfs: '/f:size=1m', shm_size: 4k, devices: ['/dev/null:/dev/x:rw'], ulimits: {nofile: {soft: 1, hard: 2}}"
    plain, full = (
        next(wanted.containers(compose.load(f"services: {{web: {{image: host{one}}}}}\n"))).body["HostConfig"]
        for one in ("", f", {keys}, {more}")
    )
    assert {key: value for key, value in full.items() if key not in plain} == {
        "Mounts": [
            {"Type": "bind", "Source": "/a", "Target": "/b", "ReadOnly": True, "BindOptions": {"CreateMountpoint": True}},
            {"Type": "bind", "Source": "/c", "Target": "/d", "ReadOnly": False, "BindOptions": {"CreateMountpoint": False}},
        ],
        "Tmpfs": {"/e": "noexec,nosuid,nodev,ro", "/f": "noexec,nosuid,nodev,size=1m"},
        "Devices": [{"PathOnHost": "/dev/null", "PathInContainer": "/dev/x", "CgroupPermissions": "rw"}],
        "ShmSize": 4096,
        "Ulimits": [{"Name": "nofile", "Soft": 1, "Hard": 2}],
    }
    assert plain.keys().isdisjoint({"Mounts", "Tmpfs", "Devices", "ShmSize", "Ulimits"})


@pytest.mark.parametrize(
    "text", ["x-dataplane: {uplink: {kind: none}}", "x-dataplane: {underlay: {kind: udp, address: 10.200.0.1/24}}"]
)
def test_what_is_a_labs_alone_is_refused(text):
    with pytest.raises(UserError, match="is a lab's"):
        list(wanted.networks(compose.load(FILE + text)))
