"""A daemon's world with something of everything: each driver and its options, templates, both families, containers in each state.

What it is for is its state, which `record_state.py` keeps for the daemons of later versions. Its host is the caller's network
namespace, which `prepare_host` furnishes.
"""

from __future__ import annotations

import subprocess
import time
from typing import Any

from daemon_process import DaemonProcess

OPTIONS = ("--data-path-addr", "192.0.2.1", "--peer", "192.0.2.2")
"""Of the daemon's command line: overlays need them."""
PARENTS = ("dpparent0", "dpparent1", "dpparent2", "dpparent3")
LATEST = "/v1.51"


def _pools(*subnets: str, **more: object) -> dict[str, Any]:
    first, *others = subnets
    return {"Config": [{"Subnet": first, **more}, *({"Subnet": one} for one in others)]}


NETWORKS: tuple[dict[str, Any], ...] = (
    {"Name": "front", "EnableIPv6": True, "Attachable": True, "Labels": {"tier": "front", "empty": ""},
     "IPAM": {"Options": {"kept": "yes"}, **_pools("10.71.0.0/24", "fd71::/64", Gateway="10.71.0.254", IPRange="10.71.0.128/25",
                                                   AuxiliaryAddresses={"printer": "10.71.0.129"})},
     "Options": {"com.docker.network.bridge.name": "br-front", "com.docker.network.driver.mtu": "1400",
                 "com.docker.network.container_iface_prefix": "net", "com.docker.network.bridge.host_binding_ipv4": "127.0.0.1"}},
    {"Name": "back", "Internal": True, "EnableIPv6": True},
    {"Name": "auto"},
    {"Name": "six", "EnableIPv4": False, "EnableIPv6": True},
    {"Name": "bare", "Driver": "macvlan", "EnableIPv4": False, "IPAM": {"Driver": "null"}},
    {"Name": "apart", "Options": {"com.docker.network.bridge.enable_icc": "false",
                                  "com.docker.network.bridge.enable_ip_masquerade": "false"}},
    {"Name": "routed", "EnableIPv6": True, "IPAM": _pools("10.72.0.0/24", "fd72::/64"),
     "Options": {"com.docker.network.bridge.gateway_mode_ipv4": "nat-unprotected",
                 "com.docker.network.bridge.gateway_mode_ipv6": "routed"}},
    {"Name": "isolated", "Internal": True, "Options": {"com.docker.network.bridge.gateway_mode_ipv4": "isolated"}},
    {"Name": "template", "ConfigOnly": True, "IPAM": _pools("10.73.0.0/24"), "Labels": {"of": "template"}},
    {"Name": "templated", "ConfigFrom": {"Network": "template"}},
    *({"Name": f"mac-{mode}", "Driver": "macvlan", "IPAM": _pools(f"10.74.{place}.0/24"),
       "Options": {"parent": PARENTS[place], "macvlan_mode": mode}}
      for place, mode in enumerate(("bridge", "private", "passthru"))),
    {"Name": "mac-vlan", "Driver": "macvlan", "EnableIPv6": True, "IPAM": _pools("10.74.9.0/24", "fd74:9::/64"),
     "Options": {"parent": f"{PARENTS[3]}.10", "macvlan_mode": "vepa"}},
    {"Name": "mac-alone", "Driver": "macvlan", "Internal": True},
    {"Name": "ip-l2", "Driver": "ipvlan", "IPAM": _pools("10.75.1.0/24"), "Options": {"parent": f"{PARENTS[3]}.11"}},
    {"Name": "ip-l3", "Driver": "ipvlan", "IPAM": _pools("10.75.2.0/24", "10.75.3.0/24"),
     "Options": {"parent": f"{PARENTS[3]}.12", "ipvlan_mode": "l3", "ipvlan_flag": "private"}},
    {"Name": "far", "Driver": "overlay", "Attachable": True, "IPAM": _pools("10.76.0.0/24", IPRange="10.76.0.64/26"),
     "Options": {"com.docker.network.driver.overlay.vxlanid_list": "4097", "dataplane.peers": "192.0.2.3"}},
)  # fmt: skip

_HOST = {"RestartPolicy": {"Name": "always"}, "PublishAllPorts": True,
         "PortBindings": {"80/tcp": [{"HostPort": "8080"}, {"HostIp": "::1", "HostPort": "8081"}],
                          "53/udp": [{"HostIp": "127.0.0.1", "HostPort": "5300-5310"}], "443/tcp": [{}]},
         "Dns": ["192.0.2.53"], "DnsSearch": ["example.test"], "DnsOptions": ["ndots:2"],
         "ExtraHosts": ["printer:10.71.0.129", "host:host-gateway"], "Sysctls": {"net.ipv4.ip_default_ttl": "63"},
         "Init": True, "Memory": 2**26, "Binds": ["/usr:/srv:ro"], "Tmpfs": {"/mnt": "size=1m"},
         "Ulimits": [{"Name": "nofile", "Soft": 64, "Hard": 128}, {"Name": "core", "Soft": 0, "Hard": 0}]}  # fmt: skip

