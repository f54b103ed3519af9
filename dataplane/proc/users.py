"""Who a command runs as: ``user:`` of a Compose file, resolved on the host's user database."""

from __future__ import annotations

import grp
import os
import pwd

from dataplane.errors import UserError


class Credentials:
    """Numbers to become before exec. ``keep``: change nothing (the caller is that user already)."""

    __slots__ = ("gid", "groups", "home", "keep", "uid")

    def __init__(self, uid: int, gid: int, groups: list[int], home: str, keep: bool) -> None:
        self.uid, self.gid, self.groups, self.home, self.keep = uid, gid, groups, home, keep

    def become(self) -> None:
        """Drop to this user, for good."""
        if self.keep:
            return
        os.setgroups(self.groups)
        os.setresgid(self.gid, self.gid, self.gid)
        os.setresuid(self.uid, self.uid, self.uid)


def _home(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_dir
    except KeyError:
        return "/"


def resolve_user(user: str | None, privileged: bool) -> Credentials:
    """``name``, ``uid``, ``name:group`` or ``uid:gid``. UserError for an unknown one, or one that an ordinary user's lab lacks."""
    name, _, group = (user or "0").partition(":")
    if not privileged:
        if name in {"0", "root"} and group in {"", "0", "root"}:
            return Credentials(0, 0, [], os.environ.get("HOME", "/"), keep=True)
        raise UserError(
            f"user {user} needs more than one user id, and the lab of an ordinary user has one, which is 0 inside",
            where=f"user: {user}",
            mend="run the lab as root, or remove user:",
        )
    try:
        entry = pwd.getpwuid(int(name)) if name.isdecimal() else pwd.getpwnam(name)
        uid, gid, login = entry.pw_uid, entry.pw_gid, entry.pw_name
    except KeyError:
        if not name.isdecimal():
            raise UserError(f"there is no user {name} here", where=f"user: {user}", mend="give a known name or uid:gid") from None
        uid, gid, login = int(name), 0, ""
    try:
        if group:
            gid = int(group) if group.isdecimal() else grp.getgrnam(group).gr_gid
    except KeyError:
        raise UserError(f"there is no group {group} here", where=f"user: {user}", mend="give a known name or uid:gid") from None
    if max(uid, gid) >= 2**32 - 1:
        raise UserError("a user or group id is out of range", where=f"user: {user}", mend="give numbers below 4294967295")
    groups = os.getgrouplist(login, gid) if login and not group else [gid]
    return Credentials(uid, gid, groups, _home(uid), keep=False)
