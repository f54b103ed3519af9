"""Binds, mounts, tmpfs, devices and shared memory of a request. The words are Docker's."""

import pytest

from dataplane.api import asked, mounts_wish
from dataplane.api.asked_container import ContainerCreateRequest
from dataplane.desired.refused import Refused
from dataplane.mounts import Mount

PLAIN = ("noexec", "nosuid", "nodev")


def read(**host):
    return asked.checked(ContainerCreateRequest, {"HostConfig": host})


def test_binds():
    found = mounts_wish.mounts(read(Binds=["/a:/b/c", "/d:/e/:ro,z", "named:/f"]))
    assert found == (
        Mount(target="/e", source="/d", read_only=True, make=True),
        Mount(target="/b/c", source="/a", make=True),
    )


def test_mounts(tmp_path):
    bind = {"Type": "bind", "Source": str(tmp_path), "Target": "/x", "ReadOnly": True}
    memory = {"Type": "tmpfs", "Target": "/y", "TmpfsOptions": {"SizeBytes": 4096, "Mode": 0o770}}
    made = {"Type": "bind", "Source": f"{tmp_path}/new", "Target": "/z", "BindOptions": {"CreateMountpoint": True}}
    assert mounts_wish.mounts(read(Mounts=[bind, memory, made])) == (
        Mount(target="/x", source=str(tmp_path), read_only=True),
        Mount(target="/y", options=(*PLAIN, "size=4096", "mode=770")),
        Mount(target="/z", source=f"{tmp_path}/new", make=True),
    )


def test_memory_and_devices():
    found = mounts_wish.mounts(read(
        Tmpfs={"/t": "size=1m,exec", "/u": ""}, ShmSize=65536, Devices=[{"PathOnHost": "/dev/null", "PathInContainer": "/dev/x"}],
    ))  # fmt: skip
    assert found == (
        Mount(target="/t", options=(*PLAIN, "size=1m", "exec")),
        Mount(target="/u", options=PLAIN),
        Mount(target="/dev/shm", options=(*PLAIN, "size=65536", "mode=1777")),
        Mount(target="/dev/x", source="/dev/null"),
    )


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ({"Binds": ["/a"]}, "invalid volume specification: '/a'"),
        ({"Binds": ["/a:/b:pink"]}, "invalid volume specification: '/a:/b:pink': invalid mode: pink"),
        ({"Binds": ["/a:b"]}, "invalid volume specification: '/a:b': invalid mount path: 'b' mount path must be absolute"),
        ({"Binds": ["/a:/"]}, "invalid volume specification: '/a:/': invalid specification: destination can't be '/'"),
        ({"Binds": ["/a:/proc"]}, "invalid volume specification: '/a:/proc': invalid specification: destination can't be '/proc'"),
        ({"Binds": ["/a:/b", "/c:/b"]}, "Duplicate mount point: /b"),
        ({"Tmpfs": {"/a": "colour=red"}}, 'invalid tmpfs option ["colour=red"]'),
        ({"Mounts": [{"Type": "bind", "Source": "/no/such", "Target": "/x"}]},
         'invalid mount config for type "bind": bind source path does not exist: /no/such'),
        ({"Mounts": [{"Type": "bind", "Source": f"/{'n' * 300}", "Target": "/x"}]},
         f'invalid mount config for type "bind": bind source path does not exist: /{"n" * 255}'),
        ({"Devices": [{"PathOnHost": "", "PathInContainer": "/etc"}]},
         'error gathering device information while adding custom device "": not a device node'),
        ({"Devices": [{"PathOnHost": "/dev/null", "PathInContainer": "null"}]},
         'error gathering device information while adding custom device "/dev/null": '
         "invalid mount path: 'null' mount path must be absolute"),
        ({"Mounts": [{"Type": "bind", "Target": "/x"}]}, 'invalid mount config for type "bind": field Source must not be empty'),
        ({"Mounts": [{"Type": "pink", "Target": "/x"}]}, 'invalid mount config for type "pink": mount type unknown'),
    ],
)  # fmt: skip
def test_refusals(host, said):
    with pytest.raises(Refused) as caught:
        mounts_wish.mounts(read(**host))
    assert (caught.value.http, caught.value.what) == (400, said)


def test_volumes_are_left_aside():
    request = asked.checked(
        ContainerCreateRequest,
        {"Volumes": {"/anonymous": {}, "/b": {}}, "HostConfig": {
            "Binds": ["named:/f", "/a:/b"], "Mounts": [{"Type": "volume", "Source": "v", "Target": "/g"}], "VolumesFrom": ["other"],
        }},
    )  # fmt: skip
    assert mounts_wish.volumes(request) == ["named:/f", "/g", "/anonymous", "other"]
    assert [one.target for one in mounts_wish.mounts(request)] == ["/b"]
