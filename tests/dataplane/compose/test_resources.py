"""What a service has over the host's files, and its limits: every form, where paths begin, what is left aside."""

import pytest

from dataplane.compose import load
from dataplane.errors import UserError
from dataplane.model import Service
from dataplane.mounts import Device, Mount, Ulimit

PLAIN = ("noexec", "nosuid", "nodev")


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/me")
    return tmp_path


def topology(keys: str, service: str = "image: host"):
    return load(f"services: {{web: {{{service}, {keys}}}}}\n", text=True, environment={})


def web(keys: str) -> Service:
    return topology(keys).services["web"]


@pytest.mark.parametrize(
    ("text", "source", "target", "read_only"),
    [
        ("./data:/srv", "HERE/data", "/srv", False),
        (".:/srv/:ro", "HERE", "/srv", True),
        ("../x/./y:/a/b", "PARENT/x/y", "/a/b", False),
        ("/etc/passwd:/etc/passwd:ro,z", "/etc/passwd", "/etc/passwd", True),
        ("~:/srv:rw", "/home/me", "/srv", False),
        ("~/a b:/srv:cached", "/home/me/a b", "/srv", False),
    ],
)
def test_short_volumes(here, text, source, target, read_only):
    """A path of the host, which becomes a folder where it is not there."""
    source = source.replace("HERE", str(here)).replace("PARENT", str(here.parent))
    mount = Mount(target=target, source=source, read_only=read_only, make=True)
    assert web(f'volumes: ["{text}"]').mounts == (mount,)


def test_long_volumes(here):
    written = """volumes: [
        {type: bind, source: data, target: /a},
        {type: bind, source: ~/x, target: /b/, read_only: true, bind: {create_host_path: true, propagation: rslave}},
        {type: tmpfs, target: /c, read_only: true, tmpfs: {size: 64m, mode: 01770}},
        {type: tmpfs, target: /d, tmpfs: {mode: "0o700"}},
        {type: tmpfs, target: /e},
    ]"""
    assert web(written).mounts == (
        Mount(target="/a", source=f"{here}/data"),
        Mount(target="/b", source="/home/me/x", read_only=True, make=True),
        Mount(target="/c", options=(*PLAIN, "size=67108864", "mode=1770"), read_only=True),
        Mount(target="/d", options=(*PLAIN, "mode=700")),
        Mount(target="/e", options=PLAIN),
    )


def test_tmpfs():
    assert web("tmpfs: /run").mounts == (Mount(target="/run", options=PLAIN),)
    assert web('tmpfs: ["/run/:size=64m,mode=1777,exec", /mnt]').mounts == (
        Mount(target="/run", options=(*PLAIN, "size=64m", "mode=1777", "exec")),
        Mount(target="/mnt", options=PLAIN),
    )


def test_shared_memory_devices_and_limits():
    assert (web("shm_size: 64m").shm_size, web("shm_size: 0").shm_size, web("tty: true").shm_size) == (2**26, 0, 0)
    assert web('devices: [/dev/null, "/dev/zero:/dev/x", "/dev/kvm:rm", {source: /dev/fuse, target: /dev/y}]').devices == (
        Device(source="/dev/null", target="/dev/null"),
        Device(source="/dev/zero", target="/dev/x"),
        Device(source="/dev/kvm", target="/dev/kvm", permissions="rm"),
        Device(source="/dev/fuse", target="/dev/y"),
    )
    assert web('ulimits: {core: 0, nofile: {soft: 64, hard: -1}, memlock: -1, nproc: "7"}').ulimits == (
        Ulimit(name="core", soft=0, hard=0),
        Ulimit(name="nofile", soft=64, hard=-1),
        Ulimit(name="memlock", soft=-1, hard=-1),
        Ulimit(name="nproc", soft=7, hard=7),
    )


