"""The reserve: as large as it says, its owner's alone, given up once, and without room none."""

import errno
import os
import stat

import pytest

from dataplane.store.reserve import BEGINNING, SIZE, Reserve, with_room


def test_it_is_kept_given_up_and_kept_again(tmp_path):
    reserve = Reserve(tmp_path / "state.db")
    assert not reserve.give_up(), "there is none yet"
    for _ in range(2):
        reserve.keep()
        found = reserve.path.stat()
        assert (found.st_size, stat.S_IMODE(found.st_mode)) == (SIZE, 0o600)
        assert found.st_blocks * 512 >= SIZE, "not a hole"
        assert reserve.give_up()
        assert reserve.path.stat().st_blocks == 0
        assert not reserve.give_up(), "it had it"


def test_one_of_an_earlier_daemon_is_ours(tmp_path):
    Reserve(tmp_path / "state.db").keep()
    later = Reserve(tmp_path / "state.db")
    later.keep()
    assert later.give_up()


def test_without_room_there_is_none(tmp_path, monkeypatch):
    reserve = Reserve(tmp_path / "state.db")

    def full(fd, offset, size):
        os.pwrite(fd, bytes(8192), offset)  # as far as it comes
        raise OSError(errno.ENOSPC, "no room")

    with monkeypatch.context() as patch:
        patch.setattr(os, "posix_fallocate", full)
        reserve.keep()
    assert reserve.path.stat().st_blocks == 0
    assert not reserve.give_up()
    reserve.keep()
    assert reserve.give_up()


def test_a_link_in_its_place_is_not_followed(tmp_path):
    """Who can write to the folder could have any file of root's emptied."""
    other = tmp_path / "other"
    other.write_text("precious")
    reserve = Reserve(tmp_path / "state.db")
    reserve.path.symlink_to(other)
    reserve.keep()
    assert not reserve.give_up()
    assert other.read_text() == "precious"


def test_it_is_smaller_where_there_is_no_room_for_all_of_it(tmp_path, monkeypatch):
    reserve, allocate = Reserve(tmp_path / "state.db"), os.posix_fallocate

    def small(fd, offset, size):
        if size > SIZE // 2:
            raise OSError(errno.ENOSPC, "no room")
        allocate(fd, offset, size)

    with monkeypatch.context() as patch:
        patch.setattr(os, "posix_fallocate", small)
        reserve.keep()
        assert reserve.path.stat().st_size == SIZE // 2
        patch.setattr(os, "posix_fallocate", lambda *_: small(0, 0, SIZE))
        later = Reserve(tmp_path / "state.db")
        later.keep()
    assert later.path.stat().st_size == SIZE // 2, "what there was stays"
    later.keep()
    assert later.path.stat().st_size == SIZE
    assert later.give_up()


def test_a_part_of_it_is_for_a_beginning(tmp_path):
    path, tried = tmp_path / "state.db", []
    Reserve(path).keep()

    def write():
        tried.append(Reserve(path).path.stat().st_size)
        if len(tried) % 2:
            raise OSError(errno.ENOSPC, "no room")
        return "written"

    assert with_room(path, write) == "written"
    assert tried == [SIZE, SIZE - BEGINNING]
    while Reserve(path).lend():
        pass
    with pytest.raises(OSError, match="no room"):
        with_room(path, write)
    assert len(tried) == 3, "there is nothing to give any more"


def test_a_disk_that_fails_otherwise_gets_nothing(tmp_path):
    path = tmp_path / "state.db"
    Reserve(path).keep()
    with pytest.raises(PermissionError):
        with_room(path, _refused)
    assert Reserve(path).path.stat().st_size == SIZE


def _refused():
    raise PermissionError
