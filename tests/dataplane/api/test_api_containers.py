"""Containers by HTTP: objects and lists, per version (DOCKER.md 1.9, container side)."""

import json
from urllib.parse import quote

import pytest

from dataplane.api.times import rfc3339
from tests.dataplane.api.asking import ask

# api/types/container/hostconfig.go, without what is left out where it is empty
HEADS_HOST_CONFIG = """Binds ContainerIDFile LogConfig NetworkMode PortBindings RestartPolicy AutoRemove VolumeDriver VolumesFrom
ConsoleSize CapAdd CapDrop CgroupnsMode Dns DnsOptions DnsSearch ExtraHosts GroupAdd IpcMode Cgroup Links OomScoreAdj PidMode
Privileged PublishAllPorts ReadonlyRootfs SecurityOpt UTSMode UsernsMode ShmSize Isolation CpuShares Memory NanoCpus CgroupParent
BlkioWeight BlkioWeightDevice BlkioDeviceReadBps BlkioDeviceWriteBps BlkioDeviceReadIOps BlkioDeviceWriteIOps CpuPeriod CpuQuota
CpuRealtimePeriod CpuRealtimeRuntime CpusetCpus CpusetMems Devices DeviceCgroupRules DeviceRequests MemoryReservation MemorySwap
MemorySwappiness OomKillDisable PidsLimit Ulimits CpuCount CpuPercent IOMaximumIOps IOMaximumBandwidth MaskedPaths ReadonlyPaths"""


def make(path, name="c1", command=("sleep", "infinity"), start=True, **body):
    status, made = ask(path, f"POST /containers/create?name={name}", {"Image": "host", "Cmd": list(command), **body})
    assert status == 201, made
    if start:
        assert ask(path, f"POST /containers/{name}/start") == (204, b"")
    return made["Id"]


def listed(path, **filters):
    status, found = ask(path, f"GET /containers/json?all=1&filters={quote(json.dumps(filters))}")
    assert status == 200, found
    return [one["Names"][0][1:] for one in found]


