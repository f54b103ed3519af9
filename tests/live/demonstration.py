"""``dataplane demo NAME`` as its tests run it: unattended, step by step on a terminal, with few tools, and interrupted."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "DATAPLANE_DEBUG": "1"}
PROMPT = "Enter: next step"


class Demonstration:
    """The demonstration of that name; what it writes is its page."""

    def __init__(self, name: str) -> None:
        self.command = [sys.executable, "-u", "-m", "dataplane", "demo", name]

    def page(self, environment: Mapping[str, str] = ENVIRONMENT) -> str:
        """Unattended, to its end."""
        said = subprocess.run(self.command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=90, check=False)
        assert (said.returncode, said.stderr) == (0, "")
        assert "\x1b" not in said.stdout, "no colours where there is no terminal"
        return said.stdout

    def page_with_only(self, folder: Path, tools: Sequence[str]) -> str:
        """Unattended where no other programs are installed than these."""
        for tool in tools:
            places = (Path(f"/usr/sbin/{tool}"), Path(f"/usr/bin/{tool}"), Path(f"/bin/{tool}"))
            (folder / tool).symlink_to(next(place for place in places if place.exists()))
        return self.page({**ENVIRONMENT, "PATH": str(folder)})

    def step_by_step(self) -> tuple[str, int]:
        """Press Enter at each prompt: the page without its colours, which it must have, and how often Enter was asked for."""
        master, slave = pty.openpty()
        env = {name: value for name, value in ENVIRONMENT.items() if name != "NO_COLOR"} | {"TERM": "xterm-256color"}
        process = subprocess.Popen([*self.command, "--step"], cwd=ROOT, env=env, stdin=slave, stdout=slave, stderr=slave)
        os.close(slave)
        page, deadline = "", time.monotonic() + 90
        prompts = 0
        while time.monotonic() < deadline:
            try:
                page += os.read(master, 65536).decode("utf-8", "replace")
            except OSError:
                break
            while page.count(PROMPT) > prompts:
                prompts += 1
                os.write(master, b"\n")
        os.close(master)
        assert process.wait(30) == 0
        assert "\x1b[" in page
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", page).replace("\r\n", "\n"), prompts

    def interrupted(self, at: str, number: int) -> tuple[str, int]:
        """Send it the signal when it has written `at`: the page until then, and the exit status."""
        process = subprocess.Popen(
            self.command, cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        assert process.stderr is not None
        page = ""
        while at not in page:
            line = process.stdout.readline()
            assert line, process.stderr.read()
            page += line
        process.send_signal(number)
        _rest, complaint = process.communicate(timeout=30)
        assert complaint == ""
        return page, process.returncode


def nothing_is_left(*labs: str) -> bool:
    """Neither state nor namespaces of these labs."""
    return not any(Path(f"/run/dataplane/{lab}").exists() or list(Path("/run/netns").glob(f"{lab}-*")) for lab in labs)


class Demonstrated(ABC):
    """What holds of every demonstration. Subclasses are collected as tests."""

    demo: Demonstration
    steps: Sequence[str]
    late: str
    """What stands on the page when its labs are up: there it is interrupted."""
    labs: str
    """Finds their name, or what they begin with."""
    ends: Sequence[str] = ("",)
    """How the names go on."""

    @abstractmethod
    def judge(self, page: str) -> None:
        """The page says what it should."""

    def nothing_is_left(self, page: str) -> bool:
        found = re.search(self.labs, page)
        assert found, page
        return nothing_is_left(*(found[1] + end for end in self.ends))

    def test_unattended(self) -> None:
        self.judge(self.demo.page())

    def test_step_by_step_on_a_terminal(self) -> None:
        """Each step waits for Enter; colours, and no line wider than the terminal but commands to copy."""
        page, prompts = self.demo.step_by_step()
        assert prompts == len(self.steps) - 1
        self.judge(page)

    @pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
    def test_interrupted_it_cleans_up(self, number: int, status: int) -> None:
        page, ended = self.demo.interrupted(self.late, number)
        assert ended == status
        assert self.nothing_is_left(page)