def test_volumes_are_left_aside_with_one_warning(here):
    text = """
services:
  web:
    image: host
    volumes: ["data:/a", "./b:/b", /c, {type: volume, source: data, target: /d}, {type: image, source: i, target: /e}]
  db: {image: host, volumes: ["data:/a"]}
volumes: {data: }
"""
    found = load(text, environment={})
    assert found.services["web"].mounts == (Mount(target="/b", source=f"{here}/b", make=True),)
    assert found.services["db"].mounts == ()
    assert found.warnings == (
        "there are no volumes here, so these are left aside: data (web, db), /c (web), i (web) "
        "(a folder of this host begins with ./ or /: ./data:/srv)",
    )


def test_what_only_a_runtime_could_do_is_said():
    found = topology("devices: ['/dev/null:/dev/null:r', 'vendor.com/gpu=0']")
    assert found.services["web"].devices == (Device(source="/dev/null", target="/dev/null", permissions="r"),)
    assert found.warnings == ("these keys change nothing here: devices.vendor.com/gpu=0 (web), devices.permissions (web)",)
    binds = "volumes: ['./a:/a:rshared', {type: bind, source: b, target: /b, bind: {propagation: shared, recursive: readonly}}]"
    said = "these keys change nothing here: volumes.bind.propagation (web), volumes.bind.recursive (web)"
    assert topology(binds).warnings == (said,)
    assert topology(binds.replace("shared", "slave").replace("readonly", "enabled")).warnings == ()


def test_an_image_that_is_not_the_hosts_has_none_of_it():
    """They are over that image's files; nothing is made on this host for what never runs."""
    keys = "volumes: ['./a:/b', 'c:/d'], tmpfs: /run, devices: [/dev/null], shm_size: 1m, ulimits: {core: 0}"
    found = topology(keys, "image: postgres")
    bare = topology("tty: false", "image: postgres")
    assert found.services == bare.services
    assert (
        found.warnings[-1]
        == "these keys change nothing here: volumes (web), tmpfs (web), devices (web), shm_size (web), ulimits (web)"
    )
    assert topology(keys, "image: postgres, x-dataplane: {run: true}").services["web"].shm_size == 2**20
    with pytest.raises(UserError, match="Duplicate mount point: /run"):
        topology("volumes: ['./a:/run'], tmpfs: /run", "image: postgres")


def test_what_is_extended_keeps_its_folder_and_gives_way_by_target(tmp_path):
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts/base.yaml").write_text(
        "services: {base: {image: host, volumes: ['./a:/a', './b:/b'], tmpfs: '/run:size=1m', devices: ['/dev/null:/dev/x'], "
        "ulimits: {nofile: 5}}}"
    )
    main = tmp_path / "compose.yaml"
    main.write_text(
        "services: {web: {extends: {file: parts/base.yaml, service: base}, tmpfs: [/run], devices: ['/dev/zero:/dev/x'],\n"
        "  volumes: [{type: bind, source: ./c, target: /b}], ulimits: {nofile: {soft: 1, hard: 2}}}}"
    )
    found = load(main, environment={}).services["web"]
    assert found.mounts == (
        Mount(target="/a", source=f"{tmp_path}/parts/a", make=True),
        Mount(target="/b", source=f"{tmp_path}/c"),
        Mount(target="/run", options=PLAIN),
    )
    assert found.devices == (Device(source="/dev/zero", target="/dev/x"),)
    assert found.ulimits == (Ulimit(name="nofile", soft=1, hard=2),)


