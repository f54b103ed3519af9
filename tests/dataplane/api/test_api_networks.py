"""Networks by HTTP (DOCKER.md 1.2, 1.8, 1.9: API, inspect, prune), against a daemon in memory with a real state."""

import json
from urllib.parse import quote

import pytest

from tests.dataplane.api.asking import ask


def make(path, name="net1", **more):
    status, body = ask(path, "POST /networks/create", {"Name": name, **more})
    assert status == 201, body
    assert body["Warning"] == ""
    return body["Id"]


def run(path, name, network="bridge", **more):
    body = {"Image": "host", "Cmd": ["sleep", "infinity"], "HostConfig": {"NetworkMode": network}, **more}
    status, made = ask(path, f"POST /containers/create?name={name}", body)
    assert status == 201, made
    assert ask(path, f"POST /containers/{name}/start") == (204, b"")
    return made["Id"]


def filtered(path, **filters):
    status, found = ask(path, f"GET /networks?filters={quote(json.dumps(filters))}")
    assert status == 200, found
    return [network["Name"] for network in found]


def test_a_fresh_daemon_has_bridge_host_and_none(fake, socket_path):
    """1.9: GET /networks. Issue: "a fresh daemon has exactly bridge, host, none"."""
    status, found = ask(socket_path, "GET /v1.41/networks")
    assert status == 200
    assert [(one["Name"], one["Driver"], one["Scope"]) for one in found] == [
        ("bridge", "bridge", "local"), ("host", "host", "local"), ("none", "null", "local"),
    ]  # fmt: skip


def test_the_whole_object_as_2010_has_it(fake, socket_path):
    """1.9: "Real object (20.10)": these keys and no others, values as they were asked for."""
    number = make(
        socket_path, "net2", Driver="bridge", Labels={"a": "b"}, Options={"com.docker.network.driver.mtu": "1400"},
        IPAM={"Config": [{
            "Subnet": "10.88.0.0/24", "IPRange": "10.88.0.128/25", "Gateway": "10.88.0.254",
            "AuxiliaryAddresses": {"router": "10.88.0.129"},
        }]},
    )  # fmt: skip
    container = run(
        socket_path, "c1", "net2",
        NetworkingConfig={"EndpointsConfig": {
            "net2": {"IPAMConfig": {"IPv4Address": "10.88.0.77"}, "MacAddress": "02:42:0a:58:00:4d"},
        }},
    )  # fmt: skip
    status, found = ask(socket_path, "GET /v1.41/networks/net2")
    assert status == 200
    assert found.pop("Created").endswith("Z")
    endpoint = found["Containers"][container].pop("EndpointID")
    assert len(endpoint) == 64
    assert found == {
        "Name": "net2", "Id": number, "Scope": "local", "Driver": "bridge", "EnableIPv6": False,
        "IPAM": {"Driver": "default", "Options": {}, "Config": [{
            "Subnet": "10.88.0.0/24", "IPRange": "10.88.0.128/25", "Gateway": "10.88.0.254",
            "AuxiliaryAddresses": {"router": "10.88.0.129"},
        }]},
        "Internal": False, "Attachable": False, "Ingress": False, "ConfigFrom": {"Network": ""}, "ConfigOnly": False,
        "Containers": {container: {
            "Name": "c1", "MacAddress": "02:42:0a:58:00:4d", "IPv4Address": "10.88.0.77/24", "IPv6Address": "",
        }},
        "Options": {"com.docker.network.driver.mtu": "1400"}, "Labels": {"a": "b"},
    }  # fmt: skip


