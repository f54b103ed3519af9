"""The state folder of a lab: where it is, whom it trusts, who holds it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dataplane.errors import UserError
from dataplane.proc import registry
from dataplane.proc.registry import base_folder, hold, holder, lab_folder, labs


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(registry, "base_folder", lambda: tmp_path / "dataplane")
    return tmp_path / "dataplane"


def test_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert base_folder() == Path("/run/dataplane")
    uid = tmp_path.stat().st_uid
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: uid + 1)
    assert base_folder() == Path(f"/tmp/dataplane-{uid + 1}")  # the variable is another user's
    if uid != 0:
        monkeypatch.setattr(os, "geteuid", lambda: uid)
        assert base_folder() == tmp_path / "dataplane"
    monkeypatch.setenv("XDG_RUNTIME_DIR", "relative")
    assert base_folder().parent == Path("/tmp")


def test_it_is_made_closed_to_others(base: Path) -> None:
    assert labs() == []
    assert not lab_folder("shop").exists()
    folder = lab_folder("shop", create=True)
    assert folder == base / "shop"
    assert [path.stat().st_mode & 0o777 for path in (base, folder)] == [0o700, 0o700]
    assert lab_folder("shop", create=True) == folder
    assert labs() == ["shop"]


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "-a", ".a", "a b", "x" * 64, "a\n"])
def test_names_that_are_no_name(base: Path, name: str) -> None:
    with pytest.raises(UserError, match="cannot name a lab"):
        lab_folder(name)


@pytest.mark.parametrize("where", ["base", "lab"])
def test_a_link_is_refused(base: Path, tmp_path: Path, where: str) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    if where == "base":
        base.symlink_to(tmp_path / "elsewhere")
    else:
        base.mkdir(mode=0o700)
        (base / "shop").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="a link here is refused"):
        lab_folder("shop", create=True)
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o701])
def test_a_folder_open_to_others_is_refused(base: Path, mode: int) -> None:
    base.mkdir()
    base.chmod(mode)
    with pytest.raises(UserError, match="open to others") as raised:
        lab_folder("shop", create=True)
    assert f"{mode:04o}" in raised.value.what and raised.value.mend.startswith("chmod 700 it, or set XDG_RUNTIME_DIR")


def test_a_folder_of_somebody_else_is_refused(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lab_folder("shop", create=True)
    monkeypatch.setattr(os, "geteuid", lambda: base.stat().st_uid + 1)
    with pytest.raises(UserError, match="belongs to somebody else"):
        lab_folder("shop")


def test_one_lab_process_at_a_time(base: Path) -> None:
    with hold("shop") as folder:
        found = holder(folder)
        assert found is not None
        assert found[0] == os.getpid()
        with pytest.raises(UserError, match=f"up already .process {os.getpid()}.") as raised, hold("shop"):
            pass
        assert "dataplane down --lab shop" in raised.value.mend
        with hold("another"):
            assert labs() == ["another", "shop"]
    with hold("shop"):
        pass


def test_a_dead_holder_holds_nothing(base: Path) -> None:
    pid = os.fork()
    if pid == 0:
        registry.hold("shop").__enter__()
        os._exit(0)
    os.waitpid(pid, 0)
    assert holder(base / "shop") is None
    with hold("shop"):
        pass


def test_a_lock_on_a_folder_that_was_taken_away_counts_no_more(base: Path) -> None:
    folder = lab_folder("shop", create=True)
    lock = registry.try_lock(folder)
    assert lock is not None
    folder.rmdir()
    again = registry.try_lock(lab_folder("shop", create=True))
    assert again is not None
    os.close(lock)
    os.close(again)
