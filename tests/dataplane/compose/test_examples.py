"""Every file in examples/ loads, without warnings."""

from pathlib import Path

import pytest

from dataplane.compose import load

EXAMPLES = sorted(Path(__file__).parents[3].joinpath("examples").glob("*.yaml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example(path):
    topology = load(path, environment={})
    assert topology.name == path.stem
    assert topology.warnings == ()
