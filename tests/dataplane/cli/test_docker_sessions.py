"""Whole sessions, once with docker's client and once with ours, each on a daemon of its own: the same output, the same status
(issue 5: "Flags, columns, --format and exit codes as Docker's"; DOCKER.md 1.8, 1.9)."""

import shlex
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.dataplane.api.serving import served
from tests.dataplane.cli.masked import masked, of_ours
from tests.dataplane.cli.recorder import newest_docker, run_docker

NETWORKS = """
network ls
network ls -q
network ls --no-trunc
network ls --format json
network ls --format table
network ls --format '{{.Name}}: {{.Driver}}/{{.Scope}} {{.IPv6}} {{.Internal}}'
network ls --format 'table {{.Name}}\\t{{upper .Driver}}\\t{{.Label "a.b"}}'
network ls --format '{{.Nothing}}'
network ls --format '{{.Name'
network ls --filter driver=null
network ls --filter type=builtin --filter name=o
network inspect none host bridge
network inspect nosuch
network inspect bridge nosuch --format '{{.Name}}'
network create net1
network create net1
network create bridge
network create -d host h2
network create --label a.b=c --subnet 10.88.0.0/24 --gateway 10.88.0.254 --ip-range 10.88.0.128/25 -o x=y net2
network create --subnet 10.88.0.0/25 net3
network create --driver nosuch net3
network create --subnet 10.77.0.5/24 net3
network create net10
network ls
network ls --format '{{.Name}}={{.Labels}}'
network ls -f label=a.b
network inspect net2
network inspect -f '{{range .IPAM.Config}}{{.Subnet}} {{.Gateway}}{{end}} {{json .Options}} {{index .Labels "a.b"}}' net2
network inspect -f json net1
network rm net1 nosuch bridge
network rm -f nosuch
network connect net2 nosuch
network disconnect net2 nosuch
network prune
network ls -q
network prune -f
network ls
"""

CONTAINERS = """
ps
ps -a -q
run -d --name c1 host sleep 1000
run -d --name c1 host sleep 1000
run --name two host echo hello world
run --rm --name three host exit 7
run --name four host nosuchprogram
create --name made -l tier=db host sleep 5
ps
ps -a --format 'table {{.Names}}\\t{{.Image}}\\t{{.Command}}\\t{{.State}}\\t{{.Label "tier"}}\\t{{.Networks}}'
ps -a --no-trunc --format '{{.Names}} {{.Command}}'
ps --filter name=c --format '{{.Names}} {{.Ports}} {{.Size}}'
ps -a --filter status=created --format '{{.Names}}'
ps -a --format '{{range $i, $n := split .Names ","}}{{$i}}{{$n}}{{end}}{{if eq .State "running"}} up{{else}} down{{end}}'
inspect c1 --format '{{.Name}} {{.State.Status}} {{.Config.Image}} {{len .NetworkSettings.Networks}}'
inspect --format '{{range $k, $v := .NetworkSettings.Networks}}{{$k}}={{$v.IPAddress}} {{end}}' c1
inspect --format '{{json .Config.Cmd}} {{join .Config.Cmd "+"}} {{printf "%s-%d" .Path .RestartCount}}' c1
inspect --format '{{.NoSuch}}' c1
inspect --format '{{.Id}}' c1 nosuch
inspect --type network c1
inspect nosuch
network create --subnet 10.5.0.0/24 n
network connect --alias db --ip 10.5.0.9 n c1
network connect n c1
network connect --alias x bridge made
inspect --format '{{with index .NetworkSettings.Networks "n"}}{{.IPAddress}} {{.Aliases}}{{end}}' c1
network inspect --format '{{range .Containers}}{{.Name}} {{.IPv4Address}}{{end}}' n
network rm n
network disconnect n c1
network disconnect n c1
network disconnect host c1
exec c1 echo a b
exec c1 exit 4
exec c1 nosuchprogram
exec nosuch echo
exec made echo
exec -d c1 sleep 1
logs two
logs nosuch
logs -n 1 two
stop c1 nosuch
start c1
restart -t 0 c1
kill c1 made
kill -s nosuch c1
wait c1
rename c1 c9
rename c9 two
pause made
unpause made
port c9
rm two made nosuch
start made
run -d --name up -p 8080:80 -p 9000-9001:9000-9001/udp --expose 7 host sleep 9
ps --format '{{.Ports}}'
ps --size --filter publish=8080 --filter expose=7
ps -q --format '{{.Names}}' --filter publish=80
inspect -s --format '{{.SizeRw}}' up
port up
port up x
port up 80
port up 81/tcp
rm up
rm -f up nosuch
attach c9
attach nosuch
top c9
container list --format '{{.Names}}'
container prune
container prune -f --filter colour=red
container prune -f --filter label=nosuch
container prune -f
ps -a --format '{{.Names}}'
"""


@pytest.mark.parametrize("lines", [NETWORKS, CONTAINERS], ids=["networks", "containers"])
def test_a_session_looks_the_same(lines, tmp_path, dataplane):
    program = newest_docker()
    found = []
    for ours in (False, True):
        with TemporaryDirectory() as folder, served(Path(folder) / "s"):
            host = f"unix://{folder}/s"
            rows = []
            for line in filter(None, lines.splitlines()):
                words = shlex.split(line)
                said = (
                    dataplane(*words, stdin="", DATAPLANE_HOST=host)
                    if ours
                    else run_docker(program, *words, host=host, home=tmp_path)
                )
                out, err = (of_ours(said.stdout), of_ours(said.stderr)) if ours else (said.stdout, said.stderr)
                rows.append((line, said.returncode, masked(out).rstrip("\n"), masked(err).rstrip("\n")))
            found.append(rows)
    theirs, own = found
    different = [(one, other) for one, other in zip(theirs, own, strict=True) if one != other]
    assert not different, "\n\n".join(f"$ {a[0]}\ndocker    {a[1:]}\ndataplane {b[1:]}" for a, b in different)


def test_the_one_image_is_named(dataplane, tmp_path):
    """Issue 5: "any other name gets Docker's no-such-image error with a hint"."""
    with served(tmp_path / "s"):
        said = dataplane("run", "nosuchimage", "true", DATAPLANE_HOST=f"unix://{tmp_path}/s")
    assert said.returncode == 125
    first, second, *_ = said.stderr.splitlines()
    assert first == "Unable to find image 'nosuchimage:latest' locally"
    assert second.startswith("dataplane: Error response from daemon: No such image: nosuchimage:latest")
    assert "'host'" in second
