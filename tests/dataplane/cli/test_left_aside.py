"""Flags of docker's that nothing here comes of (docs/cli.md): they are asked for, and the daemon's warning is told."""

from tests.dataplane.api.serving import served


def test_what_is_left_aside_is_told(dataplane, tmp_path):
    with served(tmp_path / "s"):
        said = dataplane("create", "-v", "/tmp:/x", "-m", "10m", "host", "true", DATAPLANE_HOST=f"unix://{tmp_path}/s")
    assert said.returncode == 0
    assert said.stderr.splitlines() == [
        "WARNING: Binds left aside: the image 'host' is this host's file system",
        "WARNING: Memory left aside: there are no limits here",
    ]


def test_a_path_that_begins_with_a_dot_is_one_from_here(tmp_path, monkeypatch):
    from dataplane.cli.container.leftaside import bind

    monkeypatch.chdir(tmp_path)
    assert bind("./a:/b:ro") == f"{tmp_path}/a:/b:ro"
    assert bind("../a:/b") == f"{tmp_path.parent}/a:/b"
    assert bind("name:/b") == "name:/b"
