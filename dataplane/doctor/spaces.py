"""Namespaces: which kinds this user can make, directly or inside a user namespace (unshare(2), user_namespaces(7))."""

from __future__ import annotations

import os
from pathlib import Path

from dataplane.doctor.child import Answer, ask
from dataplane.doctor.finding import Finding
from dataplane.proc import kernel

TOPIC = "Namespaces"
KINDS = {
    "network": kernel.CLONE_NEWNET,
    "mount": kernel.CLONE_NEWNS,
    "PID": kernel.CLONE_NEWPID,
    "UTS": kernel.CLONE_NEWUTS,
}
NOBODY = 65534
NETNS_FOLDER = "/run/netns"

ALLOW_USER_NAMESPACES = (
    "as root: sysctl -w user.max_user_namespaces=10000; on Debian also kernel.unprivileged_userns_clone=1, "
    "on Ubuntu kernel.apparmor_restrict_unprivileged_userns=0; inside a container allow unshare in its seccomp profile"
)


def enter_own_user_namespace() -> None:
    """Become root of a fresh user namespace; a root user needs none and stays."""
    if os.geteuid() == 0:
        return
    uid, gid = os.geteuid(), os.getegid()
    kernel.unshare(kernel.CLONE_NEWUSER)
    for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
        Path("/proc/self", name).write_text(text, encoding="ascii")


def become_ordinary() -> None:
    """Give up root for the user ``nobody``; an ordinary user stays who they are."""
    if os.geteuid() != 0:
        return
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    # Giving up root makes /proc/self root's, and with it uid_map; a fresh program would own its own again.
    kernel.become_dumpable()


def examine() -> list[Finding]:
    """The kinds of namespace, their names under /run/netns, and labs without root."""
    return [*(_kind(name, flag) for name, flag in KINDS.items()), _user(), _names()]


def _kind(name: str, flag: int) -> Finding:
    def question() -> Answer:
        enter_own_user_namespace()
        kernel.unshare(flag)
        return {}

    error = ask(question).get("error")
    within = "" if os.geteuid() == 0 else "inside a user namespace"
    if error is None:
        return Finding(topic=TOPIC, name=f"{name} namespaces", state="ok", detail=within, needed=True)
    mend = "run as root, or give the container CAP_SYS_ADMIN" if os.geteuid() == 0 else ALLOW_USER_NAMESPACES
    return Finding(topic=TOPIC, name=f"{name} namespaces", state="missing", detail=str(error), mend=mend, needed=True)


def _user() -> Finding:
    def question() -> Answer:
        become_ordinary()
        enter_own_user_namespace()
        return {}

    error = ask(question).get("error")
    if error is None:
        return Finding(topic=TOPIC, name="user namespaces", state="ok", detail="for ordinary users too")
    root = os.geteuid() == 0
    return Finding(
        topic=TOPIC,
        name="user namespaces",
        state="limited" if root else "missing",
        detail=f"ordinary users: {error}",
        mend=ALLOW_USER_NAMESPACES,
        needed=not root,
    )


def _names() -> Finding:
    name = "names for `ip netns`"
    if os.geteuid() != 0:
        return Finding(
            topic=TOPIC,
            name=name,
            state="limited",
            detail=f"only root's labs stand in {NETNS_FOLDER}",
            mend="`dataplane exec` enters them all the same",
        )
    folder = next(path for path in (Path(NETNS_FOLDER), Path(NETNS_FOLDER).parent) if path.is_dir())
    if os.access(folder, os.W_OK):
        detail = NETNS_FOLDER if str(folder) == NETNS_FOLDER else f"{NETNS_FOLDER} will be made by the first lab"
        return Finding(topic=TOPIC, name=name, state="ok", detail=detail)
    return Finding(topic=TOPIC, name=name, state="limited", detail=f"{folder} is read-only", mend=f"mount -o remount,rw {folder}")
