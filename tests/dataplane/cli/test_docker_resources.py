"""Flags about files, limits and capabilities: what nothing comes of is told, by the daemon (docs/docker-compatibility.md)."""

import pytest

from dataplane.cli.container import resources
from dataplane.cli.container.mount_flag import bind, mount
from tests.dataplane.api.serving import served


def test_what_is_left_aside_is_told(dataplane, tmp_path):
    with served(tmp_path / "s"):
        words = "-v /tmp:/x -v data:/y -m 10m --cap-add NET_ADMIN --privileged --init --security-opt seccomp=unconfined"
        more = "--pull missing --platform linux/amd64 --quiet --log-driver syslog"
        said = dataplane("create", *words.split(), *more.split(), "host", "true", DATAPLANE_HOST=f"unix://{tmp_path}/s")
    assert said.returncode == 0
    assert said.stderr.splitlines() == [
        "WARNING: Memory left aside: there are no limits here but --ulimit",
        "WARNING: LogConfig left aside: logs are kept as json-file keeps them",
        "WARNING: Volumes left aside: there are none here: data:/y",
    ]


def test_a_path_that_begins_with_a_dot_is_one_from_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert bind("./a:/b:ro") == f"{tmp_path}/a:/b:ro"
    assert bind("../a:/b") == f"{tmp_path.parent}/a:/b"
    assert bind("name:/b") == "name:/b"


@pytest.mark.parametrize(
    ("read", "text", "said"),
    [
        (mount, "type=bind,source=/a", "target is required"),
        (mount, "type=bind,readonly=maybe,target=/x", "invalid value for readonly: maybe"),
        (mount, "type=bind,colour=red,target=/x", "unknown option 'colour' in 'colour=red'"),
        (mount, "bind", "invalid field 'bind' must be a key=value pair"),
        (mount, "type=tmpfs,target=/x,tmpfs-mode=9", "invalid value for tmpfs-mode: 9"),
        (resources.ulimit, "nofile", "invalid ulimit argument: nofile"),
        (resources.ulimit, "colour=1", "invalid ulimit type: colour"),
        (resources.ulimit, "nofile=9:8", "ulimit soft limit must be less than or equal to hard limit: 9 > 8"),
        (resources.ulimit, "nofile=x", 'strconv.ParseInt: parsing "x": invalid syntax'),
        (resources.device, "/dev/null:/dev/x:q", "invalid device specification: /dev/null:/dev/x:q"),
    ],
)
def test_wrong_words_in_dockers(read, text, said):
    with pytest.raises(ValueError, match="^" + said.replace("(", r"\(") + "$"):
        read(text)


def test_never_pulls_nothing_and_always_asks(dataplane, tmp_path):
    with served(tmp_path / "s"):
        host = f"unix://{tmp_path}/s"
        never = dataplane("create", "--pull", "never", "busybox", "true", DATAPLANE_HOST=host)
        assert (never.returncode, "Unable to find image" in never.stderr, "No such image" in never.stderr) == (125, False, True)
        always = dataplane("create", "--pull", "always", "host", "true", DATAPLANE_HOST=host)
        assert (always.returncode, always.stderr) == (0, "")
        wrong = dataplane("create", "--pull", "maybe", "host", DATAPLANE_HOST=host)
        assert 'must be one of "always", "missing" or "never"' in wrong.stderr