def test_the_containers_side_of_a_network(fake, socket_path):
    """1.9: NetworkSettings.Networks.<net>, Ports, SandboxKey."""
    number = make(
        socket_path, ExposedPorts={"443/tcp": {}},
        HostConfig={"PortBindings": {"80/tcp": [{"HostPort": "8080"}], "53/udp": [{"HostIp": "127.0.0.1", "HostPort": "53"}]}},
    )  # fmt: skip
    found = ask(socket_path, "GET /containers/c1/json")[1]["NetworkSettings"]
    assert set(found["Networks"]["bridge"]) == {
        "IPAMConfig", "Links", "Aliases", "MacAddress", "DriverOpts", "GwPriority", "NetworkID", "EndpointID", "Gateway",
        "IPAddress", "IPPrefixLen", "IPv6Gateway", "GlobalIPv6Address", "GlobalIPv6PrefixLen", "DNSNames",
    }  # fmt: skip
    assert (found["IPAddress"], found["Gateway"], found["IPPrefixLen"]) == ("172.17.0.2", "172.17.0.1", 16)
    assert found["Networks"]["bridge"]["IPAddress"] == "172.17.0.2"
    assert found["Ports"] == {
        "80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}, {"HostIp": "::", "HostPort": "8080"}],
        "53/udp": [{"HostIp": "127.0.0.1", "HostPort": "53"}],
        "443/tcp": None,
    }
    assert found["SandboxKey"] == f"/run/netns/fake-{number[:12]}"
    ports = ask(socket_path, "GET /containers/json")[1][0]["Ports"]
    assert {"IP": "0.0.0.0", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"} in ports
    assert {"PrivatePort": 443, "Type": "tcp"} in ports


def test_objects_are_in_the_order_of_their_keys(fake, socket_path):
    """As Go writes maps: what `inspect` prints is Docker's line by line."""
    for name in ("zz", "aa"):
        ask(socket_path, "POST /networks/create", {"Name": name, "Labels": {"y": "", "b": ""}, "Options": {"y": "1", "b": "1"}})
    make(socket_path, HostConfig={"NetworkMode": "zz"}, ExposedPorts={"9/tcp": {}, "443/tcp": {}})
    for name in ("bridge", "aa"):
        ask(socket_path, f"POST /networks/{name}/connect", {"Container": "c1"})
    found = ask(socket_path, "GET /containers/c1/json")[1]["NetworkSettings"]
    assert list(found["Networks"]) == ["aa", "bridge", "zz"]
    assert list(found["Ports"]) == ["443/tcp", "9/tcp"]
    network = ask(socket_path, "GET /networks/zz")[1]
    assert (list(network["Labels"]), list(network["Options"])) == (["b", "y"], ["b", "y"])


def test_a_stopped_one_has_no_addresses(fake, socket_path):
    """1.4: an address is held only while the container runs."""
    make(socket_path, HostConfig={"PortBindings": {"80/tcp": [{"HostPort": "8080"}]}})
    assert ask(socket_path, "POST /containers/c1/stop?t=1") == (204, b"")
    assert ask(socket_path, "POST /containers/c1/stop") == (304, b"")
    found = ask(socket_path, "GET /containers/c1/json")[1]
    assert (found["State"]["Status"], found["State"]["Running"], found["State"]["ExitCode"]) == ("exited", False, 143)
    assert (found["NetworkSettings"]["IPAddress"], found["NetworkSettings"]["Ports"], found["NetworkSettings"]["SandboxKey"]) == (
        "",
        {},
        "",
    )
    assert found["NetworkSettings"]["Networks"]["bridge"]["EndpointID"] == ""


@pytest.mark.parametrize("mode", ["host", "none"])
def test_host_and_none_are_networks_with_nothing_in_them(fake, socket_path, mode):
    """1.1: host, null."""
    number = make(socket_path, HostConfig={"NetworkMode": mode})
    found = ask(socket_path, "GET /containers/c1/json")[1]
    assert list(found["NetworkSettings"]["Networks"]) == [mode]
    assert found["NetworkSettings"]["Networks"][mode]["IPAddress"] == ""
    there = ask(socket_path, f"GET /networks/{mode}")[1]["Containers"][number]
    assert len(there["EndpointID"]) == 64 and found["NetworkSettings"]["Networks"][mode]["EndpointID"] == there["EndpointID"]
    assert found["HostConfig"]["NetworkMode"] == mode
    assert list(ask(socket_path, f"GET /networks/{mode}")[1]["Containers"]) == [number]


def test_the_mode_container_shows_the_id(fake, socket_path):
    """1.1: container:X."""
    number = make(socket_path)
    make(socket_path, "c2", HostConfig={"NetworkMode": "container:c1"})
    found = ask(socket_path, "GET /containers/c2/json")[1]
    assert found["HostConfig"]["NetworkMode"] == f"container:{number}"
    assert found["NetworkSettings"]["Networks"] == {}


def test_the_default_mode_is_called_bridge_from_144_on(fake, socket_path):
    make(socket_path)
    assert ask(socket_path, "GET /v1.43/containers/c1/json")[1]["HostConfig"]["NetworkMode"] == "default"
    assert ask(socket_path, "GET /v1.44/containers/c1/json")[1]["HostConfig"]["NetworkMode"] == "bridge"


def test_what_was_asked_for_is_shown_again(fake, socket_path):
    make(
        socket_path,
        Env=["A=1"],
        Labels={"x": "y"},
        Hostname="web",
        Tty=True,
        HostConfig={"Dns": ["1.1.1.1"], "RestartPolicy": {"Name": "always"}},
    )
    found = ask(socket_path, "GET /containers/c1/json")[1]
    assert (found["Config"]["Env"], found["Config"]["Labels"], found["Config"]["Tty"]) == (["A=1"], {"x": "y"}, True)
    assert (found["Config"]["Hostname"], found["Config"]["Cmd"], found["Config"]["Image"]) == ("web", ["sleep", "infinity"], "host")
    assert found["HostConfig"]["Dns"] == ["1.1.1.1"]
    assert found["HostConfig"]["RestartPolicy"]["Name"] == "always"
    assert (found["Path"], found["Args"], found["Name"]) == ("sleep", ["infinity"], "/c1")


def test_what_nobody_asked_for_is_shown_as_docker_shows_it(fake, socket_path):
    """HostConfig has all of Docker's keys; `ExecIDs` are the commands that run in it."""
    make(socket_path)
    number = ask(socket_path, "POST /containers/c1/exec", {"Cmd": ["sleep", "infinity"]})[1]["Id"]
    assert ask(socket_path, "GET /containers/c1/json")[1]["ExecIDs"] is None
    ask(socket_path, f"POST /exec/{number}/start", {"Detach": True})
    found = ask(socket_path, "GET /containers/c1/json")[1]
    assert found["ExecIDs"] == [number]
    assert set(HEADS_HOST_CONFIG.split()) - found["HostConfig"].keys() == set()


def test_the_list_and_its_filters(fake, socket_path):
    first = make(socket_path, "one", Labels={"a": "b"}, HostConfig={"PortBindings": {"80/tcp": [{"HostPort": "8080"}]}})
    make(socket_path, "two", start=False)
    make(socket_path, "three", ("exit", "3"))
    assert ask(socket_path, "POST /containers/three/wait") == (200, {"StatusCode": 3})
    assert [one["Names"] for one in ask(socket_path, "GET /containers/json")[1]] == [["/one"]]
    assert listed(socket_path) == ["three", "two", "one"]
    assert [one["Names"][0] for one in ask(socket_path, "GET /containers/json?limit=2")[1]] == ["/three", "/two"]
    for filters, names in [
        ({"status": ["created"]}, ["two"]),
        ({"status": ["exited", "running"]}, ["three", "one"]),
        ({"exited": ["3"]}, ["three"]),
        ({"name": ["^/t"]}, ["three", "two"]),
        ({"id": [first[:12]]}, ["one"]),
        ({"label": ["a"]}, ["one"]),
        ({"network": ["bridge"]}, ["three", "two", "one"]),
        ({"network": ["nosuch"]}, []),
        ({"publish": ["8080"]}, ["one"]),
        ({"publish": ["80"]}, []),
        ({"publish": ["80"], "expose": ["80"]}, ["one"]),
        ({"expose": ["80/tcp"]}, ["one"]),
        ({"before": ["two"]}, ["one"]),
        ({"since": ["two"]}, ["three"]),
        ({"ancestor": ["host"]}, ["three", "two", "one"]),
        ({"ancestor": ["nginx"]}, []),
        ({"health": ["none"]}, ["three", "two", "one"]),
    ]:
        assert listed(socket_path, **filters) == names, filters
    for filters, text in [
        (
            {"status": ["fine"]},
            "invalid filter 'status=fine': invalid value for state (fine): "
            "must be one of created, running, paused, restarting, removing, exited, dead",
        ),
        (
            {"health": ["ill"]},
            "invalid filter 'health=ill': invalid value for health (ill): must be one of none, starting, healthy, unhealthy",
        ),
        ({"exited": ["x"]}, "invalid filter 'exited=x'"),
        ({"is-task": ["x", "y"]}, "invalid filter 'is-task=[x y]'"),
        ({"nosuch": ["1"]}, "invalid filter 'nosuch'"),
    ]:
        assert ask(socket_path, f"GET /containers/json?filters={quote(json.dumps(filters))}") == (400, {"message": text})
    only = quote(json.dumps({"exited": ["3"]}))
    assert ask(socket_path, f"GET /containers/json?filters={only}") == (200, []), "as with Docker: of those that run"


def test_statuses_as_columns_show_them(fake, socket_path):
    make(socket_path, "one", Healthcheck={"Test": ["CMD", "true"]})
    make(socket_path, "two", start=False)
    make(socket_path, "three", ("exit", "3"))
    ask(socket_path, "POST /containers/three/wait")
    ask(socket_path, "POST /containers/one/pause")
    found = {one["Names"][0]: one["Status"] for one in ask(socket_path, "GET /containers/json?all=1")[1]}
    assert found["/one"].startswith("Up ") and found["/one"].endswith("(Paused)")
    assert found["/two"] == "Created"
    assert found["/three"].startswith("Exited (3) ")
    ask(socket_path, "POST /containers/one/unpause")
    assert ask(socket_path, "GET /containers/json")[1][0]["Status"].endswith("(health: starting)")


def test_wait_sends_its_headers_at_once(fake, socket_path):
    """Docker's clients ask for the next exit before they start a container, and go on when the headers have come."""
    make(socket_path, start=False)
    import http.client

    from tests.dataplane.api.asking import _Connection

    connection = _Connection(socket_path, 30)
    connection.request("POST", "/v1.41/containers/c1/wait?condition=next-exit")
    answer = connection.getresponse()
    assert isinstance(answer, http.client.HTTPResponse)
    assert answer.status == 200
    ask(socket_path, "POST /containers/c1/start")
    ask(socket_path, "POST /containers/c1/kill?signal=KILL")
    assert json.loads(answer.read()) == {"StatusCode": 137}
    connection.close()
    assert ask(socket_path, "POST /containers/c1/wait?condition=never") == (400, {"message": 'invalid condition: "never"'})
    assert ask(socket_path, "POST /containers/nosuch/wait") == (404, {"message": "No such container: nosuch"})


@pytest.mark.parametrize("name", ["a", "-ab", "a b", "a/b", "../etc", "ab\n", "é" * 3, "x" * 300, "%00", "a;b"])
def test_container_names_have_a_shape(fake, socket_path, name):
    """1.8: at least two of [a-zA-Z0-9][a-zA-Z0-9_.-]."""
    status, body = ask(socket_path, f"POST /containers/create?name={quote(name)}", {"Image": "host"})
    assert status == 400
    assert body["message"].startswith("Invalid container name (")
    assert listed(socket_path) == []


def test_a_name_is_taken_once(fake, socket_path):
    number = make(socket_path)
    status, body = ask(socket_path, "POST /containers/create?name=c1", {"Image": "host"})
    assert status == 409
    assert body["message"].startswith(f'Conflict. The container name "/c1" is already in use by container "{number}".')


def test_lives_from_rename_to_prune(fake, socket_path):
    number = make(socket_path)
    assert ask(socket_path, "POST /containers/c1/start") == (304, b"")
    assert ask(socket_path, "POST /containers/c1/restart?t=0") == (204, b"")
    assert ask(socket_path, "POST /containers/c1/rename?name=c2") == (204, b"")
    assert ask(socket_path, f"GET /containers/{number[:8]}/json")[1]["Name"] == "/c2"
    assert ask(socket_path, "DELETE /containers/c2")[0] == 409
    assert ask(socket_path, "DELETE /containers/c2?force=1&v=1") == (204, b"")
    make(socket_path, "c3", start=False)
    assert ask(socket_path, "POST /containers/prune")[1]["SpaceReclaimed"] == 0
    assert listed(socket_path) == []
    assert ask(socket_path, "POST /containers/c9/kill")[0] == 404


def test_the_one_image(fake, socket_path):
    """Issue: /images/json, /images/{name}/json, /images/create for `host`; any other name: Docker's error with a hint."""
    assert [one["RepoTags"] for one in ask(socket_path, "GET /images/json")[1]] == [["host:latest"]]
    bridge = ask(socket_path, "GET /networks/bridge")[1]["Created"]
    found = ask(socket_path, "GET /images/host/json")[1]
    assert found["Created"] == bridge  # docker images: not of 1970
    assert rfc3339(ask(socket_path, "GET /images/json")[1][0]["Created"] * 10**9)[:19] == bridge[:19]
    assert ask(socket_path, f"GET /images/{found['Id']}/json")[0] == 200
    assert "ContainerConfig" in ask(socket_path, "GET /v1.44/images/host:latest/json")[1]
    status, body = ask(socket_path, "GET /images/nginx/json")
    assert (status, body["message"]) == (404, "No such image: nginx:latest")
    assert "--any-image" in body["mend"]
    status, body = ask(socket_path, "POST /containers/create", {"Image": "nginx:1.25"})
    assert (status, body["message"]) == (404, "No such image: nginx:1.25")
    status, body = ask(socket_path, "POST /images/create?fromImage=nginx&tag=latest")
    assert status == 404 and body["message"].startswith("No such image: nginx:latest: ") and "--any-image" in body["message"]
    assert ask(socket_path, "POST /images/create?fromImage=host&tag=latest")[0] == 200
    assert ask(socket_path, "GET /images/Nginx/json") == (
        400, {"message": "invalid reference format: repository name (library/Nginx) must be lowercase"},
    )  # fmt: skip
    assert ask(socket_path, "GET /images/../../etc/json")[0] == 400
    bad = quote(json.dumps({"colour": ["red"]}))
    assert ask(socket_path, f"GET /images/json?filters={bad}") == (400, {"message": "invalid filter 'colour'"})


def test_stats_and_top(fake, socket_path):
    make(socket_path)
    found = ask(socket_path, "GET /containers/c1/stats?stream=0&one-shot=1")[1]
    assert found["blkio_stats"]["io_service_bytes_recursive"] is None, "the key is there: clients look into it"
    assert (found["memory_stats"]["usage"], found["networks"]["eth0"]["rx_bytes"], found["name"]) == (2**20, 7, "/c1")
    found = ask(socket_path, "GET /containers/c1/top?ps_args=-o%20pid,comm")[1]
    assert found["Titles"] == ["PID", "COMMAND"] and found["Processes"][0][0] == "1"
    for words in ("-o pid=", "; id", "$(id)", "-o comm"):
        assert ask(socket_path, f"GET /containers/c1/top?ps_args={quote(words)}")[0] >= 400


def test_any_image_stands_for_host(tmp_path):
    """Issue: `daemon --any-image` lets every name stand for `host`."""
    from tests.dataplane.api.serving import served

    path = tmp_path / "s"
    with served(path, any_image=True):
        assert ask(path, "POST /containers/create", {"Image": "nginx:1.25"})[0] == 201
        assert ask(path, "GET /images/nginx/json")[1]["RepoTags"] == ["nginx:latest"]
        assert ask(path, "POST /images/create?fromImage=nginx")[0] == 200
        assert ask(path, "POST /containers/create", {"Image": "No Image"})[0] == 400
