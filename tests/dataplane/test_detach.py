"""The keys that leave a process running: ctrl-p ctrl-q, or others that are named (docker run --detach-keys)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataplane.detach import DEFAULT, Watcher, key_codes


def test_keys_are_named_as_docker_names_them():
    assert key_codes(DEFAULT) == b"\x10\x11"
    assert key_codes("ctrl-a,b,ctrl-[") == b"\x01b\x1b"


@pytest.mark.parametrize("wrong", ["", "ctrl-", "ctrl-1", "ctrl-P", "ab", "ctrl-a,,b"])
def test_wrong_keys_are_refused(wrong):
    with pytest.raises(ValueError, match="Unknown character"):
        key_codes(wrong)


def test_both_keys_leave_also_in_two_reads():
    watcher = Watcher(b"\x10\x11")
    assert watcher.feed(b"ls\x10") == (b"ls", False)
    assert watcher.feed(b"\x11more") == (b"", True)


def test_the_first_key_alone_is_passed_on_with_what_follows():
    watcher = Watcher(b"\x10\x11")
    assert watcher.feed(b"\x10") == (b"", False)
    assert watcher.feed(b"x") == (b"\x10x", False)
    assert watcher.feed(b"\x10\x10\x11") == (b"\x10", True)


def test_what_is_held_back_goes_at_the_end_of_input():
    watcher = Watcher(b"\x10\x11")
    watcher.feed(b"\x10")
    assert watcher.feed(b"") == (b"\x10", False)


@given(st.lists(st.lists(st.sampled_from([16, 17, 65]), max_size=4).map(bytes), max_size=8))
def test_nothing_else_is_changed(blocks):
    """Whatever is typed, in whatever pieces, arrives up to the keys."""
    whole, watcher, out, left = b"".join(blocks), Watcher(b"\x10\x11"), b"", False
    for block in filter(None, blocks):
        passed, left = watcher.feed(block)
        out += passed
        if left:
            break
    else:
        out += watcher.feed(b"")[0]
    assert left == (b"\x10\x11" in whole)
    assert out == whole.partition(b"\x10\x11")[0]
