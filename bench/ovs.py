"""Open vSwitch on DPDK as a peer, fed from a capture in memory, in a private folder, for a bounded time.

It is a learning bridge (`NORMAL`), or does what OpenFlow rules say, such as `ct(nat)`.

The frames come from DPDK's pcap device, which replays a file from memory for ever, and leave by its null device. What is read is
what Open vSwitch counts itself: processor ticks of the polling thread per packet.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

DAEMON = "/usr/lib/openvswitch-switch-dpdk/ovs-vswitchd-dpdk"
SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"
HUGE_PAGES = Path("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages")
MEGABYTES = 512


class UnavailableError(Exception):
    """The peer cannot run here; the text says why."""


@contextlib.contextmanager
def huge_pages(mount: Path) -> Iterator[None]:
    """So many megabytes of huge pages for as long as the block lasts. Errors: UnavailableError."""
    before = HUGE_PAGES.read_text()
    wanted = int(before) + MEGABYTES // 2
    try:
        HUGE_PAGES.write_text(str(wanted))
        if int(HUGE_PAGES.read_text()) < wanted:
            raise UnavailableError(f"the kernel gave fewer than {wanted} huge pages of 2 MiB")
        mount.mkdir()
        subprocess.run(["mount", "-t", "hugetlbfs", "none", str(mount)], check=True, capture_output=True)
        try:
            yield
        finally:
            subprocess.run(["umount", str(mount)], check=False, capture_output=True)
    finally:
        HUGE_PAGES.write_text(before)


class OvsDpdk:
    """A bridge with two ports that polls `frames` without end, on processor `core`; `stations` are known at the port out.

    With `rules`, in the words of ovs-ofctl, it does what they say and is no learning bridge. Ports: 1 is in, 2 is out.
    """

    def __init__(self, frames: Sequence[bytes], stations: Sequence[bytes] = (), *, core: int, rules: Sequence[str] = ()) -> None:
        if os.geteuid() != 0:
            raise UnavailableError("not root: huge pages cannot be reserved")
        if not Path(DAEMON).exists() or not shutil.which("ovs-vsctl"):
            raise UnavailableError("openvswitch-switch-dpdk is not installed")
        self.frames = frames
        self.stations = stations
        self.rules = rules
        self.core = core
        self.folder = Path(tempfile.mkdtemp(prefix="bench-ovs-dpdk-"))
        self.environment = os.environ | {
            "OVS_RUNDIR": str(self.folder),
            "OVS_DBDIR": str(self.folder),
            "OVS_LOGDIR": str(self.folder),
        }
        self.stack = contextlib.ExitStack()
        self.stack.callback(shutil.rmtree, self.folder, ignore_errors=True)

    def __enter__(self) -> OvsDpdk:
        try:
            self.stack.enter_context(huge_pages(self.folder / "huge"))
            self._start()
        except (OSError, subprocess.SubprocessError) as error:
            self.stack.close()
            detail = getattr(error, "stderr", None)
            raise UnavailableError(f"Open vSwitch did not start: {detail.strip() if detail else error}") from error
        except BaseException:
            self.stack.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stack.close()

    def ticks(self, seconds: float) -> float:
        """Ticks per packet over so long a time."""
        self._tell("dpif-netdev/pmd-stats-clear")
        time.sleep(seconds)
        shown = self._tell("dpif-netdev/pmd-stats-show")
        found = re.search(r"avg cycles per packet: ([\d.]+)", shown)
        if not found:
            raise UnavailableError(f"Open vSwitch forwarded nothing: {' '.join(shown.split())[:300]}")
        return float(found[1])

    def misses(self) -> int:
        """Packets that went the slow way since the last `ticks` began."""
        found = re.search(r"miss with success upcall: (\d+)", self._tell("dpif-netdev/pmd-stats-show"))
        return int(found[1]) if found else 0

    def flows(self) -> list[str]:
        """Its connection tracking table, a line each."""
        return self._tell("dpctl/dump-conntrack").splitlines()

    # -- how it is started ---------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        folder = self.folder
        self._run("ovsdb-tool", "create", str(folder / "conf.db"), SCHEMA)
        self._spawn("ovsdb-server", str(folder / "conf.db"), f"--remote=punix:{folder}/db.sock", f"--unixctl={folder}/db.ctl")
        _wait_for(folder / "db.sock")
        self._vsctl("--no-wait", "init")
        options = {
            "dpdk-init": "true",
            "dpdk-lcore-mask": "0x1",
            "dpdk-socket-mem": str(MEGABYTES - 64),
            "dpdk-hugepage-dir": str(folder / "huge"),
            "pmd-cpu-mask": hex(1 << self.core),
            "dpdk-extra": f"--no-pci --file-prefix={folder.name}",
        }
        words = [f'other_config:{key}="{value}"' for key, value in options.items()]
        self._vsctl("--no-wait", "set", "Open_vSwitch", ".", *words)
        # It makes persistent devices for each bridge and forgets them: in a namespace of its own they end with it.
        self.daemon = self._spawn("unshare", "--net", DAEMON, f"unix:{folder}/db.sock", f"--unixctl={folder}/vswitchd.ctl")
        _wait_for(folder / "vswitchd.ctl")
        with (folder / "in.pcap").open("wb") as file:
            write_capture(file, self.frames)
        self._wire_up()
        if error := self._vsctl("get", "interface", "in", "error").strip(" []\n"):
            raise UnavailableError(f"Open vSwitch has no port for the frames: {error}")

    def _wire_up(self) -> None:
        """One bridge between the port that the frames come in by and the one that they leave by."""
        self._vsctl("add-br", "br", "--", "set", "bridge", "br", "datapath_type=netdev", "other-config:mac-table-size=1000000")
        # The frames begin to come only when their port does: the stations have to be known by then.
        self._add_out("br")
        for station in self.stations:
            self._tell("fdb/add", "br", "out", "0", ":".join(f"{octet:02x}" for octet in station))
        if self.rules:
            self._run("ovs-ofctl", "del-flows", "br")
        for rule in self.rules:
            self._run("ovs-ofctl", "add-flow", "br", rule)
        self._add_in("br")

    def _add_out(self, bridge: str) -> None:
        null = ("type=dpdk", "options:dpdk-devargs=net_null0,no-rx=1", "ofport_request=2")
        self._vsctl("add-port", bridge, "out", "--", "set", "interface", "out", *null)

    def _add_in(self, bridge: str) -> None:
        """The frames begin to come."""
        devargs = f"net_pcap0,rx_pcap={self.folder}/in.pcap,infinite_rx=1"
        pcap = ("type=dpdk", f"options:dpdk-devargs={devargs}", "ofport_request=1")
        self._vsctl("add-port", bridge, "in", "--", "set", "interface", "in", *pcap)

    def _run(self, *words: str) -> str:
        return subprocess.run(words, env=self.environment, check=True, capture_output=True, text=True, timeout=60).stdout

    def _vsctl(self, *words: str) -> str:
        return self._run("ovs-vsctl", "--timeout=50", f"--db=unix:{self.folder}/db.sock", *words)

    def _tell(self, *words: str) -> str:
        return self._run("ovs-appctl", f"--target={self.folder}/vswitchd.ctl", *words)

    def _spawn(self, *words: str) -> subprocess.Popen[bytes]:
        log = self.stack.enter_context((self.folder / f"{Path(words[0]).name}.log").open("wb"))
        daemon = subprocess.Popen(words, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.stack.callback(_end, daemon)
        return daemon


def _end(daemon: subprocess.Popen[bytes]) -> None:
    daemon.terminate()
    try:
        daemon.wait(5)
    except subprocess.TimeoutExpired:
        daemon.kill()
        daemon.wait()


def _wait_for(path: Path, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not path.exists():
        if time.monotonic() > end:
            raise UnavailableError(f"Open vSwitch did not start within {seconds:.0f} s")
        time.sleep(0.05)


def write_capture(file: BinaryIO, frames: Sequence[bytes]) -> None:
    """A pcap file (Ethernet, microseconds), all frames at time 0."""
    file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
    for frame in frames:
        file.write(struct.pack("<IIII", 0, 0, len(frame), len(frame)) + frame)
