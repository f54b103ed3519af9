"""What our command line asks of a daemon is what docker's asks (DOCKER.md 1.2, 1.3, 1.7: the flags)."""

import json
from typing import Any

import pytest

from tests.dataplane.cli.recorder import newest_docker, recording, run_docker

ANSWERS = {
    "POST /containers/create": {"Id": "a" * 64, "Warnings": []},
    "POST /networks/create": {"Id": "b" * 64, "Warning": ""},
    "POST /networks/n1/connect": None,
    "POST /networks/n1/disconnect": None,
    "POST /containers/c1/stop": (None, 204),
    "POST /containers/c1/restart": (None, 204),
    "POST /containers/c1/kill": (None, 204),
    "POST /containers/c1/rename": (None, 204),
    "DELETE /containers/c1": (None, 204),
    "DELETE /networks/n1": (None, 204),
    "GET /containers/json": [],
    "GET /networks": [],
    "POST /networks/prune": {"NetworksDeleted": []},
    "POST /containers/prune": {"ContainersDeleted": [], "SpaceReclaimed": 0},
}

LINES = [
    "network create n1",
    "network create -d macvlan -o parent=eth0 -o macvlan_mode=vepa n1",
    "network create --subnet 192.168.1.0/24 --gateway 192.168.1.254 --ip-range 192.168.1.128/25 --aux-address r=192.168.1.129 n1",
    "network create --subnet 10.1.0.0/24 --subnet fd00:1::/64 --gateway fd00:1::1 --gateway 10.1.0.9 --ipv6 n1",
    "network create --subnet 10.1.0.0/24,10.2.0.0/24 -d overlay n1",
    "network create --ipv4=false --ipv6 n1",
    "network create --ipv6=false --internal --attachable --scope local n1",
    "network create --config-only --label a=b --label c n1",
    "network create --config-from t n1",
    "network create --ipam-driver null --ipam-opt x=y n1",
    "network connect n1 c1",
    "network connect --ip 10.1.0.5 --ip6 fd00::5 --alias db --alias db2 --link c2:x n1 c1",
    "network connect --link-local-ip 169.254.1.1 --driver-opt a=b --gw-priority -5 n1 c1",
    "network disconnect -f n1 c1",
    "network rm n1",
    "network ls --filter driver=bridge --filter label=a -q",
    "network prune -f --filter until=24h",
    "container prune -f --filter label!=keep",
    "container rm -f c1",
    "container ls -a --filter publish=80",
    "ps -s -a",
    "create host",
    "create -it --name=networktest host",
    "create -itd --name x host".replace("-itd", "-it"),
    "create -p 8080:80 -p 127.0.0.1:81:81/udp -p [::1]:82:82 -p 9000-9001:9000-9001 -p 8000-8010:83 -p 84 -p :85:85 host true",
    "create -p published=8080,target=80,protocol=udp host",
    "create --expose 80-82 --expose 53/udp -P host",
    "create --network n1 --ip 10.1.0.5 --ip6 fd00::5 --network-alias db --link-local-ip 169.254.1.1 host",
    "create --network n1 --mac-address 02:42:0a:01:00:05 host",
    "create --network name=n1,alias=a,ip=10.1.0.5,mac-address=02:42:0a:01:00:05 --network n2 host",
    "create --network name=n1,driver-opt=k=v,gw-priority=5 --network n2 host",
    "create --network host host",
    "create --network container:x host",
    "create --link c2 --link c3:db host",
    "create --network n1 --link c2:db host",
    "create --dns 8.8.8.8 --dns-search a.example --dns-option ndots:1 --hostname web --domainname example.org host",
    "create --dns-search . host",
    "create --add-host a:10.0.0.1 --add-host b:host-gateway --add-host c=::1 host",
    "create -e A=1 -e B=2 -e A=3 --env NOT_SET_ANYWHERE host env",
    "create --label a=b -l c --sysctl net.ipv4.ip_forward=1 -u 0:0 -w /tmp --entrypoint sh host -c 'exit 3'",
    "create --restart on-failure:3 --stop-signal TERM --stop-timeout 3 --init host",
    "create --rm host sleep 1",
    "create --health-cmd true --health-interval 1m30s --health-timeout 2s --health-retries 3 --health-start-period 500ms host",
    "create --health-cmd true --health-start-interval 2s host",
    "create --no-healthcheck host",
    "create -v /tmp:/x -v name:/y:ro -v /anonymous --tmpfs /run:size=1m --tmpfs /var host",
    "create -m 10m --cpus 1.5 --pids-limit 5 --cap-add NET_ADMIN --cap-drop ALL --privileged --read-only host",
    "create --memory 1.5GiB --cpus .25 host",
    "create --mount type=bind,source=/tmp,target=/x,readonly --mount type=tmpfs,dst=/y,tmpfs-size=1m,tmpfs-mode=1770 host",
    "create --mount src=data,dst=/z,ro=false --mount type=bind,src=/a,dst=/b,bind-propagation=rslave host",
    "create --ulimit nofile=64:128 --ulimit core=-1 --ulimit nproc=99 --shm-size 64m --device /dev/null:/dev/zz:rw host",
    "create --device /dev/net/tun --device /dev/null:r --platform linux/amd64 host",
    "create --security-opt label=disable --log-driver local --log-opt max-size=1m --volumes-from a --group-add 5 host",
    "create --pid host --ipc host --uts host -c 5 --cpuset-cpus 0 --memory-reservation 1m -m 2m --memory-swap -1 host",
    "create -i=false --rm=true -t=0 host",
    "create -a stdout -a STDERR host",
    "stop -t 3 -s INT c1",
    "restart -t 0 c1",
    "kill -s USR1 c1",
    "rename c1 c2",
    "rm -f -v c1",
    "ps -a --filter name=x --filter status=running",
    "ps -n 3",
    "ps -l",
]