def test_what_head_adds(fake, socket_path):
    """1.9: "HEAD adds": EnableIPv4, Status.IPAM.Subnets with the addresses in use."""
    make(socket_path, IPAM={"Config": [{"Subnet": "172.16.0.0/16"}]})
    found = ask(socket_path, "GET /networks/net1")[1]
    assert found["EnableIPv4"] is True
    assert found["Status"] == {"IPAM": {"Subnets": {"172.16.0.0/16": {"IPsInUse": 3, "DynamicIPsAvailable": 65533}}}}
    run(socket_path, "c1", "net1")
    found = ask(socket_path, "GET /networks/net1")[1]
    assert found["Status"]["IPAM"]["Subnets"]["172.16.0.0/16"] == {"IPsInUse": 4, "DynamicIPsAvailable": 65532}
    assert "EnableIPv4" not in ask(socket_path, "GET /v1.46/networks/net1")[1]


def test_lists_have_containers_before_128_only(fake, socket_path):
    make(socket_path)
    number = run(socket_path, "c1", "net1")
    by_name = {one["Name"]: one for one in ask(socket_path, "GET /v1.27/networks")[1]}
    assert list(by_name["net1"]["Containers"]) == [number]
    assert {one["Name"]: one for one in ask(socket_path, "GET /v1.28/networks")[1]}["net1"]["Containers"] == {}


def test_filters_of_the_list(fake, socket_path):
    """1.9: --filter driver= id= label= name= scope= type= dangling=."""
    number = make(socket_path, "net1", Labels={"a": "b"})
    make(socket_path, "used")
    run(socket_path, "c1", "used")
    assert filtered(socket_path, name=["net"]) == ["net1"]
    assert filtered(socket_path, id=[number[:12]]) == ["net1"]
    assert filtered(socket_path, label=["a=b"]) == ["net1"]
    assert filtered(socket_path, label=["a=c"]) == []
    assert filtered(socket_path, driver=["null", "host"]) == ["host", "none"]
    assert filtered(socket_path, scope=["swarm"]) == []
    assert filtered(socket_path, type=["custom"]) == ["net1", "used"]
    assert filtered(socket_path, type=["builtin"]) == ["bridge", "host", "none"]
    assert filtered(socket_path, dangling=["true"]) == ["net1"]
    assert "used" in filtered(socket_path, dangling=["false"])
    assert ask(socket_path, "GET /networks?filters=" + quote('{"color":["red"]}')) == (400, {"message": "invalid filter 'color'"})


def test_prune_with_its_filters(fake, socket_path):
    """1.9: prune filters until=, label=, label!=; predefined and used ones stay."""
    make(socket_path, "keep", Labels={"keep": ""})
    make(socket_path, "used")
    make(socket_path, "old")
    run(socket_path, "c1", "used")

    def prune(**filters):
        return ask(socket_path, f"POST /networks/prune?filters={quote(json.dumps(filters))}")

    assert prune(until=["24h"]) == (200, {"NetworksDeleted": None})
    assert prune(**{"label!": ["keep"]}) == (200, {"NetworksDeleted": ["old"]})
    assert prune(label=["keep"]) == (200, {"NetworksDeleted": ["keep"]})
    assert filtered(socket_path) == ["bridge", "host", "none", "used"]


@pytest.mark.parametrize("name", ["bad name", "a/b", "../../etc/passwd", "%2e%2e", "networks/create", "ñ", "x" * 200, "a\nb", "?#"])
def test_network_names_are_free(fake, socket_path, name):
    """1.8: "network names are free". Hostile: names that look like paths are names."""
    number = make(socket_path, name)
    status, found = ask(socket_path, f"GET /networks/{quote(name, safe='')}")
    assert (status, found["Id"], found["Name"]) == (200, number, name)
    assert ask(socket_path, f"DELETE /networks/{quote(name, safe='')}") == (204, b"")


