"""Requests become wishes (DOCKER.md 1.3, 1.7)."""

from ipaddress import ip_address

import pytest

from dataplane.api import asked
from dataplane.api.asked_container import ContainerCreateRequest
from dataplane.api.asked_network import EndpointSettings, NetworkCreateRequest
from dataplane.api.container_wish import container_wish
from dataplane.api.endpoint_wish import endpoint_wish, links
from dataplane.api.network_wish import network_wish
from dataplane.desired.refused import Refused
from dataplane.model import PortBinding, Restart
from dataplane.mounts import Ulimit

NEWEST = (1, 51)
SELF = ip_address("::1")


def wish(version=NEWEST, **body):
    return container_wish(asked.checked(ContainerCreateRequest, {"Image": "host", **body}), "c1", version)


def host(**body):
    return wish(HostConfig=body)[0].record


def refused(text, call, *args, **more):
    with pytest.raises(Refused) as error:
        call(*args, **more)
    assert error.value.http == 400
    assert text in error.value.what


def test_entrypoint_and_command_are_run_together():
    record = wish(Entrypoint=["python3", "-m"], Cmd="http.server", Env=["A=1", "B=", "C"], WorkingDir="/tmp", User="0")[0].record
    assert record.process.command == ("python3", "-m", "http.server")
    assert record.entrypoint == ("python3", "-m")
    assert dict(record.process.environment) == {"A": "1", "B": ""}
    assert (record.process.working_dir, record.process.user) == ("/tmp", "0")
    assert wish()[0].record.process.command == ("/bin/sh",)


def test_a_terminal_has_term():
    assert wish(Tty=True)[0].record.process.environment["TERM"] == "xterm"
    assert wish(Tty=True, Env=["TERM=vt100"])[0].record.process.environment["TERM"] == "vt100"


@pytest.mark.parametrize(
    ("bindings", "found"),
    [
        ({"80/tcp": [{"HostPort": "8080"}]}, PortBinding(target=80, target_last=80, first=8080, last=8080)),
        ({"80": [{"HostIp": "127.0.0.1"}]}, PortBinding(target=80, target_last=80, host_ip=ip_address("127.0.0.1"))),
        ({"5000/sctp": [{"HostPort": "5000"}]}, PortBinding(target=5000, target_last=5000, first=5000, last=5000, protocol="sctp")),
        ({"53/udp": None}, PortBinding(target=53, target_last=53, protocol="udp")),
        ({"80/tcp": [{"HostPort": "8000-8010"}]}, PortBinding(target=80, target_last=80, first=8000, last=8010)),
        ({"80/tcp": [{"HostIp": "[::1]", "HostPort": "1"}]}, PortBinding(target=80, target_last=80, first=1, last=1, host_ip=SELF)),
    ],
)  # fmt: skip
def test_published_ports(bindings, found):
    """1.7: forms."""
    record = host(PortBindings=bindings)
    assert record.ports == (found,)
    assert record.expose == (f"{found.target}/{found.protocol}",)


@pytest.mark.parametrize(
    ("bindings", "words"),
    [
        ({"80/tcp": [{"HostPort": "99999"}]}, "invalid hostPort: 99999"),
        ({"99999/tcp": []}, "invalid containerPort: 99999"),
        ({"80/foo": []}, "invalid proto: foo"),
        ({"80/tcp": [{"HostIp": "300.1.1.1"}]}, "invalid IP address: 300.1.1.1"),
        ({"x/tcp": []}, "invalid port specification"),
        ({"80/tcp": [{"HostPort": "9-8"}]}, "invalid hostPort: 9-8"),
    ],
)
def test_bad_ports_in_dockers_words(bindings, words):
    """1.7: bad."""
    refused(words, host, PortBindings=bindings)


def test_restart_policies():
    assert host(RestartPolicy={"Name": "on-failure", "MaximumRetryCount": 3}).restart == Restart(policy="on-failure", max_retries=3)
    refused("unknown policy 'sometimes'", host, RestartPolicy={"Name": "sometimes"})
    refused("maximum retry count can only be used", host, RestartPolicy={"Name": "always", "MaximumRetryCount": 3})
    refused("can't create 'AutoRemove' container with restart policy", host, RestartPolicy={"Name": "always"}, AutoRemove=True)


def test_healthchecks():
    record = wish(Healthcheck={"Test": ["CMD-SHELL", "true"], "Interval": 10**9})[0].record
    assert (record.healthcheck.test, record.healthcheck.interval_ns, record.healthcheck.retries) == (
        ("CMD-SHELL", "true"),
        10**9,
        3,
    )
    assert wish(Healthcheck={"Test": ["NONE"]})[0].record.healthcheck is None
    refused("Interval in Healthcheck cannot be less than 1ms", wish, Healthcheck={"Test": ["CMD", "x"], "Interval": 5})