UNORDERED = {"Binds", "Config", "Env", "Ulimits"}
"""Lists that docker's client makes of Go's maps, which have no order."""


def said(value: Any) -> Any:
    """Without what says nothing: empty values, and defaults of flags that we do not have."""
    if isinstance(value, dict):
        held = {key: said(sorted(one or [], key=str) if key in UNORDERED else one) for key, one in value.items()}
        return {key: one for key, one in held.items() if one not in (None, "", 0, False, [], {}, -1, [0, 0], {"Name": "no"})}
    return [said(one) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize("line", LINES)
def test_both_ask_the_same(dataplane, tmp_path, line):
    """The same path, the same query, the same body, the same standard output."""
    import shlex

    words = shlex.split(line)
    program = newest_docker()
    with recording(tmp_path, **ANSWERS) as recorder:
        theirs_said = run_docker(program, *words, host=recorder.host, home=tmp_path)
        # Docker's looks at a network before it removes it, to warn of a swarm's ingress.
        theirs = [
            one for one in recorder.asked if not one.path.endswith("/_ping") and (one.verb, one.path) != ("GET", "/networks/n1")
        ]
        recorder.asked.clear()
        ours_said = dataplane(*words, DATAPLANE_HOST=recorder.host)
        ours = [one for one in recorder.asked if not one.path.endswith("/_ping")]
    assert (ours_said.returncode, ours_said.stdout, ours_said.stderr) == (0, theirs_said.stdout, theirs_said.stderr), theirs_said
    assert theirs
    for their, our in zip(theirs, ours, strict=True):
        assert our[:2] == their[:2]
        assert {k: v for k, v in our.query.items() if v != ["0"]} == {k: v for k, v in their.query.items() if v != ["0"]}
        assert json.dumps(said(our.body), sort_keys=True, indent=1) == json.dumps(said(their.body), sort_keys=True, indent=1)
