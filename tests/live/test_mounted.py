"""What is mounted over the host's files, and limits, by shims of root and of an ordinary user."""

from __future__ import annotations

from pathlib import Path

import pytest
from instances import log_of, refusal
from private_world import as_root_and_as_user, in_lab, needs_root

from dataplane.mounts import Mount, Ulimit
from dataplane.proc.helper import Helper
from dataplane.proc.spec import InstanceSpec

pytestmark = [pytest.mark.live, needs_root]


@as_root_and_as_user
def test_folders_memory_and_limits(user: bool) -> None:
    """A folder and its read-only twin in memory that was mounted before; what is mounted is the service's alone."""

    def work(helper: Helper) -> None:
        source = helper.folder / "source"
        source.mkdir()
        (source / "page").write_text("hello\n")
        mounts = (
            Mount(target="/srv", options=("size=64k", "mode=755", "noexec")),
            Mount(target="/mnt", source=str(source), read_only=True),
            Mount(target="/opt", source=f"{source}/made", make=True),
        )
        script = "cat /mnt/page; touch /mnt/x 2>/dev/null || echo no; touch /opt/new; stat -fc '%T %b' /srv; ulimit -n; ulimit -Hn"
        namespace = helper.create_namespace("web")
        spec = InstanceSpec(
            name="web",
            namespace=namespace,
            argv=("sh", "-c", script),
            mounts=mounts,
            ulimits=(Ulimit(name="nofile", soft=32, hard=64),),
        )
        service = helper.spawn(spec)
        assert service.wait(30)
        assert log_of(service) == ["hello", "no", "tmpfs 16", "32", "64"]
        assert [one.name for one in sorted(source.iterdir())] == ["made", "page"]
        assert (source / "made" / "new").exists()
        assert (source / "made").stat().st_mode & 0o777 == 0o755, "as Docker makes it, for whoever the service is"
        assert str(source) not in Path("/proc/self/mountinfo").read_text()

    in_lab(work, user=user)


@as_root_and_as_user
def test_what_cannot_be_is_named_and_nothing_runs(user: bool) -> None:
    def work(helper: Helper) -> None:
        namespace = helper.create_namespace("web")

        def refused(*mounts: Mount, **more: object) -> tuple[str, str]:
            spec = InstanceSpec(name="web", namespace=namespace, argv=("true",), mounts=mounts, **more)  # type: ignore[arg-type]
            error = refusal(lambda: helper.spawn(spec))
            return error.what, error.mend

        said, mend = refused(Mount(target="/no/such", source="/usr"))
        assert said == 'error mounting "/usr" to rootfs at "/no/such": no such file or directory'
        assert mend == "a container has the host's files, and there is no /no/such to mount on: make it"
        assert refused(Mount(target="/usr", source="/no/such"))[1] == "there is no /no/such on this host"
        assert refused(Mount(target="/usr", source="/etc/passwd"))[1] == "mount a file on a file, a folder on a folder"
        said, mend = refused(Mount(target="/usr", options=("size=much",)))
        assert said == 'error mounting "tmpfs" to rootfs at "/usr": invalid argument'
        assert mend.startswith("see its options in tmpfs(5)")
        said, mend = refused(ulimits=(Ulimit(name="nofile", soft=2**40, hard=2**40),))
        assert said.startswith("cannot set its limits")
        assert "ulimit -a" in mend

    in_lab(work, user=user)


def test_memory_of_an_ordinary_users_service_is_one_users() -> None:
    def work(helper: Helper) -> None:
        mounts = (Mount(target="/srv", options=("uid=1000",)),)
        spec = InstanceSpec(name="web", namespace=helper.create_namespace("web"), argv=("true",), mounts=mounts)
        assert "uid=0 and gid=0 alone" in refusal(lambda: helper.spawn(spec)).mend

    in_lab(work, user=True)


@pytest.mark.parametrize("source", ["/proc/1/root", "/sys/made"])
def test_what_an_ordinary_user_may_not_reach_nor_make(source: str) -> None:
    def work(helper: Helper) -> None:
        mounts = (Mount(target="/srv", source=source, make=True),)
        spec = InstanceSpec(name="web", namespace=helper.create_namespace("web"), argv=("true",), mounts=mounts)
        error = refusal(lambda: helper.spawn(spec))
        assert error.what == f'error mounting "{source}" to rootfs at "/srv": permission denied'
        assert error.mend.startswith("an ordinary user's services mount what that user may reach")

    in_lab(work, user=True)
