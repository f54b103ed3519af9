"""All that is mounted in a container, in order."""

import pytest

from dataplane.mounts import PLAIN, Device, Mount, target_of, together


def test_outer_folders_come_first_and_what_is_written_stands_above():
    inner, outer = Mount(target="/a/b/c", source="/x"), Mount(target="/a", source="/y")
    devices = (Device(source="/dev/zero", target="/dev/x"), Device(source="/dev/null", target="/a"))
    assert together((inner, outer), 4096, devices) == (
        outer,
        Mount(target="/dev/shm", options=(*PLAIN, "size=4096", "mode=1777")),
        Mount(target="/dev/x", source="/dev/zero"),
        inner,
    )
    own = Mount(target="/dev/shm", source="/shm")
    assert together((own,), 4096, ()) == (own,)
    assert together((), 0, ()) == ()


@pytest.mark.parametrize("path", ["x", "", "/", "//", "/proc", "/proc/", "/a/../b"])
def test_where_nothing_can_be_mounted(path):
    with pytest.raises(ValueError, match="invalid"):
        target_of(path)
