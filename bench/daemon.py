"""How long Docker's verbs take, by its own API on one connection: our daemon's, and beside it the real dockerd's where installed.

Each verb of each daemon once in a round, twenty rounds; medians. Every round begins with another verb: the first pays for what
the other daemon's turn has put out of the caches, and so none pays it alone. A `run` is create, start, wait for the end of `true`,
remove. The real one's image is busybox in a `vfs` store, ours the host's file system: neither copies files for a container here
but that `vfs` does (2 MB). Then, ours alone: a thousand containers on ten networks, started one after the other.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

from bench.daemons import Api, below, cpu, dockerd, dockerd_missing, ours, pss
from bench.restarts import missed
from bench.table import Table

ROUNDS = 20
MANY, NETWORKS = 1000, 10
IDLE = 10.0
NETWORK = "network create + rm"
GOALS = {NETWORK: 10.0, "connect": 20.0, "run": 60.0}
ROWS = (NETWORK, "connect", "disconnect", "run", "exec")
GOAL_UP, GOAL_IDLE, GOAL_PSS, GOAL_OWN, GOAL_TRAFFIC = 60.0, 2.0, 3.0, 200.0, 1.0


@dataclass
class Times:
    """ms of each verb, one number a round."""

    verbs: dict[str, list[float]] = field(default_factory=dict)
    woken: list[float] = field(default_factory=list)
    """Of "network create + rm", where it was a round's first."""

    def take(self, name: str, seconds: float) -> None:
        """One more."""
        self.verbs.setdefault(name, []).append(seconds * 1000)


def verbs(api: Api, round_: int, times: Times) -> None:
    """Each once."""

    def timed(name: str, work: Callable[[], object]) -> None:
        begun = time.perf_counter()
        work()
        times.take(name, time.perf_counter() - begun)

    def network() -> None:
        api.ask("POST", "/networks/create", {"Name": f"n{round_}"})
        api.ask("DELETE", f"/networks/n{round_}")

    def run() -> None:
        made = api.create(f"run{round_}", "true")
        api.ask("POST", f"/containers/{made}/start")
        api.ask("POST", f"/containers/{made}/wait")
        api.ask("DELETE", f"/containers/{made}")

    def execute() -> None:
        made = api.ask("POST", "/containers/steady/exec", {"Cmd": ["true"], "AttachStdout": True})["Id"]
        api.ask("POST", f"/exec/{made}/start", {"Detach": False, "Tty": False})

    def connect() -> None:
        timed("connect", lambda: api.ask("POST", "/networks/other/connect", {"Container": "steady"}))
        timed("disconnect", lambda: api.ask("POST", "/networks/other/disconnect", {"Container": "steady"}))

    turns: list[Callable[[], None]] = [
        lambda: timed(NETWORK, network),
        connect,
        lambda: timed("run", run),
        lambda: timed("exec", execute),
    ]
    first = round_ % len(turns)
    for turn in turns[first:] + turns[:first]:
        turn()
    if first == 0:
        times.woken.append(times.verbs[NETWORK][-1])


def _prepared(api: Api) -> None:
    api.ask("POST", "/networks/create", {"Name": "other"})
    api.ask("POST", f"/containers/{api.create('steady', 'sleep', '10000')}/start")


def table() -> Table:
    """Verbs, ours beside the real one's."""
    found = {"ours": Times()}
    with ExitStack() as stack:
        daemons = {"ours": stack.enter_context(ours())}
        why = dockerd_missing()
        if not why:
            try:
                daemons["dockerd"] = stack.enter_context(dockerd())
                found["dockerd"] = Times()
            except RuntimeError as error:
                why = f"it does not start: {str(error).strip().splitlines()[-1][:100]}"
        for api in daemons.values():
            _prepared(api)
            verbs(api, 9999, Times())
        for round_ in range(ROUNDS):
            for name, api in daemons.items():
                verbs(api, round_, found[name])
    made = Table("Docker's verbs by its API, ms", ("verb", "ours", "quartiles", "dockerd", "goal"))
    for verb in ROWS:
        values = found["ours"].verbs[verb]
        low, middle, high = statistics.quantiles(values, n=4)
        theirs = f"{statistics.median(found['dockerd'].verbs[verb]):.1f}" if "dockerd" in found else "–"
        goal = f"≤ {GOALS[verb]:.0f}" if verb in GOALS else ""
        made.rows.append((verb, f"{middle:.1f}", f"{low:.1f}–{high:.1f}", theirs, goal))
    made.notes.append(f"medians of {ROUNDS} rounds; one client, one connection" + (f"; dockerd: {why}" if why else ""))
    woken = ", ".join(f"{name} {statistics.median(times.woken):.1f}" for name, times in found.items())
    made.notes.append(f"each round begins with another verb; {NETWORK} where it was the first: {woken} ms")
    made.raw = {name: times.verbs for name, times in found.items()}
    return made


def many(count: int = MANY) -> Table:
    """So many containers of ours: time until all run, CPU and memory of them at rest; then a daemon that is killed."""
    with ours() as api:
        empty = pss(api.pid)
        begun = time.perf_counter()
        for number in range(NETWORKS):
            api.ask("POST", "/networks/create", {"Name": f"n{number}"})
        for number in range(count):
            api.ask("POST", f"/containers/{api.create(f'c{number}', 'sleep', '10000', network=f'n{number % NETWORKS}')}/start")
        up = time.perf_counter() - begun
        time.sleep(2.0)
        before, started = cpu(api.pid), time.monotonic()
        time.sleep(IDLE)
        idle = 100 * (cpu(api.pid) - before) / (time.monotonic() - started)
        own = (pss(api.pid) - empty) / count / 1024
        shims = [api.ask("GET", f"/containers/c{number}/json")["State"]["Pid"] for number in range(0, count, max(1, count // 50))]
        each = statistics.mean(pss(shim) for shim in shims) / 2**20
        command = statistics.mean(sum(pss(pid) for pid in below(shim)[1:]) for shim in shims[:10]) / 2**20
        traffic, answers = missed(api, "c0", f"c{NETWORKS}")
    made = Table(f"{count} containers on {NETWORKS} networks", ("what", "measured", "goal"))
    made.rows = [
        ("all run after", f"{up:.1f} s", f"≤ {GOAL_UP:.0f} s" if count == MANY else ""),
        ("idle CPU of the daemon", f"{idle:.2f} %", f"< {GOAL_IDLE:.0f} %"),
        ("PSS a container, our processes", f"{each + own / 1024:.2f} MiB", f"≤ {GOAL_PSS:.0f} MB"),
        ("of it in the daemon", f"{own:.0f} KiB", f"≤ {GOAL_OWN:.0f} kB"),
        ("killed, the next one: traffic after", f"{traffic:.2f} s", f"≤ {GOAL_TRAFFIC:.0f} s"),
        ("the next one: the API answers after", f"{answers:.2f} s", ""),
    ]
    made.notes.append(f"started one after the other; its own command (`sleep`, {command:.2f} MiB) is not counted")
    made.raw = {"up": up, "idle": idle, "shim_mib": each, "daemon_kib": own, "traffic": traffic, "answers": answers}
    return made


def tables() -> Iterator[Table]:
    """Both."""
    if os.geteuid() != 0:
        yield Table("daemon", ("verb",), notes=["not run: not root, so that no namespaces can be made"])
        return
    yield table()
    yield many()
