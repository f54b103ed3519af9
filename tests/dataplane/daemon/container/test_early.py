"""Clients that attach before the start."""

import pytest

from dataplane.daemon.container.early import Early
from dataplane.desired.refused import Refused
from dataplane.proc.message import MAX_FDS


def test_a_client_is_joined_to_the_end_that_a_shim_gets():
    early = Early("c1")
    ours = early.join()
    (theirs,) = early.take()
    theirs.send(b"first")
    assert ours.recv(100) == b"first"
    assert early.take() == []
    ours.close()
    theirs.close()


def test_who_is_sent_away_sees_the_end_and_there_is_room_again():
    early = Early("c1")
    clients = [early.join() for _ in range(MAX_FDS)]
    with pytest.raises(Refused, match="clients wait for container c1 already"):
        early.join()
    early.send_away()
    assert {one.recv(100) for one in clients} == {b""}
    early.join().close()
    early.send_away()
    for one in clients:
        one.close()
