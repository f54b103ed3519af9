"""The folders in which what containers wrote is kept, and where earlier versions had it."""

from __future__ import annotations

from pathlib import Path

import pytest

from dataplane.daemon.container.kept import Kept
from dataplane.errors import UserError

ID, OTHER = "ab" * 32, "cd" * 32


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    (tmp_path / "instances" / ID[:12]).mkdir(parents=True)
    return Kept(tmp_path / "state" / "containers", tmp_path / "instances")


def test_a_folder_for_each_container_for_its_user_alone(kept: Kept) -> None:
    place = kept.take(ID)
    assert place == kept.place(ID) == kept.folder / ID
    assert place.stat().st_mode & 0o777 == 0o700
    kept.take(ID)
    kept.take(OTHER)
    kept.forget(ID)
    assert not place.exists()
    kept.forget(ID)
    kept.sweep({ID})
    assert not list(kept.folder.iterdir())


def test_nothing_to_sweep(kept: Kept) -> None:
    kept.sweep({ID})
    assert not kept.folder.exists()


def test_what_an_earlier_version_wrote_is_read_there_and_comes_along_at_the_next_start(kept: Kept, tmp_path: Path) -> None:
    old = tmp_path / "instances" / ID[:12]
    for name in ("log.jsonl", "log.jsonl.1"):
        (old / name).write_text(name)
    assert kept.place(ID) == old
    place = kept.take(ID)
    assert kept.place(ID) == place
    assert {path.name: path.read_text() for path in place.iterdir()} == {"log.jsonl": "log.jsonl", "log.jsonl.1": "log.jsonl.1"}
    assert not list(old.iterdir())


def test_no_room(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="the folder of a log cannot be made: Not a directory"):
        Kept(tmp_path / "file", tmp_path).take(ID)
