"""The package itself costs next to nothing to import."""

import subprocess
import sys

import pytest

import dataplane


def test_the_engine_is_loaded_when_it_is_used():
    heavy = "print(sorted({'numpy', 'fastpath', 'yaml'} & set(sys.modules)))"
    code = f"import sys, dataplane; {heavy}; dataplane.Lab; print('numpy' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert out.split("\n")[:2] == ["[]", "True"]


def test_what_is_not_there_is_not_there():
    assert dataplane.Lab.__module__ == "dataplane.lab"
    with pytest.raises(AttributeError, match="no attribute 'Lap'"):
        _ = dataplane.Lap
