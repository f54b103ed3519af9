"""A demonstration on a terminal, where each step waits for Enter."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

PROMPT = "Enter: next step"


def step_by_step(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> tuple[str, str, int]:
    """Press Enter at each prompt: what stood on the terminal, the same without colours, and how often Enter was asked for."""
    master, slave = pty.openpty()
    env = {name: value for name, value in environment.items() if name != "NO_COLOR"} | {"TERM": "xterm-256color"}
    process = subprocess.Popen([*command, "--step"], cwd=folder, env=env, stdin=slave, stdout=slave, stderr=slave)
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
    assert process.wait(10) == 0
    return page, re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", page).replace("\r\n", "\n"), prompts