@pytest.mark.parametrize(
    ("keys", "where", "what", "mend"),
    [
        ("volumes: ['a:/b:ro:c']", "volumes[0]", "invalid volume specification: 'a:/b:ro:c'", 'write "./FOLDER:/TARGET"'),
        ("volumes: ['']", "volumes[0]", "invalid volume specification: ''", 'write "./FOLDER'),
        ("volumes: ['./a:/b:pink']", "volumes[0]", "invalid volume specification: './a:/b:pink': invalid mode: pink", "write ro"),
        ("volumes: ['./a:b']", "volumes[0]", "invalid mount path: 'b' mount path must be absolute", "from the root"),
        ("volumes: ['./a:/']", "volumes[0]", "invalid specification: destination can't be '/'", "where it is to be seen"),
        ("volumes: ['~you/a:/b']", "volumes[0]", '"~you/a" is not a path', "~/"),
        ("volumes: ['./a:/b', './c:/b/']", "volumes[1]", "Duplicate mount point: /b", "remove one"),
        ("volumes: [{type: bind, target: /b}]", "volumes[0]", "field Source must not be empty", "source: ./FOLDER"),
        ("volumes: [{type: bind, source: ./a}]", "volumes[0]", '"target" is missing', "write target:"),
        ("volumes: [{type: bind, source: ./a, target: /proc}]", "volumes[0].target",
         "invalid specification: destination can't be '/proc'", "from the root"),
        ("volumes: [{type: tmpfs, source: ./a, target: /b}]", "volumes[0].source", "a file system in memory has no source", "bind"),
        ("volumes: [{type: tmpfs, target: /b, tmpfs: {size: -1}}]", "volumes[0].tmpfs.size", '"-1" is not a size of memory', "64m"),
        ("volumes: [{type: tmpfs, target: /b, tmpfs: {mode: 9999}}]", "volumes[0].tmpfs.mode",
         '"9999" is not a file mode', "octal"),
        ("tmpfs: [/a, './b']", "tmpfs[1]", "invalid mount path: './b' mount path must be absolute", 'write "/PATH"'),
        ("tmpfs: '/a:size=much'", "tmpfs", 'invalid tmpfs option ["size=much"]', "size=64m"),
        ("tmpfs: '/a:noexec=1'", "tmpfs", 'invalid tmpfs option ["noexec=1"]', "size=64m"),
        ("tmpfs: '/a:pink'", "tmpfs", 'invalid tmpfs option ["pink"]', "size=64m"),
        ("volumes: ['./x:/a'], tmpfs: [/b, /a]", "tmpfs[1]", "Duplicate mount point: /a", "another target"),
        ("shm_size: -1", "shm_size", '"-1" is not a size of memory', "64m"),
        ("devices: [fuse]", "devices[0]",
         'error gathering device information while adding custom device "fuse": not a device node', "/dev/NAME"),
        ("devices: ['/dev/a:/dev/b:rx']", "devices[0]", "invalid device mode: rx", "letters of rwm"),
        ("devices: ['/dev/a::r']", "devices[0]", "invalid device specification: /dev/a::r", "/dev/NAME"),
        ("devices: ['/dev/a:b']", "devices[0]",
         'error gathering device information while adding custom device "/dev/a": '
         "invalid mount path: 'b' mount path must be absolute",
         "/dev/NAME"),
        ("ulimits: {nofil: 5}", "ulimits.nofil", "invalid ulimit type: nofil", 'did you mean "nofile"?'),
        ("ulimits: {xyz: 5}", "ulimits.xyz", "invalid ulimit type: xyz", "one of core,"),
        ("ulimits: {nofile: -2}", "ulimits.nofile", "-2 is no limit", "-1"),
        ("ulimits: {nofile: {soft: 5, hard: 4}}", "ulimits.nofile",
         "ulimit soft limit must be less than or equal to hard limit: 5 > 4", "raise hard"),
        ("ulimits: {nofile: {soft: -1, hard: 4}}", "ulimits.nofile",
         "ulimit soft limit must be less than or equal to hard limit: -1 > 4", "raise hard"),
    ],
)  # fmt: skip
def test_messages(keys, where, what, mend):
    with pytest.raises(UserError) as caught:
        web(keys)
    assert caught.value.where == f"<text>:1: services.web.{where}"
    assert caught.value.what == what
    assert mend in caught.value.mend
