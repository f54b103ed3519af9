"""Every file in examples/ loads, without warnings."""

from pathlib import Path

import pytest

from dataplane.compose import load

OLD = {"compose-docker"}
"""For docker-compose 1.29, which wants `version` and knows no `name`: a warning of ours, and the folder's name."""
EXAMPLES = sorted(Path(__file__).parents[3].joinpath("examples").glob("*.yaml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example(path):
    topology = load(path, environment={})
    if path.stem in OLD:
        return
    assert topology.name == path.stem
    assert topology.warnings == ()