CONTAINERS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("base", "bridge", {"Cmd": ["sleep", "1000"]}),
    ("linked", "bridge", {"HostConfig": {"Links": ["base:store"]}}),
    ("web", "front", {
        "Entrypoint": ["sh", "-c"], "Cmd": ["trap exit TERM; while sleep 0.1; do :; done"],
        "Hostname": "web", "Domainname": "example.test",
        "Env": ["COLOUR=blue", "EMPTY="], "WorkingDir": "/tmp", "User": "root", "Labels": {"app": "shop"}, "StopSignal": "SIGINT",
        "StopTimeout": 3, "ExposedPorts": {"80/tcp": {}, "9000-9001/udp": {}}, "HostConfig": _HOST,
        "Healthcheck": {"Test": ["CMD", "true"], "Interval": 10**9, "Timeout": 2 * 10**9, "Retries": 5, "StartPeriod": 10**9,
                        "StartInterval": 10**9},
        "NetworkingConfig": {"EndpointsConfig": {
            "front": {"IPAMConfig": {"IPv4Address": "10.71.0.9", "IPv6Address": "fd71::9", "LinkLocalIPs": ["169.254.7.9"]},
                      "Aliases": ["shop", "www"], "Links": ["base:db"], "MacAddress": "02:42:00:00:71:09", "GwPriority": 7,
                      "DriverOpts": {"com.docker.network.endpoint.sysctls": "net.ipv4.conf.IFNAME.log_martians=1"}},
            "back": {"DriverOpts": {"com.docker.network.endpoint.ifname": "inner0"}}, "six": {}}}}),
    ("beside", "container:web", {}),
    ("onhost", "host", {}),
    ("alone", "none", {"Tty": True, "OpenStdin": True, "Cmd": ["cat"]}),
    ("typed", "auto", {"OpenStdin": True, "StdinOnce": True, "AttachStdin": True, "Cmd": ["cat"]}),
    ("fleeting", "templated", {"HostConfig": {"AutoRemove": True}}),
    ("held", "apart", {"HostConfig": {"RestartPolicy": {"Name": "unless-stopped"}}}),
    ("stopped", "isolated", {"HostConfig": {"RestartPolicy": {"Name": "unless-stopped"}}}),
    ("failing", "auto", {"Cmd": ["false"], "HostConfig": {"RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3}}}),
    ("ended", "auto", {"Cmd": ["sh", "-c", "exit 3"]}),
    ("broken", "auto", {"Cmd": ["/no/such/program"]}),
    ("open", "routed", {"HostConfig": {"PortBindings": {"80/tcp": [{"HostPort": "8090"}]}}}),
    *((f"on-{one['Name']}", one["Name"], {}) for one in NETWORKS if one.get("Driver")),
    ("unborn", "auto", {"HostConfig": {"PortBindings": {"81/tcp": [{"HostPort": "8082"}]}}}),
)  # fmt: skip
STARTED = tuple(name for name, _, _ in CONTAINERS if name != "unborn")
FAILS = "broken"


def prepare_host(netns: str = "") -> None:
    """Addresses and parents; "": in this process's network namespace."""
    commands = ["link set lo up"]
    for name in ("dpbelow", *PARENTS):
        peer = f"{name}-peer"
        commands += [f"link add {name} type veth peer name {peer}", f"link set {name} up", f"link set {peer} up"]
    commands.append("address add 192.0.2.1/24 dev dpbelow")
    subprocess.run(["ip", *(["-n", netns] if netns else []), "-batch", "-"], input="\n".join(commands), text=True, check=True)


def fill(daemon: DaemonProcess) -> None:
    """All of it; when it returns, each container is what it is to be."""
    for network in NETWORKS:
        _do(daemon, "/networks/create", network)
    for name, mode, config in CONTAINERS:
        host = {"NetworkMode": mode, **config.get("HostConfig", {})}
        _do(daemon, f"/containers/create?name={name}", {"Image": "host", "Cmd": ["sleep", "1000"], **config, "HostConfig": host})
        if name in STARTED:
            status, said = daemon.ask("POST", f"{LATEST}/containers/{name}/start")
            assert (status == 204) == (name != FAILS), said
    _do(daemon, "/networks/auto/connect", {"Container": "web", "EndpointConfig": {"Aliases": ["late"]}})
    _do(daemon, "/networks/auto/disconnect", {"Container": "failing", "Force": True})
    _do(daemon, "/containers/fleeting/rename?name=renamed", None)
    _do(daemon, "/containers/stopped/stop?t=0", None)
    _do(daemon, "/containers/held/pause", None)
    deadline = time.monotonic() + 30
    while not (state(daemon, "ended") == state(daemon, "failing") == "exited"):
        assert time.monotonic() < deadline, daemon.log()
        time.sleep(0.05)


def end(daemon: DaemonProcess) -> None:
    """What is paused goes on: only so can it be ended."""
    daemon.ask("POST", "/containers/held/unpause")


def state(daemon: DaemonProcess, name: str) -> str:
    """`running`, `exited` …"""
    return str(daemon.ask("GET", f"{LATEST}/containers/{name}/json")[1]["State"]["Status"])


def _do(daemon: DaemonProcess, path: str, body: object) -> None:
    status, said = daemon.ask("POST", LATEST + path, body)
    assert status in {200, 201, 204}, f"{path}: {status}: {said}: {body}"