@pytest.mark.parametrize(
    ("line", "body", "status", "text"),
    [
        ("POST /networks/create", {"Name": "bridge"}, 403, "operation is not permitted on predefined bridge network"),
        ("POST /networks/create", {"Name": "net1"}, 409, "network with name net1 already exists"),
        ("POST /networks/create", {"Name": "h", "Driver": "host"}, 403, 'only one instance of "host" network is allowed'),
        ("POST /networks/create", {"Name": "h", "Driver": "nosuch"}, 404, 'plugin "nosuch" not found'),
        ("DELETE /networks/nosuch", None, 404, "network nosuch not found"),
        ("DELETE /networks/bridge", None, 403, "bridge is a pre-defined network and cannot be removed"),
        ("GET /networks/nosuch", None, 404, "network nosuch not found"),
        ("POST /networks/net1/connect", {"Container": "nosuch"}, 404, "No such container: nosuch"),
        ("POST /networks/net1/connect", {"Container": "c1"}, 403, "endpoint with name c1 already exists in network net1"),
        ("POST /networks/host/connect", {"Container": "c1"}, 400,
         "container cannot be disconnected from host network or connected to host network"),
    ],
)  # fmt: skip
def test_messages_that_users_know(fake, socket_path, line, body, status, text):
    """1.8."""
    make(socket_path)
    run(socket_path, "c1", "net1")
    found, answer = ask(socket_path, line, body)
    assert text in answer["message"]
    assert found == status


def test_in_use_is_heads_text(fake, socket_path):
    """1.8: rm in use, 403, with names and short ids."""
    make(socket_path)
    number = run(socket_path, "c1", "net1")
    status, body = ask(socket_path, "DELETE /networks/net1")
    assert status == 403
    assert "network net1 has active endpoints" in body["message"]
    assert f'(name:"c1" id:"{number[:12]}")' in body["message"]


def test_connect_and_disconnect(fake, socket_path):
    """1.3: --ip, --alias, --gw-priority and --driver-opt arrive; inspect shows them again."""
    make(socket_path, IPAM={"Config": [{"Subnet": "10.9.0.0/24"}]})
    number = run(socket_path, "c1")
    settings = {"IPAMConfig": {"IPv4Address": "10.9.0.7"}, "Aliases": ["db"], "GwPriority": 7, "DriverOpts": {"a": "b"}}
    assert ask(socket_path, "POST /networks/net1/connect", {"Container": "/c1", "EndpointConfig": settings}) == (200, b"")
    found = ask(socket_path, "GET /containers/c1/json")[1]["NetworkSettings"]["Networks"]["net1"]
    assert found["IPAMConfig"] == {"IPv4Address": "10.9.0.7"}
    assert (found["IPAddress"], found["IPPrefixLen"], found["Gateway"]) == ("10.9.0.7", 24, "10.9.0.1")
    assert (found["Aliases"], found["GwPriority"], found["DriverOpts"]) == (["db"], 7, {"a": "b"})
    assert found["DNSNames"][:2] == ["c1", "db"] and number[:12] in found["DNSNames"]
    old = ask(socket_path, "GET /v1.41/containers/c1/json")[1]["NetworkSettings"]["Networks"]["net1"]
    assert old["Aliases"] == ["db", number[:12]]
    assert "DNSNames" not in old and "GwPriority" not in old
    assert ask(socket_path, "POST /networks/net1/disconnect", {"Container": "c1"}) == (200, b"")
    assert list(ask(socket_path, "GET /containers/c1/json")[1]["NetworkSettings"]["Networks"]) == ["bridge"]
    status, body = ask(socket_path, "POST /networks/net1/disconnect", {"Container": "c1"})
    assert f"container {number} is not connected to network net1" in body["message"] and status >= 400


def test_scope_is_a_condition(fake, socket_path):
    """1.9: GET /networks/{id}?verbose&scope."""
    make(socket_path)
    assert ask(socket_path, "GET /networks/net1?scope=local&verbose=true")[0] == 200
    assert ask(socket_path, "GET /networks/net1?verbose=maybe") == (
        400, {"message": 'invalid value for verbose: maybe: strconv.ParseBool: parsing "maybe": invalid syntax'},
    )  # fmt: skip
    assert ask(socket_path, "GET /networks/net1?scope=swarm") == (404, {"message": "network net1 not found"})
