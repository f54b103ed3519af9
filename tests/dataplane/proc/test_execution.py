"""What an exec's connection says: answers to our requests, then how the command ended."""

import socket

from dataplane.proc import message
from dataplane.proc.execution import Execution


def test_an_answer_to_a_signal_is_not_the_end() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        execution = Execution(ours)
        assert execution.wait(0.0) is None
        message.send(theirs, {})
        assert execution.wait(0.0) is None
        message.send(theirs, {})
        assert execution.wait(0.01) is None
        message.send(theirs, {"exit": 129})
        assert execution.wait(0.0) == 129
    assert execution.wait(0.0) == 137
    execution.close()
