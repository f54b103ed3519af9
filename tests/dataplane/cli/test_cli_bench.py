from dataplane.cli import bench


def test_the_cases_are_listed(dataplane):
    said = dataplane("bench", "--list")
    assert said.returncode == 0
    assert "bridge" in said.stdout.splitlines()


def test_a_case_that_is_none(dataplane):
    said = dataplane("bench", "brige")
    assert said.stderr == (
        "dataplane: there is no benchmark brige\n"
        "  where: dataplane bench brige\n"
        "  mend:  did you mean bridge? `dataplane bench --list` lists what there is\n"
    )
    assert said.returncode == 2


def test_without_a_checkout_it_says_where_they_are(monkeypatch, tmp_path, capfd):
    from dataplane.cli import run

    monkeypatch.setattr(bench, "ROOT", tmp_path)
    assert run.run(["bench"]) == 1
    assert capfd.readouterr().err == (
        f"dataplane: the benchmarks are not installed with the package\n  where: {tmp_path}\n"
        "  mend:  run `make bench` or `dataplane bench` in a checkout of the sources\n"
    )


def test_cases_complete(dataplane):
    said = dataplane(_DATAPLANE_COMPLETE="bash_complete", COMP_WORDS="dataplane bench br", COMP_CWORD="2")
    assert said.stdout.splitlines() == ["plain,bridge"]
