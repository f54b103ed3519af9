"""On what, and how, was measured: what RFC 2544 clause 7 wants beside every figure."""

from __future__ import annotations

import gc
import os
import platform
import subprocess
import sysconfig
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import fastpath.engine
from bench.measure import FRAMES, ROUNDS, clock


def _read(path: str, default: str = "unknown") -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return default


def _cpu() -> str:
    for line in _read("/proc/cpuinfo", "").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "not installed"


def _compiler() -> str:
    words = str(sysconfig.get_config_var("CC") or "cc").split()
    try:
        shown = subprocess.run([*words, "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return "not installed"
    return shown.splitlines()[0]


def _flags() -> str:
    # The build writes none of this into the modules: these are the release flags of setup.py behind Python's own.
    return f"{sysconfig.get_config_var('CFLAGS')} -std=gnu11 -O3 -g1 -fno-strict-aliasing"


def machine() -> dict[str, Any]:
    """The header of a report."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "tick_ghz": round(1 / clock.ns_per_tick, 3) if clock.ratios else None,
        "governor": _read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "none (virtual machine)"),
        "load": os.getloadavg()[0],
        "kernel": platform.release(),
        "transparent_huge_pages": _read("/sys/kernel/mm/transparent_hugepage/enabled"),
        "python": platform.python_version(),
        "cython": _version("cython"),
        "numpy": _version("numpy"),
        "dataplane": _version("dataplane"),
        "compiler": _compiler(),
        "flags": _flags(),
        "engine": Path(fastpath.engine.__file__).name,
        "garbage_collection": "on" if gc.isenabled() else "off",
        "rounds": ROUNDS,
        "frames_a_round": FRAMES,
        "samples_taken_again": f"{clock.disturbed} of {clock.samples}: the kernel ran something else meanwhile",
        "path": "one core, memory ports: no network card, no kernel",
    }