def test_what_is_left_aside_is_told():
    warnings = wish(HostConfig={"Binds": ["/a:/b"], "Memory": 5, "ReadonlyRootfs": True, "PidMode": "host"}, Volumes={"/x": {}})[1]
    assert [line.split()[0] for line in warnings] == ["Memory", "ReadonlyRootfs", "PidMode", "Volumes"]


def test_what_is_so_already_is_not_told():
    """Capabilities, devices, the host's IPC; and what docker's client always says."""
    host = {"CapAdd": ["NET_ADMIN"], "Privileged": True, "Init": True, "IpcMode": "host", "PidsLimit": -1,
            "LogConfig": {"Type": ""}, "SecurityOpt": ["seccomp=unconfined", "label:disable"]}  # fmt: skip
    assert wish(HostConfig=host)[1] == []


def test_ulimits():
    found = wish(HostConfig={"Ulimits": [{"Name": "nofile", "Soft": 1, "Hard": 2}, {"Name": "nofile", "Soft": 3, "Hard": -1}]})[0]
    assert found.record.ulimits == (Ulimit(name="nofile", soft=3, hard=-1),)
    refused("invalid ulimit type: colour", wish, HostConfig={"Ulimits": [{"Name": "colour"}]})
    refused(
        "ulimit soft limit must be less than or equal to hard limit: 2 > 1",
        wish,
        HostConfig={"Ulimits": [{"Name": "core", "Soft": 2, "Hard": 1}]},
    )


def test_several_networks_need_a_later_version():
    """1.3; API 1.44 lets a container begin on several."""
    config = {"EndpointsConfig": {"a": {}, "b": {"Aliases": ["db"], "GwPriority": 5}}}
    found = wish(NetworkingConfig=config)[0]
    assert (found.networks["b"].aliases, found.networks["b"].gw_priority) == (("db",), 5)
    refused("Container cannot be connected to network endpoints: a, b", wish, (1, 43), NetworkingConfig=config)


def test_the_containers_mac_address_is_its_first_networks():
    """1.3: --mac-address, per network since API 1.44."""
    assert wish(MacAddress="02:00:00:00:00:01")[0].networks["bridge"].mac == "02:00:00:00:00:01"
    found = wish(
        MacAddress="02:00:00:00:00:01",
        HostConfig={"NetworkMode": "n"},
        NetworkingConfig={"EndpointsConfig": {"n": {"Aliases": ["x"]}}},
    )[0]
    assert (found.networks["n"].mac, found.networks["n"].aliases) == ("02:00:00:00:00:01", ("x",))
    refused("conflicting options: mac-address and the network mode", wish, MacAddress="02::", HostConfig={"NetworkMode": "host"})


def test_addresses_that_are_none():
    """1.3: HEAD's text."""
    settings = asked.checked(EndpointSettings, {"IPAMConfig": {"IPv4Address": "10.0.0", "IPv6Address": "10.0.0.1"}})
    refused("invalid endpoint settings:\ninvalid IPv4 address: 10.0.0\ninvalid IPv6 address: 10.0.0.1", endpoint_wish, settings)


def test_extra_hosts_have_an_address():
    """What stands for an address comes into /etc/hosts."""
    for text, words in [
        ("a:1.2.3.4\n6.6.6.6 bank", 'invalid IP address in add-host: "1.2.3.4\n6.6.6.6 bank"'),
        ("a:nowhere", 'invalid IP address in add-host: "nowhere"'),
        ("a:", 'bad format for add-host: "a:"'),
    ]:
        refused(words, host, ExtraHosts=[text])
    assert host(ExtraHosts=["a:host-gateway", "b:[fd00::1]"]).extra_hosts == (("a", "host-gateway"), ("b", "fd00::1"))


def test_links():
    assert links(["/db:/web/database", "cache"]) == (("db", "database"), ("cache", "cache"))
    refused("bad format for links: a:b:c", links, ["a:b:c"])


def test_networks_and_the_version_that_knows_ipv4_off():
    """1.2: --ipv4 from API 1.48 on."""
    request = asked.checked(
        NetworkCreateRequest, {"Name": "n", "EnableIPv4": False, "IPAM": {"Config": [{"Subnet": "10.0.0.0/24"}]}}
    )
    assert network_wish(request, (1, 51)).enable_ipv4 is False
    assert network_wish(request, (1, 47)).enable_ipv4 is None
    assert network_wish(request, (1, 51)).pools[0].subnet == "10.0.0.0/24"
