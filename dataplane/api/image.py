"""The one image: ``host``, this host's file system. Docker's objects for it, and its words for every other name."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from dataplane.api.times import rfc3339
from dataplane.api.versions import Version
from dataplane.desired.refused import Refused

NAME = "host"
ID = "sha256:" + hashlib.sha256(b"dataplane: the host's file system").hexdigest()
COMMAND = ("/bin/sh",)
"""What runs where nobody says."""
HINT = "the one image here is 'host', this host's file system; `dataplane daemon --any-image` lets every name stand for it"
_OURS = frozenset({NAME, f"{NAME}:latest", f"library/{NAME}", f"docker.io/library/{NAME}", f"docker.io/library/{NAME}:latest"})
_REFERENCE = re.compile(
    r"(?:(?=[^/]*[.:]|localhost/)[A-Za-z0-9.-]+(?::\d+)?/)?"  # a registry
    r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*"
    r"(?::\w[\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?"
)


def known(name: str, *, any_image: bool) -> None:
    """Refused, as Docker does it, when there is no such image."""
    if name in _OURS or _by_id(name):
        return
    if len(name) > 512 or not _REFERENCE.fullmatch(name):
        lowered = name.lower()
        if len(name) <= 512 and _REFERENCE.fullmatch(lowered):
            raise Refused(400, f"invalid reference format: repository name ({_library(name)}) must be lowercase")
        raise Refused(400, "invalid reference format")
    if not any_image:
        raise Refused(404, f"No such image: {tagged(name)}", mend=HINT)


def tagged(name: str) -> str:
    """With a tag, ``latest`` where there is none."""
    return name if "@" in name or ":" in name.rpartition("/")[2] else f"{name}:latest"


def _library(name: str) -> str:
    repository = name.partition("@")[0]
    if ":" in repository.rpartition("/")[2]:
        repository = repository.rpartition(":")[0]
    return repository if "/" in repository else f"library/{repository}"


def _by_id(name: str) -> bool:
    digits = name.removeprefix("sha256:")
    return len(digits) >= 4 and ID.removeprefix("sha256:").startswith(digits)


def inspected(name: str, architecture: str, version: Version, created: int) -> Mapping[str, object]:
    """GET /images/{name}/json. ``created``: ns since 1970."""
    config = {
        "Hostname": "", "Domainname": "", "User": "", "AttachStdin": False, "AttachStdout": False, "AttachStderr": False,
        "Tty": False, "OpenStdin": False, "StdinOnce": False, "Env": None, "Cmd": list(COMMAND), "Image": "",
        "Volumes": None, "WorkingDir": "", "Entrypoint": None, "OnBuild": None, "Labels": None,
    }  # fmt: skip
    body: dict[str, object] = {
        "Id": ID, "RepoTags": [tagged(NAME if _by_id(name) else name)], "RepoDigests": [], "Parent": "",
        "Comment": "this host's file system", "Created": rfc3339(created), "DockerVersion": "", "Author": "",
        "Config": config, "Architecture": architecture, "Os": "linux", "Size": 0,
        "GraphDriver": {"Data": None, "Name": "host"}, "RootFS": {"Type": "layers"},
        "Metadata": {"LastTagTime": "0001-01-01T00:00:00Z"},
    }  # fmt: skip
    if version < (1, 44):
        body["VirtualSize"] = 0
    if version < (1, 45):
        body |= {"Container": "", "ContainerConfig": config}
    return body


def listed(version: Version, created: int) -> Mapping[str, object]:
    """Its line in GET /images/json. ``created``: ns since 1970."""
    body: dict[str, object] = {
        "Id": ID, "ParentId": "", "RepoTags": [f"{NAME}:latest"], "RepoDigests": [], "Created": created // 10**9, "Size": 0,
        "SharedSize": -1, "Labels": None, "Containers": -1,
    }  # fmt: skip
    if version < (1, 44):
        body["VirtualSize"] = 0
    return body
